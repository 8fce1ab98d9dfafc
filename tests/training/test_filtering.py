"""Laws of training by the Kalman filter: bits, resume, budget, networks given up."""

import shutil
from dataclasses import replace

import numpy as np
import pytest

import evolino
from evolino.task.capabilities import over_evaluations
from evolino.tasks.languages.languages import Languages
from evolino.training import recorder
from evolino.training.config import experiment_from_table, experiment_to_table
from evolino.training.presets import experiment_for
from evolino.training.resume_run import resume
from evolino.training.run_experiment import run_experiment
from evolino.training.run_folder import RunFolder

TASK = Languages(train="1:4", limit=100, far=())
FILES = "model.npz", "history.jsonl"
SETTINGS = {"networks": 2, "strings": 20, "squashing": "tanh", "annealed": 200}


def experiment(evaluations=360, **options):
    """Two networks on the strings of a^n b^n c^n, n = 1 to 4."""
    return evolino.Experiment(
        TASK,
        evolino.LSTM(cells=2, feedback=False, cell_input="identity"),
        evolino.Uniform(0.1, forget_bias=5.0),
        evolino.RandomSearch(),
        evolino.PseudoInverse(),
        evolino.Budget(evaluations=evaluations),
        kalman=evolino.Kalman(**{**SETTINGS, **options}),
    )


def run_in(folder, made, **options):
    run_experiment(made, folder=folder, baselines=False, **options)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A run that was never broken off."""
    folder = RunFolder.create(tmp_path_factory.mktemp("whole"), experiment())
    run_in(folder, experiment())
    return folder


def same_files(folder, whole):
    for file in FILES:
        assert (folder.path / file).read_bytes() == (whole.path / file).read_bytes(), file


def test_evaluations_are_strings_and_the_budget_is_spent_to_the_last(whole):
    assert whole.result()["evaluations"] == 360
    assert [each.evaluations for each in whole.history()][:2] == [40, 80]
    assert run_experiment(experiment(47), baselines=False).evaluations == 47


def test_the_loss_falls_and_the_model_has_the_lowest(whole):
    history = whole.history()
    assert history[-1].best < 0.5 * history[0].best
    split = TASK.sequences(evolino.training.randomness.generator(0, "task"))
    outputs = evolino.load(whole.path).respond(split.train, free_running=False)
    every = np.concatenate(outputs)[None, None]
    targets = np.concatenate([segment.targets for segment in split.train])[None]
    assert TASK.loss(every, targets)[0] == pytest.approx(history[-1].best, rel=1e-9)


def test_the_strings_that_it_is_trained_on_are_accepted(whole):
    assert whole.result()["metrics"]["training_accepted"] == 1.0


@pytest.mark.parametrize("workers", [3, evolino.WorkerSettings(2, "loky")], ids=str)
def test_the_bits_do_not_depend_on_workers(whole, workers, tmp_path):
    folder = RunFolder.create(tmp_path / "run", experiment())
    run_in(folder, experiment(), workers=workers)
    same_files(folder, whole)


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
        run_in(folder, experiment(), callbacks=[StopsAt(number)])
    resume(RunFolder.open(folder.path), baselines=False)
    same_files(folder, whole)
    assert folder.result()["metrics"] == whole.result()["metrics"]


def test_a_budget_that_grows_gives_the_bits_of_the_larger_one(whole, tmp_path):
    folder = RunFolder.create(tmp_path / "run", experiment(110))
    run_in(folder, experiment(110))
    resume(RunFolder.open(folder.path), budget={"evaluations": 360}, baselines=False)
    same_files(folder, whole)


def test_a_stream_goes_on_to_the_same_bits(tmp_path):
    task = evolino.MackeyGlass(
        steps=300, washout=150, settling=50, horizon=7, validation_starts=6, test_starts=50
    )
    stream = replace(
        experiment(), task=task, network=evolino.LSTM(cells=3),
        kalman=evolino.Kalman(networks=2, strings=3, longest=40, annealed=100),
        budget=evolino.Budget(evaluations=60),
    )  # fmt: skip
    folders = [RunFolder.create(tmp_path / name, stream) for name in ("whole", "broken")]
    run_in(folders[0], stream)
    with pytest.raises(KeyboardInterrupt):
        run_in(folders[1], stream, callbacks=[StopsAt(4)])
    resume(RunFolder.open(folders[1].path), baselines=False)
    same_files(folders[1], folders[0])
    history = folders[0].history()
    assert history[-1].best < history[0].best


class Listens(evolino.Callback):
    def __init__(self):
        self.messages = []

    def on_message(self, message):
        self.messages.append(message)


class Wild(evolino.Uniform):
    """First weights that are far too large for some networks."""

    def draw(self, architecture, rng, count):
        genomes = super().draw(architecture, rng, count)
        return np.where(genomes[:, :1, :1] > 0, 1e200, 1.0) * genomes


LINEAR = evolino.LSTM(cells=2, feedback=False, cell_input="identity", cell_output="o*s")


def test_a_network_that_is_given_up_is_said_and_the_others_go_on():
    wild = replace(experiment(networks=5), network=LINEAR, initialiser=Wild(0.1))
    listens = Listens()
    result = run_experiment(wild, baselines=False, callbacks=[listens])
    assert 0 < len(listens.messages) < 5
    assert all("is given up: its covariance" in each for each in listens.messages)
    assert result.evaluations == 360
    assert np.isfinite(result.model.output_weights).all()
    assert result.history[0].failed == len(listens.messages)
    assert result.history[1].failed == 0


def test_a_run_all_of_whose_networks_are_given_up_ends_with_the_reason():
    lost = replace(experiment(), network=LINEAR, initialiser=evolino.Uniform(1e200))
    result = run_experiment(lost, baselines=False)
    assert result.model is None
    assert "every network was given up" in result.stopped[0]
    assert "covariance" in result.stopped[0]


def test_an_experiment_survives_its_table():
    made = experiment(process=(1e-3, 1e-7))
    assert experiment_from_table(experiment_to_table(made)) == made


def test_the_way_to_train_and_its_fields_are_chosen_by_name():
    made = experiment_for("languages", train="kalman", fields={"kalman": {"strings": 7}})
    assert made.kalman == evolino.Kalman(strings=7)
    assert experiment_for("languages", "kalman", train="bptt").kalman is None
    with pytest.raises(ValueError, match="fields of kalman need --trainer kalman"):
        experiment_for("languages", fields={"kalman": {"strings": 7}})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ensemble": 2}, "kalman trains by itself, without search: leave out ensemble"),
        ({"curriculum": evolino.Curriculum(restart_after=2)}, "leave out curriculum"),
        ({"bptt": evolino.BPTT()}, "trained one way, not by bptt and kalman"),
    ],
)
def test_what_belongs_to_a_search_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        replace(experiment(), **changes)


def test_a_network_that_the_filter_does_not_train_is_refused():
    threshold = replace(experiment(), network=evolino.LSTM(cells=2, output="threshold",
                                                           feedback=False))  # fmt: skip
    with pytest.raises(ValueError, match="got 'threshold'"):
        run_experiment(threshold, baselines=False)


@pytest.mark.parametrize(
    ("field", "value"),
    [("weights", np.zeros((3, 3))), ("string", 99), ("row", "two"), ("strings", -1)],
)
def test_a_checkpoint_of_another_shape_is_refused(field, value, whole, tmp_path):
    shutil.copytree(whole.path, tmp_path / "run")
    folder = RunFolder.open(tmp_path / "run")
    state = folder.load_checkpoint()
    state["search"]["networks"][0][field] = value
    folder.save_checkpoint(state)
    with pytest.raises(ValueError, match="no search goes on from it"):
        resume(RunFolder.open(folder.path), baselines=False)


def test_what_one_evaluation_presents_is_not_multiplied_by_strings_drawn_by_chance():
    figures, task = {"wrong": 1.0, "presented": 50.0}, evolino.ContinualReber()
    assert over_evaluations(task, figures, 3) == {"wrong": 1.0, "presented": 150.0}
    assert over_evaluations(task, figures, None) == {"wrong": 1.0}
