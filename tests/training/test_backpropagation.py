"""Laws of training by back-propagation through time: bits, resume, budget, fair rates."""

import shutil
from dataclasses import replace

import numpy as np
import pytest

import evolino
from evolino.training import recorder
from evolino.training.config import experiment_from_table, experiment_to_table
from evolino.training.presets import experiment_for
from evolino.training.resume_run import resume
from evolino.training.run import Run
from evolino.training.run_experiment import run_experiment
from evolino.training.run_folder import RunFolder
from evolino.training.workers import open_workers

TASK = evolino.MackeyGlass(
    steps=300, washout=150, settling=50, horizon=7, validation_starts=6, test_starts=50
)
FILES = "model.npz", "history.jsonl"


def experiment(evaluations=240, **options):
    """Four learning rates from one draw of the weights."""
    return evolino.Experiment(
        TASK,
        evolino.LSTM(cells=4),
        evolino.Uniform(0.5),
        evolino.RandomSearch(),
        evolino.Ridge(1e-9),
        evolino.Budget(evaluations=evaluations),
        bptt=evolino.BPTT(**{"every": 10, **options}),
    )


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A run that was never broken off."""
    folder = RunFolder.create(tmp_path_factory.mktemp("whole"), experiment())
    run_experiment(experiment(), folder=folder, baselines=False)
    return folder


def test_the_budget_is_spent_to_the_last_gradient(whole):
    assert whole.result()["evaluations"] == 240
    assert run_experiment(experiment(47), baselines=False).evaluations == 47


def test_the_loss_on_validation_falls_and_the_model_has_the_lowest(whole):
    history = whole.history()
    assert history[-1].best < 0.7 * history[0].best
    split = TASK.sequences(evolino.training.randomness.generator(0, "task"))
    model = evolino.load(whole.path)
    outputs = np.stack(model.respond(split.validation, free_running=True))
    targets = np.stack([segment.targets for segment in split.validation])
    assert TASK.loss(outputs[None], targets)[0] == pytest.approx(history[-1].best, rel=1e-9)


def test_output_weights_descend_and_are_not_solved(whole):
    model = evolino.load(whole.path)
    genome = model.genome
    evolved = replace(experiment(), bptt=None)
    solved = Run(evolved)._problem.evaluator.solve_winner(genome)
    assert not np.allclose(model.output_weights, solved, rtol=1e-2)


def test_bad_rates_are_given_up_and_one_takes_half_of_the_budget_alone():
    run = Run(experiment(480, rates=(1e-7, 0.03, 1e-6, 1e-5)))
    going = []
    with open_workers(1) as pool:
        while not run.stop_reasons():
            run.step(pool)
            left = [not each["ended"] for each in run.state()["search"]["candidates"]]
            going.append((run.progress.evaluations, left))
    assert going[0][1] == [True] * 4
    assert [sum(left) for _, left in going if _ > 300] == [1] * len(
        [count for count, _ in going if count > 300]
    )
    assert going[-1][1] == [False, True, False, False]


@pytest.mark.parametrize("workers", [3, evolino.WorkerSettings(2, "loky")], ids=str)
def test_the_bits_do_not_depend_on_workers(whole, workers, tmp_path):
    folder = RunFolder.create(tmp_path / "run", experiment())
    run_experiment(experiment(), folder=folder, baselines=False, workers=workers)
    for file in FILES:
        assert (folder.path / file).read_bytes() == (whole.path / file).read_bytes(), file


class StopsAt(evolino.Callback):
    """Breaks a run off after a generation."""

    def __init__(self, number):
        self.number = number

    def on_generation(self, generation, seconds):
        if generation.generation == self.number:
            raise KeyboardInterrupt


@pytest.mark.parametrize("number", [1, 3, 7])
def test_a_run_that_is_broken_off_goes_on_to_the_same_bits(
    number, whole, tmp_path, monkeypatch
):
    monkeypatch.setattr(recorder, "CHECKPOINT_EVERY", 0.0)
    folder = RunFolder.create(tmp_path / "run", experiment())
    with pytest.raises(KeyboardInterrupt):
        run_experiment(
            experiment(), folder=folder, baselines=False, callbacks=[StopsAt(number)]
        )
    assert (folder.load_checkpoint() is None) == (number == 1)
    resume(RunFolder.open(folder.path), baselines=False)
    for file in FILES:
        assert (folder.path / file).read_bytes() == (whole.path / file).read_bytes(), file
    assert folder.result()["metrics"] == whole.result()["metrics"]


@pytest.mark.parametrize("optimiser", ["adam", "descent"])
def test_free_runs_are_descended_on_where_they_are_the_loss(optimiser):
    result = run_experiment(
        experiment(120, loss="free-run", starts=10, optimiser=optimiser), baselines=False
    )
    assert result.history[-1].best < result.history[0].best
    assert np.isfinite(result.metrics["nrmse7"])


def test_a_run_ends_where_every_rate_is_given_up():
    lost = experiment(240, rates=(1e-3, 1e-4), width=1e300)
    result = run_experiment(
        replace(lost, network=evolino.LSTM(cells=4, readout_squares=True)), baselines=False
    )
    assert "every learning rate was given up" in result.stopped[0]
    assert result.model is None


def test_a_damaged_checkpoint_is_refused(whole, tmp_path):
    folder = RunFolder.open(shutil.copytree(whole.path, tmp_path / "run"))
    state = folder.load_checkpoint()
    state["search"]["candidates"][0]["weights"] = np.zeros(3)
    folder.save_checkpoint(state)
    with pytest.raises(ValueError, match="no search goes on from it"):
        resume(RunFolder.open(folder.path), baselines=False)


def test_settings_survive_config_toml():
    made = experiment(rates=(0.1, 0.2), clip=0.0, optimiser="descent")
    again = experiment_from_table(experiment_to_table(made))
    assert again.bptt == made.bptt
    assert "bptt" not in experiment_to_table(replace(made, bptt=None))


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"refine": evolino.LBFGS()}, "refine"),
        ({"islands": evolino.Islands(2)}, "islands"),
        ({"ensemble": 2}, "ensemble"),
        ({"fit_weight": 1.0}, "fit_weight"),
    ],
)
def test_what_it_does_not_have_is_refused(changes, name):
    with pytest.raises(ValueError, match=f"leave out {name}"):
        replace(experiment(), **changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"network": evolino.LSTM(cells=4, output="threshold")}, "got 'threshold'"),
        ({"network": evolino.LSTM(cells=4, precision="float32")}, "got 'float32'"),
    ],
)
def test_what_has_no_gradient_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        run_experiment(replace(experiment(), **changes), baselines=False)


def test_train_bptt_takes_the_place_of_a_presets_search():
    made = experiment_for("mackey-glass", "refined", train="bptt")
    assert (made.bptt, made.refine) == (evolino.BPTT(), None)
    assert experiment_for("mackey-glass", "refined").bptt is None
    with pytest.raises(ValueError, match="way to train"):
        experiment_for("mackey-glass", train="bppt")
    with pytest.raises(ValueError, match="need --trainer bptt"):
        experiment_for("mackey-glass", fields={"bptt": {"every": 5}})


def test_from_python_it_is_an_argument_of_train():
    result = evolino.train(
        TASK,
        preset="paper",
        network=evolino.LSTM(cells=3),
        initialiser=evolino.Uniform(),
        bptt=evolino.BPTT(every=5),
        budget=evolino.Budget(evaluations=40),
    )
    assert result.evaluations == 40
    assert result.experiment.bptt == evolino.BPTT(every=5)


def test_cpu_seconds_are_those_of_this_process(whole):
    seconds = whole.result()["cpu_seconds"]
    assert 0 < seconds < 60
    assert whole.load_checkpoint()["progress"]["cpu_seconds"] <= seconds


def test_a_budget_of_cpu_seconds_chooses_the_rate_and_ends_the_run():
    budget = evolino.Budget(cpu_seconds=0.5)
    run = Run(replace(experiment(), budget=budget))
    with open_workers(1) as pool:
        run.step(pool)
        run.progress.cpu_seconds = 0.3
        run.step(pool)
        left = [each for each in run.state()["search"]["candidates"] if not each["ended"]]
        assert (len(left), run.stop_reasons()) == (1, [])
    run.progress.cpu_seconds = 0.5
    assert run.stop_reasons() == ["cpu_seconds: 0.5 (repeat exactly with --evaluations 50)"]


@pytest.mark.parametrize("bptt", [None, evolino.BPTT(every=10)], ids=["evolution", "bptt"])
def test_cpu_seconds_end_any_run(bptt):
    limited = replace(experiment(), bptt=bptt, budget=evolino.Budget(cpu_seconds=0.05))
    result = run_experiment(limited, baselines=False)
    assert result.stopped[0].startswith("cpu_seconds: 0.05")
    assert result.cpu_seconds >= 0.05


def test_cpu_seconds_of_other_processes_are_refused():
    limited = replace(experiment(), budget=evolino.Budget(cpu_seconds=1.0))
    with pytest.raises(ValueError, match="they need threads, got loky"):
        run_experiment(limited, workers=evolino.WorkerSettings(2, "loky"), baselines=False)
    with pytest.raises(ValueError, match="cpu_seconds must be > 0"):
        evolino.Budget(cpu_seconds=0.0)
