"""Laws of descent through the CTC readout: the envelope's gradient, minibatches, resume."""

import numpy as np
import pytest

from evolino.gradient.adam import Adam
from evolino.gradient.ctc_objective import CTCObjective, check_ctc_descent, ctc_objective
from evolino.gradient.lbfgs import LBFGS
from evolino.gradient.refinement import refinement_of
from evolino.network.lstm import LSTM
from evolino.network.stacked import StackedLSTM
from evolino.readout.ctc import CTC
from evolino.readout.linear import Ridge
from evolino.solvers.ctc_targets import label_targets
from evolino.task.series import Segment, Series, Split
from evolino.tasks.labelling.labelling import Labelling

OUTPUTS, INPUTS = 4, 3
ONE_WAY = LSTM(cells=3, inputs=INPUTS, outputs=OUTPUTS, feedback=False, output="softmax")
BOTH_WAYS = StackedLSTM(
    cells=2, layers=1, bidirectional=True, inputs=INPUTS, outputs=OUTPUTS,
    feedback=False, output="softmax",
)  # fmt: skip
DEEP = StackedLSTM(
    cells=2, layers=3, inputs=INPUTS, outputs=OUTPUTS, feedback=False, output="softmax",
    readout_layers="all", peepholes=True,
)  # fmt: skip
BOTH_WAYS_DEEP = StackedLSTM(
    cells=2, layers=2, bidirectional=True, inputs=INPUTS, outputs=OUTPUTS,
    feedback=False, output="softmax",
)  # fmt: skip
NETWORKS = [ONE_WAY, BOTH_WAYS, DEEP, BOTH_WAYS_DEEP]
EXACT = CTC(penalty=1e-2, rounds=3000, gain=0.0)


def segments(rng, count=12):
    found = []
    for _ in range(count):
        string = rng.integers(1, OUTPUTS, 3)
        path = np.repeat(np.insert(string, [0, 1, 2, 3], 0), rng.integers(1, 3, 7))
        frames = np.eye(OUTPUTS)[path][:, :INPUTS] + rng.normal(0, 0.4, (len(path), INPUTS))
        series = Series(frames, label_targets(string, len(path), OUTPUTS))
        found.append(Segment(series, 0, series.steps))
    return tuple(found)


@pytest.mark.parametrize("architecture", NETWORKS)
def test_the_gradient_is_that_of_the_loss_after_solving(rng, architecture):
    objective = CTCObjective(architecture, EXACT, segments(rng), (), 1e-2)
    genome = rng.normal(0, 0.7, architecture.genome_shape)
    along = rng.normal(size=genome.shape)
    _, gradient = objective.value_and_gradient(genome)
    step = 1e-4
    ahead, _ = objective.value_and_gradient(genome + step * along)
    behind, _ = objective.value_and_gradient(genome - step * along)
    wanted = (ahead - behind) / (2 * step)
    assert (gradient * along).sum() == pytest.approx(wanted, rel=1e-4)


@pytest.mark.parametrize("architecture", NETWORKS)
def test_features_are_those_of_the_driver(rng, architecture):
    from evolino.gradient.directions import Driven
    from evolino.models.driving import drive

    own, driver = segments(rng, 5), architecture.driver()
    genome = rng.normal(0, 0.7, architecture.genome_shape)
    wanted, _, _ = drive(driver, driver.pack(genome[None]), own)
    frames = [each.series.inputs for each in own]
    found = Driven.of(architecture, genome, frames).features
    np.testing.assert_allclose(found, wanted[0], atol=1e-12)


def refinement(rng, settings, architecture=BOTH_WAYS):
    own = segments(rng, 24)
    split = Split(own[:16], own[16:], own[16:])
    genome = rng.normal(0, 0.3, architecture.genome_shape)
    task = Labelling(training=2, tested=1)
    return refinement_of(
        settings, architecture, task, CTC(1e-3), split, genome, seed=3
    ), genome


ADAM = Adam(steps=150, round_steps=50, batch=4, noise=0.1, rate=0.03)


@pytest.mark.parametrize("settings", [ADAM, LBFGS(steps=12, round_steps=6)])
def test_descent_lowers_what_it_descends_on_and_keeps_the_best_on_what_is_held_out(
    rng, settings
):
    found, genome = refinement(rng, settings)
    begun = found.begin(genome)
    *_, last = found.rounds(begun)
    assert last.place.ended
    assert last.loss <= begun.loss
    before, after = (
        found.descended.value_and_gradient(each)[0] for each in (genome, last.place.genome)
    )
    assert after < 0.9 * before


def test_a_round_depends_on_what_came_before_it_alone(rng):
    found, genome = refinement(rng, ADAM)
    first = found.next_round(found.begin(genome), ADAM.steps)
    second = found.next_round(first, ADAM.steps)
    found.next_round(second, ADAM.steps)
    again = found.next_round(first, ADAM.steps)
    np.testing.assert_array_equal(again.place.genome, second.place.genome)
    np.testing.assert_array_equal(
        again.place.memory["readout"]["weights"], second.place.memory["readout"]["weights"]
    )
    assert again.loss == second.loss


@pytest.mark.parametrize(("settings", "taken"), [(ADAM, 1e-2), (LBFGS(), 1e-4)])
def test_of_several_penalties_minibatches_take_the_largest(rng, settings, taken):
    own = segments(rng, 6)
    split, readout = Split(own[:4], own[4:], own[4:]), CTC((1e-4, 1e-2))
    found = ctc_objective(settings, BOTH_WAYS, readout, split, None, 0)
    assert found.penalty == taken


def test_with_nothing_held_out_the_descent_is_on_train_and_validation(rng):
    own = segments(rng, 6)
    split = Split(own[:4], own[4:], own[4:])
    found = ctc_objective(Adam(hold_out=0.0), BOTH_WAYS, CTC(), split, None, 0)
    joined = CTCObjective(BOTH_WAYS, CTC(), own, (), found.penalty)
    genome = rng.normal(0, 0.3, BOTH_WAYS.genome_shape)
    loss, gradient = found.value_and_gradient(genome)
    wanted, wanted_gradient = joined.value_and_gradient(genome)
    assert (loss, found.value(genome)) == (wanted, joined.value(genome))
    np.testing.assert_array_equal(gradient, wanted_gradient)


def test_a_network_that_is_not_finite_has_loss_inf(rng):
    objective = CTCObjective(ONE_WAY, CTC(), segments(rng), (), 1e-3)
    genome = np.full(ONE_WAY.genome_shape, np.nan)
    assert objective.value(genome) == np.inf
    loss, gradient = objective.value_and_gradient(genome)
    assert loss == np.inf
    assert not gradient.any()


@pytest.mark.parametrize(
    ("settings", "changes", "message"),
    [
        (Adam(), {"readout_states": True}, "needs no readout_states"),
        (Adam(), {"precision": "float32"}, "needs precision 'float64'"),
        (Adam(folds=2), {}, "folds must be 0, got 2"),
    ],
)
def test_what_has_no_gradient_is_refused_in_one_line(settings, changes, message):
    from dataclasses import replace

    with pytest.raises(ValueError, match=message):
        check_ctc_descent(settings, replace(BOTH_WAYS, **changes), CTC())


def test_noise_is_refused_through_other_readouts(rng):
    with pytest.raises(ValueError, match="noise needs a ctc readout, got ridge"):
        refinement_of(
            Adam(noise=0.1), ONE_WAY, Labelling(training=2, tested=1), Ridge(), None, None
        )
