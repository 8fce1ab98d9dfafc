"""Laws of refinement: its gradient is that of the loss after solving; rows stay apart."""

from dataclasses import replace

import numpy as np
import pytest

from evolino.gradient.lbfgs import LBFGS
from evolino.gradient.objective import Objective
from evolino.gradient.refinement import movable_genes, parts_of, refinement_of
from evolino.gradient.schedule import spread
from evolino.network.initialisers.delay_line import DelayLine
from evolino.network.initialisers.gaussian import Gaussian
from evolino.network.lstm import LSTM
from evolino.readout.linear import Ridge
from evolino.readout.svm import SVR
from evolino.task.series import Segment, Series
from evolino.tasks.signals.mackey_glass import MackeyGlass
from evolino.tasks.signals.oscillators import Oscillators
from evolino.tasks.signals.series import SeriesTask
from evolino.tasks.timing.timing import Timing


def columns():
    """Return (400, 2): two columns in units of their own."""
    t = np.arange(400)
    return np.stack([15 + np.sin(0.3 * t), 1e3 * np.cos(0.3 * t) + 5e3], axis=1)


TASKS = {
    "mackey-glass": MackeyGlass(
        steps=600, washout=300, settling=50, horizon=21, validation_starts=12
    ),
    "mso": Oscillators(sines=2),
    "series": SeriesTask(columns(), washout=50, train=200, validation=60, test=60),
    "mapped": SeriesTask(
        columns()[1:, :1],
        inputs=columns()[:-1],
        washout=50,
        train=200,
        validation=60,
        test=60,
        generates=False,
    ),
}
NETWORK = LSTM(cells=6, readout_states=True)


def split_of(task):
    return task.sequences(np.random.default_rng(5))


def genome_of(rng):
    return DelayLine(length=4).draw(NETWORK, rng, 1)[0]


def network_for(task):
    feedback = not (task.inputs and not task.generates)
    return replace(NETWORK, feedback=feedback).for_task(task.inputs, task.outputs)


def genome_for(task, rng):
    return Gaussian(0.3).draw(network_for(task), rng, 1)[0]


def objective(task, penalty=1e-9):
    split = split_of(task)
    scaling = task.scaling() if isinstance(task, SeriesTask) else None
    return Objective(
        network_for(task),
        task,
        Ridge(penalty),
        split.train,
        split.validation,
        penalty,
        scaling,
    )


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_the_gradient_is_the_slope_of_the_loss_after_solving(task, rng):
    loss, genome = objective(task), genome_for(task, rng)
    _, gradient = loss.value_and_gradient(genome)
    along = rng.normal(size=genome.shape)
    step = 1e-5
    # Differences of fourth order.
    at = [loss.value(genome + k * step * along) for k in (-2, -1, 1, 2)]
    slope = (at[0] - 8 * at[1] + 8 * at[2] - at[3]) / (12 * step)
    assert (gradient * along).sum() == pytest.approx(slope, rel=1e-4)


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_the_loss_orders_networks_as_the_tasks_own_does(task, rng):
    split = split_of(task)
    targets = np.stack([segment.targets for segment in split.validation])
    outputs = targets + 0.01 * targets.std(axis=(0, 1)) * rng.normal(
        size=(2, *targets.shape)
    )
    own = task.loss(outputs, targets)
    found = [task.loss_gradient(each, targets)[0] for each in outputs]
    np.testing.assert_allclose(np.exp(found), own, rtol=1e-12)


def test_a_descent_lowers_the_loss_of_what_is_held_out(rng):
    task = TASKS["mackey-glass"]
    genome = genome_of(rng)
    refinement = refinement_of(
        LBFGS(steps=60), NETWORK, task, Ridge(1e-9), split_of(task), genome
    )
    start = refinement.begin(genome)
    *_, end = refinement.rounds(start)
    assert end.loss < start.loss - 0.5
    assert refinement.held_out.value(end.genome) == end.loss


def test_no_row_that_is_held_out_is_descended_on(rng):
    series = Series(np.zeros((500, 0)), np.zeros((500, 1)))
    segments = tuple(Segment(series, s, s + 40) for s in range(0, 400, 10))
    scored, held_out = parts_of(segments, 0.25)
    rows = {t for segment in scored for t in range(segment.start, segment.stop)}
    assert len(held_out) == 10
    assert not rows & {t for s in held_out for t in range(s.start, s.stop)}
    assert len(scored) > 20


@pytest.mark.parametrize(("count", "share"), [(1, 0.5), (40, 0.0)])
def test_with_nothing_to_hold_out_all_segments_serve_both(count, share):
    series = Series(np.zeros((500, 0)), np.zeros((500, 1)))
    segments = tuple(Segment(series, s, s + 40) for s in range(0, 10 * count, 10))
    assert parts_of(segments, share) == (segments, segments)


def test_spread_segments_touch_no_row_of_the_test(rng):
    split = split_of(TASKS["mackey-glass"])
    found = spread(split.validation, split.train, 50)
    assert len(found) == 50
    assert {id(segment.series) for segment in found} == {id(split.train[0].series)}
    assert max(segment.stop for segment in found) == split.train[0].stop
    assert {segment.stop - segment.start for segment in found} == {21}


def test_only_genes_of_the_named_sources_move(rng):
    task, genome = TASKS["mackey-glass"], genome_of(rng)
    settings = LBFGS(steps=20, genes=("bias",))
    refinement = refinement_of(settings, NETWORK, task, Ridge(1e-9), split_of(task), genome)
    *_, end = refinement.rounds(refinement.begin(genome))
    moved = (end.place.genome != genome).any(axis=0)
    np.testing.assert_array_equal(moved, movable_genes(NETWORK, ("bias",))[0])


def test_of_several_penalties_the_best_for_the_genome_is_kept(rng):
    task, genome = TASKS["mackey-glass"], genome_of(rng)
    refinement = refinement_of(
        LBFGS(), NETWORK, task, Ridge((1e3, 1e-9)), split_of(task), genome
    )
    assert refinement.descended.penalty == 1e-9


def test_a_readout_without_a_gradient_is_refused(rng):
    task = TASKS["mso"]
    with pytest.raises(ValueError, match="got svr"):
        refinement_of(LBFGS(), NETWORK, task, SVR(), split_of(task), genome_of(rng))


def test_outputs_without_a_gradient_are_refused(rng):
    network = LSTM(cells=6, output="threshold")
    with pytest.raises(ValueError, match="output 'identity', got 'threshold'"):
        refinement_of(
            LBFGS(), network, TASKS["mso"], Ridge(), split_of(TASKS["mso"]), genome_of(rng)
        )


@pytest.mark.parametrize(
    ("cell_input", "loss_is_finite"), [("identity", False), ("tanh", True)]
)
def test_where_the_gradient_is_not_finite_it_is_0_and_its_loss_inf(
    cell_input, loss_is_finite, rng
):
    # Huge weights: the states overflow, or all cells saturate and only the gradient does.
    task = TASKS["mso"]
    network = LSTM(
        cells=6, cell_input=cell_input, cell_output="o*s", readout_squares=True,
        readout_states=True,
    )  # fmt: skip
    genome = 1e200 * rng.normal(size=network.genome_shape)
    split = split_of(task)
    loss = Objective(network, task, Ridge(1e-9), split.train, split.validation, 1e-9)
    value, gradient = loss.value_and_gradient(genome)
    assert value == np.inf
    assert not gradient.any()
    assert np.isfinite(loss.value(genome)) == loss_is_finite


def test_where_nothing_can_be_held_out_the_loss_of_the_search_chooses(rng):
    """The first periods are descended on; the search also confirms on 20 and 40."""
    task = Timing(kind="pfg", waveform="tri", period=8, stages=(3, 20, 40))
    split = split_of(task)
    network = network_for(task)
    given = network, task, Ridge(), split, genome_of(rng)
    refinement = refinement_of(LBFGS(), *given, judge=lambda genome: 42.0)
    assert refinement.descended.scored == split.validation
    assert refinement.begin(given[-1]).loss == 42.0
    kept = refinement.next_round(refinement.begin(given[-1]), 3)
    np.testing.assert_array_equal(kept.genome, given[-1])  # nothing was better than 42
    everything = replace(LBFGS(), hold_out=0.0)
    refinement = refinement_of(everything, *given, judge=lambda genome: 42.0)
    assert refinement.begin(given[-1]).loss != 42.0


def test_spikes_are_not_descended_on(rng):
    task = Timing(kind="gts", period=10)
    with pytest.raises(ValueError, match="timing has none with these parameters"):
        refinement_of(
            LBFGS(), network_for(task), task, Ridge(), split_of(task), genome_of(rng)
        )
