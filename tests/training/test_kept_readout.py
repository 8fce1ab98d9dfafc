"""Laws of the readout that follows a descent on minibatches and is kept in the model."""

from dataclasses import replace

import numpy as np
import pytest

import evolino
from evolino.training.problem import split_of
from evolino.training.refining import Round
from evolino.training.resume_run import resume
from evolino.training.run_experiment import run_experiment
from evolino.training.run_folder import RunFolder
from tests.training.test_refining_by_adam import FILES, StopsAt

EXPERIMENT = evolino.Experiment(
    evolino.Labelling(training=20, tested=5),
    evolino.StackedLSTM(
        cells=3, layers=1, bidirectional=True, feedback=False, output="softmax"
    ),
    evolino.Spread(),
    evolino.RandomSearch(),
    evolino.CTC(penalty=1e-2, rounds=5),
    evolino.Budget(evaluations=2),
    refine=evolino.Adam(
        steps=12, round_steps=4, batch=4, noise=0.05, rate=0.01, keep_readout=True,
        best=2, hold_out=0.0,
    ),
)  # fmt: skip


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A run that was never broken off."""
    folder = RunFolder.create(tmp_path_factory.mktemp("whole"), EXPERIMENT)
    return folder, run_experiment(EXPERIMENT, folder=folder, baselines=False)


def test_the_model_has_the_loss_that_the_descent_came_to(whole):
    folder, result = whole
    task = replace(EXPERIMENT.task, tested=20)
    split = split_of(EXPERIMENT.task, 0)
    descended_on = replace(split, test=(*split.train, *split.validation))
    (*_, last) = [Round(**line) for line in folder.refinement.rounds()]
    nats = task.measure(result.model, descended_on)["nats"]
    assert nats == pytest.approx(min(last.held_out), rel=1e-9)


@pytest.mark.parametrize("number", [1, 2])
def test_a_run_broken_off_in_its_refinement_keeps_the_same_readout(number, whole, tmp_path):
    folder = RunFolder.create(tmp_path / "run", EXPERIMENT)
    with pytest.raises(KeyboardInterrupt):
        run_experiment(
            EXPERIMENT, folder=folder, baselines=False, callbacks=[StopsAt(number)]
        )
    resume(RunFolder.open(folder.path), baselines=False)
    for file in FILES:
        assert (folder.path / file).read_bytes() == (whole[0].path / file).read_bytes()


def test_a_checkpoint_from_before_readouts_and_restarts_is_gone_on_with(tmp_path):
    made = replace(EXPERIMENT, refine=replace(EXPERIMENT.refine, keep_readout=False))
    folder = RunFolder.create(tmp_path / "run", made)
    result = run_experiment(made, folder=folder, baselines=False)
    state = folder.load_checkpoint()
    for each in state["progress"]["refined"]:
        del each["readout"]
    for name in ("before", "restarts"):
        del state["progress"][name]
    folder.save_checkpoint(state)
    again = resume(RunFolder.open(folder.path), baselines=False)
    assert again.metrics == result.metrics


def test_it_is_refused_without_minibatches_and_through_other_readouts():
    with pytest.raises(ValueError, match="keep_readout is of minibatches"):
        evolino.Adam(keep_readout=True)
    series = evolino.SeriesTask(np.sin(np.arange(300.0)))
    with pytest.raises(ValueError, match="keep_readout needs a ctc readout"):
        evolino.train(series, refine=evolino.Adam(keep_readout=True, batch=1))
