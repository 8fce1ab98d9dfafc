"""Laws of refinement in a run: the same bits by any workers and after a resume."""

import json
from dataclasses import replace
from itertools import pairwise

import pytest

import evolino
from evolino.training.refining import Round
from evolino.training.resume_run import resume
from evolino.training.run_experiment import run_experiment
from evolino.training.run_folder import RunFolder
from tests.support.experiments import refined_experiment as experiment


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A run that was never broken off."""
    folder = RunFolder.create(tmp_path_factory.mktemp("whole"), experiment())
    run_experiment(experiment(), folder=folder, baselines=False)
    return folder


def test_refinement_lowers_the_test_error_and_keeps_the_figure_before(whole):
    metrics = whole.result()["metrics"]
    assert metrics["nrmse21"] < 0.7 * metrics["nrmse21_unrefined"]


def test_each_round_is_a_line(whole):
    rounds = [Round(**line) for line in whole.refinement.rounds()]
    assert [each.round for each in rounds] == list(range(1, len(rounds) + 1))
    assert len(rounds) >= 2
    assert all(len(each.losses) == 2 for each in rounds)
    for before, after in pairwise(rounds):
        assert all(b <= a for a, b in zip(before.held_out, after.held_out, strict=True))
    assert all(rounds[-1].ended)


@pytest.mark.parametrize("workers", [2, evolino.WorkerSettings(2, "loky")], ids=str)
def test_the_bits_do_not_depend_on_workers(whole, workers, tmp_path):
    folder = RunFolder.create(tmp_path / "run", experiment())
    run_experiment(experiment(), folder=folder, baselines=False, workers=workers)
    for file in ("model.npz", "history.jsonl", "refinement.jsonl"):
        assert (folder.path / file).read_bytes() == (whole.path / file).read_bytes(), file


class StopsAt(evolino.Callback):
    """Breaks a run off after a round."""

    def __init__(self, number):
        self.number = number

    def on_refined(self, refined, seconds):
        if refined.round == self.number:
            raise KeyboardInterrupt


def test_a_run_broken_off_in_its_refinement_goes_on_to_the_same_bits(whole, tmp_path):
    folder = RunFolder.create(tmp_path / "run", experiment())
    with pytest.raises(KeyboardInterrupt):
        run_experiment(experiment(), folder=folder, baselines=False, callbacks=[StopsAt(1)])
    assert folder.result() is None
    resume(RunFolder.open(folder.path), baselines=False)
    for file in ("model.npz", "history.jsonl", "refinement.jsonl"):
        assert (folder.path / file).read_bytes() == (whole.path / file).read_bytes(), file
    assert folder.result()["metrics"] == whole.result()["metrics"]


def test_a_finished_run_is_refined_afterwards(tmp_path):
    plain = replace(experiment(), refine=None)
    folder = RunFolder.create(tmp_path / "run", plain)
    before = run_experiment(plain, folder=folder, baselines=False)
    after = resume(folder, baselines=False, refine=evolino.LBFGS(steps=60))
    assert after.metrics["nrmse21_unrefined"] == before.metrics["nrmse21"]
    assert after.metrics["nrmse21"] < before.metrics["nrmse21"]
    assert RunFolder.open(folder.path).experiment().refine == evolino.LBFGS(steps=60)
    assert json.loads((folder.path / "refinement.jsonl").read_text().splitlines()[0])


def test_an_ensemble_is_of_refined_networks(tmp_path):
    both = replace(experiment(), ensemble=2)
    result = run_experiment(both, baselines=False)
    assert len(result.model.members) == 2
    assert result.metrics["nrmse21"] < result.metrics["nrmse21_unrefined"]


def test_an_ensemble_of_more_networks_than_are_refined_is_refused():
    with pytest.raises(ValueError, match="best must be at least ensemble, 3, got 2"):
        replace(experiment(), ensemble=3)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"task": evolino.Timing()}, "a loss with a gradient; timing has none"),
        ({"readout": evolino.KernelSVR()}, "got kernel-svr"),
        ({"network": evolino.LSTM(cells=4, output="threshold")}, "got 'threshold'"),
        ({"network": evolino.LSTM(cells=4, precision="float32")}, "got 'float32'"),
    ],
)
def test_what_has_no_gradient_is_refused_before_the_search(changes, message):
    with pytest.raises(ValueError, match=message):
        run_experiment(replace(experiment(), **changes), baselines=False)
