"""A network of another kind trains, saves, loads, resumes and is drawn like an LSTM."""

import subprocess
import sys
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import evolino
from evolino import plots
from evolino.network import UNNAMED
from evolino.search.esp import ESP
from evolino.storage.archive import load_state
from evolino.tasks.signals.oscillators import Oscillators
from evolino.training.config import experiment_to_table
from evolino.training.evaluation import Evaluator
from evolino.training.experiment import Budget, Experiment, Islands
from evolino.training.presets import experiment_for
from evolino.training.problem import Problem
from evolino.training.resume_run import resume
from evolino.training.run_experiment import run_experiment
from evolino.training.run_folder import RunFolder
from evolino.training.workers.base import WorkerSettings
from tests.support import elman
from tests.support.elman import Elman

FILE = f"{Path(elman.__file__).resolve()}:Elman"


def experiment(**changes):
    made = Experiment(
        task=Oscillators(sines=1, free_run=40),
        network=Elman(units=4),
        initialiser=evolino.Gaussian(deviation=0.4),
        search=ESP(subpopulation=6, combinations=2, mutation=0.05),
        readout=evolino.Ridge(1e-6),
        budget=Budget(generations=4),
        seed=3,
    )
    return replace(made, **changes)


def trained(path, made, workers=1):
    folder = RunFolder.create(path, made)
    return run_experiment(made, folder=folder, workers=workers, baselines=False)


def files(path):
    return {name: (path / name).read_bytes() for name in ("model.npz", "history.jsonl")}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    path = tmp_path_factory.mktemp("own") / "run"
    return path, trained(path, experiment())


def test_it_learns_and_its_figures_are_measured(run):
    _, result = run
    losses = [each.best for each in result.history]
    assert losses[-1] < losses[0] < 1.0
    assert np.isfinite(list(result.metrics.values())).all()


def test_it_loads_and_predicts_and_generates_the_same_bits(run):
    path, result = run
    loaded = evolino.load(path)
    assert loaded.architecture == Elman(units=4, outputs=1)
    signal = np.sin(0.2 * np.arange(60.0))
    for model in (loaded, result.model):
        assert model.predict(targets=signal).shape == (60, 1)
    np.testing.assert_array_equal(
        loaded.predict(targets=signal), result.model.predict(targets=signal)
    )
    generated = loaded.generate(20, prime=signal)
    np.testing.assert_array_equal(generated, result.model.generate(20, prime=signal))
    chosen, outputs = loaded.improvise(20, signal, lambda y: y)
    np.testing.assert_array_equal(chosen, outputs)
    np.testing.assert_allclose(outputs, generated, rtol=1e-9, atol=1e-12)
    kicked = loaded.disturbed(
        result.experiment.task.sequences(np.random.default_rng(0)).test, kick=0.1
    )
    assert np.isfinite(kicked[0]).all()


def test_its_name_is_a_tag_of_its_files(run):
    path, _ = run
    config = tomllib.loads((path / "config.toml").read_text())
    assert config["network"]["name"] == FILE
    model = load_state(path / "model.npz", kind="model")
    assert model["architecture"]["name"] == FILE
    opened = RunFolder.open(path, trust=True).experiment()
    assert opened.network == Elman(units=4)


def test_the_files_of_an_lstm_hold_no_tag(tmp_path):
    made = experiment(network=evolino.LSTM(cells=2), budget=Budget(generations=1))
    trained(tmp_path / "run", made)
    config = tomllib.loads((tmp_path / "run" / "config.toml").read_text())
    model = load_state(tmp_path / "run" / "model.npz", kind="model")
    assert "name" not in config["network"] and "name" not in model["architecture"]
    assert UNNAMED == "lstm"


def test_a_resumed_run_has_the_same_bits(run, tmp_path):
    path, _ = run
    trained(tmp_path / "run", experiment(budget=Budget(generations=2)))
    opened = RunFolder.open(tmp_path / "run", trust=True)
    resume(opened, budget={"generations": 4}, baselines=False)
    assert files(tmp_path / "run") == files(path)


@pytest.mark.parametrize(
    "changes",
    [{"ensemble": 2}, {"islands": Islands(2, 2), "ensemble": 2}],
    ids=["ensemble", "islands"],
)
def test_processes_and_threads_give_the_same_bits(changes, tmp_path):
    made = experiment(**changes)
    one = trained(tmp_path / "one", made)
    for workers in (3, WorkerSettings(2, "loky")):
        other = tmp_path / str(workers)[:6]
        trained(other, made, workers)
        assert files(other) == files(tmp_path / "one")
    assert isinstance(one.model, evolino.Ensemble)
    signal = np.sin(0.2 * np.arange(60.0))
    np.testing.assert_array_equal(
        evolino.load(tmp_path / "one").generate(9, prime=signal),
        one.model.generate(9, prime=signal),
    )


def test_kernel_readouts_and_noise_work_too(tmp_path):
    readout = evolino.BestOnly(evolino.KernelSVR(epsilon=0.01), evolino.Ridge(), count=2)
    budget = Budget(generations=1)
    made = experiment(readout=readout, robust=1e-3, tolerance=5.0, budget=budget)
    result = trained(tmp_path / "run", made)
    assert np.isfinite(result.history[-1].best)
    assert evolino.load(tmp_path / "run").generate(5, prime=np.zeros(5)).shape == (5, 1)


def test_its_pictures_are_drawn_but_those_of_cells(run, tmp_path):
    path, _ = run
    assert plots.fitness([path], tmp_path / "a.png", trust=True).stat().st_size > 1000
    assert plots.free_run(path, tmp_path / "b.png", trust=True).stat().st_size > 1000
    with pytest.raises(ValueError, match=r"of networks of kind lstm, .* has elman"):
        plots.cells(path, tmp_path / "c.png", trust=True)
    with pytest.raises(ValueError, match="kind elman records no cells and gates"):
        evolino.load(path).states(targets=np.zeros(9))


def test_reading_a_model_runs_no_file_unless_it_is_trusted(run):
    path, _ = run
    for trust, ending in ((False, "load(.., trust=True)"), (True, "name is elman")):
        code = (
            "import evolino\n"
            f"try: model = evolino.load({str(path)!r}, trust={trust})\n"
            "except ValueError as error: print(error)\n"
            "else: print('name is', model.architecture.name)"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert done.stdout.strip().endswith(ending), done.stderr


def test_an_initialiser_of_lstms_refuses_it():
    with pytest.raises(ValueError, match="linear-regime draws networks of kind lstm, got"):
        experiment(initialiser=evolino.LinearRegime())


def test_train_takes_it(tmp_path):
    result = evolino.train(
        Oscillators(sines=1, free_run=40),
        network=Elman(units=3),
        initialiser="gaussian",
        search="random",
        budget=Budget(generations=1),
    )
    assert result.model.architecture == Elman(units=3)


class CountsGenes:
    """A way of scoring of one's own: nothing is driven, nothing is solved."""

    def prepare(self, setting):
        self.setting = setting
        return self

    def losses(self, genomes, workspace):
        return np.abs(genomes).sum(axis=(1, 2))[None]

    def solve(self, genome):
        return np.zeros((self.setting.driver.architecture.readout_width, 1))


def test_a_scoring_of_ones_own_takes_the_place_of_the_two(rng):
    made = experiment()
    evaluator = Evaluator(Problem(made).evaluator.setting, CountsGenes())
    genomes = made.initialiser.draw(made.architecture, rng, 12)
    wanted = np.abs(genomes).sum(axis=(1, 2))
    np.testing.assert_array_equal(evaluator.losses(genomes), wanted)
    assert evaluator.solve_winner(genomes[0]).shape == (made.architecture.readout_width, 1)


def test_the_command_line_takes_it_by_its_file(tmp_path):
    from typer.testing import CliRunner

    from evolino.cli.app import app

    fields = [f"network.name={FILE}", "network.units=3", "initialiser.deviation=0.3"]
    chosen = [part for each in fields for part in ("--set", each)]
    general = ["--initialiser", "gaussian", "--search", "random", "--generations", "1"]
    out = ["--no-baselines", "--out", str(tmp_path / "run"), "--quiet"]
    done = CliRunner().invoke(app, ["run", "mso", *general, *chosen, *out])
    assert done.exit_code == 0, done.output
    assert evolino.load(tmp_path / "run").architecture == Elman(units=3)


def test_naming_the_kind_that_a_preset_has_changes_nothing_else():
    plain = experiment_for("languages")
    named = experiment_for("languages", fields={"network": {"name": UNNAMED}})
    assert named.network == plain.network
    assert experiment_to_table(named) == experiment_to_table(plain)
    grouped = experiment_for("rhythm", fields={"network": {"name": UNNAMED}})
    assert grouped.network.groups
    assert grouped.network == experiment_for("rhythm").network
