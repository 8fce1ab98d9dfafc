"""Laws of runs refined by Adam and by successive halving: the same bits by any workers and
after a resume."""

import json
from dataclasses import replace

import numpy as np
import pytest

import evolino
from evolino.training.refining import Round
from evolino.training.resume_run import resume
from evolino.training.run_experiment import run_experiment
from evolino.training.run_folder import RunFolder

TASK = evolino.MackeyGlass(
    steps=500, washout=250, settling=50, horizon=14, validation_starts=12, test_starts=50
)
FILES = "model.npz", "history.jsonl", "refinement.jsonl"


def experiment():
    """Four networks descend on minibatches; two, then one of them go on."""
    settings = {"steps": 160, "best": 4, "halve_after": 40, "rate": 0.03, "batch": 4}
    return evolino.Experiment(
        TASK,
        evolino.LSTM(cells=4, readout_states=True),
        evolino.DelayLine(length=3),
        evolino.RandomSearch(),
        evolino.Ridge(1e-9),
        evolino.Budget(evaluations=40),
        refine=evolino.Adam(**settings),
    )


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A run that was never broken off."""
    folder = RunFolder.create(tmp_path_factory.mktemp("whole"), experiment())
    run_experiment(experiment(), folder=folder, baselines=False)
    return folder


def test_refinement_lowers_the_test_error(whole):
    metrics = whole.result()["metrics"]
    assert metrics["nrmse14"] < 0.9 * metrics["nrmse14_unrefined"]


def test_half_of_the_networks_goes_on_each_time(whole):
    rounds = [Round(**line) for line in whole.refinement.rounds()]
    assert rounds[0].gradients == [40] * 4
    assert sum(not ended for ended in rounds[0].ended) == 2
    assert sorted(rounds[1].gradients) == [40, 40, 80, 80]
    assert sorted(rounds[-1].gradients) == [40, 40, 80, 160]
    kept = [k for k, ended in enumerate(rounds[0].ended) if not ended]
    others = [k for k in range(4) if k not in kept]
    held_out = np.array(rounds[0].held_out)
    assert held_out[kept].max() <= held_out[others].min()


def test_each_gradient_has_its_loss_in_the_history(whole):
    rounds = [Round(**line) for line in whole.refinement.rounds()]
    counted = np.sum([[len(losses) for losses in each.steps] for each in rounds], axis=0)
    np.testing.assert_array_equal(counted, rounds[-1].gradients)


def test_the_bits_do_not_depend_on_workers(whole, tmp_path):
    folder = RunFolder.create(tmp_path / "run", experiment())
    run_experiment(experiment(), folder=folder, baselines=False, workers=3)
    for file in FILES:
        assert (folder.path / file).read_bytes() == (whole.path / file).read_bytes(), file


class StopsAt(evolino.Callback):
    """Breaks a run off after a round."""

    def __init__(self, number):
        self.number = number

    def on_refined(self, refined, seconds):
        if refined.round == self.number:
            raise KeyboardInterrupt


@pytest.mark.parametrize("number", [1, 2])
def test_a_run_broken_off_in_its_refinement_goes_on_to_the_same_bits(
    number, whole, tmp_path
):
    folder = RunFolder.create(tmp_path / "run", experiment())
    with pytest.raises(KeyboardInterrupt):
        run_experiment(
            experiment(), folder=folder, baselines=False, callbacks=[StopsAt(number)]
        )
    resume(RunFolder.open(folder.path), baselines=False)
    for file in FILES:
        assert (folder.path / file).read_bytes() == (whole.path / file).read_bytes(), file


def test_a_finished_run_is_refined_by_adam_afterwards(tmp_path):
    plain = replace(experiment(), refine=None)
    folder = RunFolder.create(tmp_path / "run", plain)
    before = run_experiment(plain, folder=folder, baselines=False)
    after = resume(folder, baselines=False, refine=evolino.Adam(steps=60, rate=0.01))
    assert after.metrics["nrmse14_unrefined"] == before.metrics["nrmse14"]
    assert json.loads((folder.path / "refinement.jsonl").read_text().splitlines()[0])
