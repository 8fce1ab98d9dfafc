"""Laws of the descent on nats: its gradient is that of the loss after solving."""

from itertools import pairwise

import numpy as np
import pytest

from evolino.gradient.held_out import dealt
from evolino.gradient.lbfgs import LBFGS
from evolino.gradient.likelihood_objective import Fold, LikelihoodObjective
from evolino.gradient.refinement import refinement_of
from evolino.network.groups import Group
from evolino.network.initialisers.gaussian import Gaussian
from evolino.network.lstm import LSTM
from evolino.readout.best_only import BestOnly
from evolino.readout.kernel import KernelSVM
from evolino.readout.logistic import Logistic
from evolino.task.series import Segment, Series, Split
from evolino.tasks.music.music_measures import (
    class_nats,
    class_nats_gradient,
    frame_nats,
    frame_nats_gradient,
)
from evolino.tasks.signals.oscillators import Oscillators

LENGTHS = (9, 14, 11, 9, 17, 8, 12)


class Notes:
    """Units that come by themselves, or one of each of two blocks in turn."""

    name = "notes"
    inputs, outputs = 0, 5
    generates, past_targets_known = False, True

    def __init__(self, sizes=()):
        self.sizes = sizes

    def loss_gradient(self, outputs, targets):
        if self.sizes:
            return class_nats_gradient(outputs, targets, self.sizes)
        return frame_nats_gradient(outputs, targets)

    def sequences(self, rng):
        every = [self.series(rng, length) for length in LENGTHS]
        parts = every[:4], every[4:6], every[6:]
        return Split(*(tuple(Segment(s, 1, s.steps) for s in part) for part in parts))

    def series(self, rng, steps):
        targets = (rng.random((steps, 5)) < 0.4).astype(float)
        if self.sizes:
            targets[:] = 0.0
            edges = [0, *np.cumsum(self.sizes)]
            for t in range(steps):
                block = t % len(self.sizes)
                targets[t, rng.integers(edges[block], edges[block + 1])] = 1.0
        return Series(np.zeros((steps, 0)), targets)


UNITS = {"outputs": 5, "output": "logistic"}
CASES = {
    "units": (Notes(), LSTM(4, **UNITS, readout_squares=True), False),
    "groups": (
        Notes(),
        LSTM(4, **UNITS, groups=(Group(2, 2, (0,)), Group(2, 3, (0, 1)))),
        False,
    ),
    "one block": (Notes((5,)), LSTM(4, outputs=5, output="softmax"), True),
    "blocks in turn": (
        Notes((2, 3)),
        LSTM(4, outputs=5, output="softmax", alternatives=(2, 3), peepholes=True),
        True,
    ),
}


def split_of(task):
    return task.sequences(np.random.default_rng(3))


def objective(task, network, exclusive, folds=None, **settings):
    split = split_of(task)
    folds = folds or (Fold(split.train, split.validation),)
    return LikelihoodObjective(network, task, Logistic(0.02, exclusive, **settings), folds,
                               0.02)  # fmt: skip


def genome_for(network, rng):
    return Gaussian(0.5).draw(network, rng, 1)[0]


@pytest.mark.parametrize("folds", [0, 1, 2])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_gradient_is_the_slope_of_the_loss_after_solving(case, folds, rng):
    task, network, exclusive = case
    dealt_out = dealt(split_of(task).train, folds) if folds else None
    loss, genome = objective(task, network, exclusive, dealt_out), genome_for(network, rng)
    check_slope(loss, genome, rng)


@pytest.mark.parametrize("relative", ["own", "all"])
@pytest.mark.parametrize("folds", [0, 2])
def test_so_is_that_through_relative_weights(folds, relative, rng):
    task, network, exclusive = CASES["blocks in turn"]
    dealt_out = dealt(split_of(task).train, folds) if folds else None
    loss = objective(task, network, exclusive, dealt_out, relative=relative)
    check_slope(loss, genome_for(network, rng), rng)


def check_slope(loss, genome, rng):
    _, gradient = loss.value_and_gradient(genome)
    along = rng.normal(size=genome.shape)
    step = 1e-3
    at = [loss.value(genome + k * step * along) for k in (-2, -1, 1, 2)]
    # Differences of fourth order; the readout is solved to 1e-6 in its own weights.
    slope = (at[0] - 8 * at[1] + 8 * at[2] - at[3]) / (12 * step)
    assert (gradient * along).sum() == pytest.approx(slope, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize(
    ("name", "relative"),
    [
        *((name, "none") for name in CASES),
        ("blocks in turn", "own"),
        ("blocks in turn", "all"),
    ],
)
def test_the_loss_is_that_of_the_readout_and_the_task_themselves(name, relative, rng):
    task, network, exclusive = CASES[name]
    genome, split = genome_for(network, rng), split_of(task)
    found = objective(task, network, exclusive, relative=relative).value(genome)
    from evolino.models.driving import drive
    from evolino.network.readout_sums import sums_of
    from evolino.readout.in_parts import solve_in_parts

    driver = network.driver()
    features, targets, _ = drive(driver, driver.pack(genome[None]), split.train)
    readout = Logistic(0.02, exclusive, relative=relative)
    (weights,) = solve_in_parts(readout, driver.readout_parts(), features, targets)
    features, targets, _ = drive(driver, driver.pack(genome[None]), split.validation)
    outputs = network.outputs_of(sums_of(features, weights)[0])
    nats = class_nats(outputs, targets, task.sizes) if task.sizes else frame_nats(
        outputs, targets
    )  # fmt: skip
    assert found == pytest.approx(nats.mean(), abs=2e-4)


def refinement(readout=None, **settings):
    task, network, _ = CASES["units"]
    genome = genome_for(network, np.random.default_rng(8))
    readout = readout or Logistic(0.02)
    return (
        refinement_of(LBFGS(**settings), network, task, readout, split_of(task), genome),
        genome,
    )


@pytest.mark.parametrize("count", [1, 2, 4])
def test_folds_share_out_train_and_leave_validation_to_choose(count):
    split, (made, _) = split_of(Notes()), refinement(folds=count)
    scored = [segment for fold in made.descended.folds for segment in fold.scored]
    assert {id(each) for each in scored} == {id(each) for each in made_train(made)}
    assert len(scored) == len(split.train)
    for fold in made.descended.folds:
        series = [{id(s.series) for s in part} for part in (fold.fitted, fold.scored)]
        assert count == 1 or not series[0] & series[1]
    (held_out,) = made.held_out.folds
    assert len(held_out.fitted) == len(split.train)
    assert len(held_out.scored) == len(split.validation)


def made_train(made):
    return made.held_out.folds[0].fitted


def test_without_folds_a_share_of_validation_is_held_out():
    made, _ = refinement(hold_out=0.5)
    (fold,), (held_out,) = made.descended.folds, made.held_out.folds
    assert len(fold.scored) == len(held_out.scored) == 1
    assert fold.scored != held_out.scored


@pytest.mark.parametrize("folds", [0, 2])
def test_a_descent_lowers_its_loss_and_each_round_depends_on_its_beginning_alone(folds):
    made, genome = refinement(steps=24, round_steps=8, folds=folds)
    start = made.begin(genome)
    every = list(made.rounds(start))
    assert every[-1].place.ended
    assert every[-1].place.loss < every[0].place.loss
    again, _ = refinement(steps=24, round_steps=8, folds=folds)
    for before, after in pairwise(every):
        found = next(again.rounds(before))
        np.testing.assert_array_equal(found.place.genome, after.place.genome)
        assert (found.loss, found.place.loss) == (after.loss, after.place.loss)


def test_of_several_penalties_the_best_for_the_genome_is_kept():
    made, genome = refinement(Logistic((1e-6, 1e4, 0.02)))
    losses = {
        penalty: refinement(Logistic(penalty))[0].descended.value(genome)
        for penalty in (1e-6, 1e4, 0.02)
    }
    assert made.descended.penalty == min(losses, key=losses.__getitem__)


def test_of_two_readouts_the_costly_one_is_refined_through():
    made, _ = refinement(BestOnly(Logistic(0.5), Logistic(0.02, steps=2)))
    assert made.descended.penalty == 0.5


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"readout": KernelSVM()}, "got kernel-svm"),
        ({"readout": BestOnly()}, "got kernel-svm"),
        ({"readout": Logistic(exclusive=True)}, "needs output 'softmax', got 'logistic'"),
        ({"network": LSTM(4, outputs=5)}, "needs output 'logistic', got 'identity'"),
        ({"task": Oscillators()}, "scored one step ahead; mso runs freely"),
        ({"folds": 9}, "folds must be at most the 4 series, got 9"),
        ({"folds": 2, "starts": 3}, "give one of them"),
        ({"round_steps": 0}, "round_steps must be"),
    ],
)  # fmt: skip
def test_what_has_no_gradient_or_meaning_is_refused(changes, message):
    task, network, _ = CASES["units"]
    changes = dict(changes)
    task, network = changes.pop("task", task), changes.pop("network", network)
    readout = changes.pop("readout", Logistic(0.02))
    with pytest.raises(ValueError, match=message):
        refinement_of(
            LBFGS(**changes), network, task, readout, split_of(Notes()),
            np.zeros(network.genome_shape),
        )  # fmt: skip


def test_where_the_states_overflow_the_loss_is_inf_and_the_gradient_0(rng):
    network = LSTM(
        4, **UNITS, cell_input="identity", cell_output="o*s", readout_states=True
    )
    loss = objective(Notes(), network, False)
    value, gradient = loss.value_and_gradient(1e200 * rng.normal(size=network.genome_shape))
    assert value == np.inf
    assert not gradient.any()
    assert loss.value(1e200 * np.ones(network.genome_shape)) == np.inf


def test_of_a_costly_readout_and_a_cheap_one_the_named_one_is_descended_through():
    readout = BestOnly(Logistic(0.02, steps=1), Logistic(0.3))
    for through, penalty in (("costly", 0.02), ("ranking", 0.3)):
        made, _ = refinement(readout, through=through)
        assert made.descended.penalty == made.held_out.penalty == penalty
    with pytest.raises(ValueError, match="needs a best-only readout, got logistic"):
        refinement(Logistic(0.02), through="ranking")
    with pytest.raises(ValueError, match="nearest"):
        LBFGS(through="rank")
