"""Laws of the Kalman filter on networks: derivatives, corrections, strings, failures."""

from dataclasses import replace

import numpy as np
import pytest

from evolino.gradient import kalman
from evolino.gradient.kalman import (
    Filtered,
    Kalman,
    begin,
    check_filterable,
    parts,
    presented,
    strings_of,
)
from evolino.network import reference
from evolino.network.features import features_of
from evolino.network.groups import Group
from evolino.network.kernels import online
from evolino.network.lstm import LSTM
from evolino.network.weights import unpack
from evolino.solvers.kalman import corrected, workspace_for
from evolino.task.series import Segment, Series

STEPS, CELLS, OUTPUTS = 7, 3, 2
STEP = 1e-6  # of finite differences
NETWORKS = {
    "plain": LSTM(cells=CELLS, feedback=False),
    "peepholes": LSTM(cells=CELLS, peepholes=True, readout_constant=False),
    "of 1997": LSTM(cells=CELLS, forget_gate=False, peepholes=True, feedback=False),
    "evolino's": LSTM(
        cells=CELLS, cell_input="identity", cell_output="tanh(o*s)", readout_states=True
    ),
    "gers's": LSTM(
        cells=CELLS, cell_input="identity", cell_output="o*s", readout_squares=True,
        peepholes=True, readout_inputs=False,
    ),
    "sparse": LSTM(cells=CELLS, sources=1, readout_states=True, readout_squares=True),
    "without bias": LSTM(cells=CELLS, bias=False, feedback_scale=0.5),
    "logistic": LSTM(cells=CELLS, output="logistic", feedback=False),
}  # fmt: skip


def network_of(kind):
    return NETWORKS[kind].for_task(2, OUTPUTS)


def segment_of(rng, start=0):
    return Segment(
        Series(rng.normal(size=(STEPS, 2)), rng.normal(size=(STEPS, OUTPUTS))), start, STEPS
    )


def weights_of(network, rng):
    genome = 0.5 * rng.normal(size=network.genome_shape)
    return genome, rng.normal(size=(network.readout_width, OUTPUTS))


def begun(network, rng, settings):
    genome, output = weights_of(network, rng)
    return begin(network, genome, output, settings)


def squashed(sums, network, settings):
    if network.output == "logistic":
        return 1.0 / (1.0 + np.exp(-sums))
    if settings.squashing == "tanh":
        return 2.0 * np.tanh(np.arctanh(0.5) * sums)
    return sums


def outputs_of(network, genome, output, vectors, settings):
    """(T, K): by the reference in plain NumPy."""
    trace = reference.run(network, genome, vectors)
    features = features_of(network, trace.outputs, trace.states, vectors)
    return squashed(features @ output, network, settings)


def filtered_step(network, here, vectors, targets, settings):
    """The workspace after a string whose last row alone is learnt, and the groups."""
    learnt = np.arange(len(vectors)) == len(vectors) - 1
    groups = kalman._copied(network, here)
    place = online.Place(
        here.outputs.copy(), here.states.copy(), here.to_outputs.copy(),
        here.to_states.copy(),
    )  # fmt: skip
    step, failed = kalman._step(network, place, groups), np.zeros(1, dtype=np.int64)
    rows = online.Rows(vectors, targets, learnt, 0.5, 1e-3)
    online.present(
        kalman._network(network, settings), rows, groups, place, step,
        workspace_for(groups, OUTPUTS), failed,
    )  # fmt: skip
    assert failed[0] == -1
    return step, groups


def slopes(function, array):
    """Central differences of function() (K,) with respect to the entries of an array."""
    found = []
    for index in np.ndindex(array.shape):
        kept = array[index]
        array[index] = kept + STEP
        above = function()
        array[index] = kept - STEP
        below = function()
        array[index] = kept
        found.append((above - below) / (2 * STEP))
    return np.array(found).reshape(*array.shape, -1)


@pytest.mark.parametrize("squashing", ["identity", "tanh"])
@pytest.mark.parametrize("kind", NETWORKS)
def test_full_derivatives_are_the_slopes_of_the_outputs(kind, squashing, rng):
    network = network_of(kind)
    if network.output == "logistic" and squashing == "tanh":
        squashing = "identity"
    settings = Kalman(squashing=squashing)
    genome, output = weights_of(network, rng)
    strings = strings_of(network, [segment_of(rng)])
    vectors, targets = strings.vectors[0], strings.targets[0]
    here = begin(network, genome, output, settings)
    step, _ = filtered_step(network, here, vectors, targets, settings)

    def last():
        return outputs_of(network, genome, output, vectors, settings)[-1]

    np.testing.assert_allclose(step.sums, last(), rtol=1e-12)
    cells, genes = genome.shape
    found = np.moveaxis(step.derivatives[:cells, :, :genes], 1, 2)
    np.testing.assert_allclose(found, slopes(last, genome), rtol=1e-5, atol=1e-8)
    width = network.readout_width
    of_output = np.einsum("kjs->skj", step.derivatives[cells:, :, :width])
    np.testing.assert_allclose(of_output, slopes(last, output), rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("kind", NETWORKS)
def test_truncated_derivatives_stop_at_recurrent_weights_and_peepholes(kind, rng):
    network, settings = network_of(kind), Kalman(derivatives="truncated")
    genome, output = weights_of(network, rng)
    strings = strings_of(network, [segment_of(rng)])
    vectors, targets = strings.vectors[0], strings.targets[0]
    here = begin(network, genome, output, settings)
    step, _ = filtered_step(network, here, vectors, targets, settings)
    trace = reference.run(network, genome, vectors)
    before = np.concatenate([np.zeros((1, CELLS)), trace.outputs[:-1]])
    was = np.concatenate([np.zeros((1, CELLS)), trace.states[:-1]])
    sources = network.recurrent_sources()

    def last():
        """What other cells give, and what peepholes see, is held fast."""
        weights, s = unpack(network, genome[None]), np.zeros(CELLS)
        for t, u in enumerate(vectors):
            net = weights.bias[0] + np.einsum("cug,u->cg", weights.inputs[0], u)
            net = net + np.einsum("crg,cr->cg", weights.recurrent[0], before[t][sources])
            peep = weights.peepholes[0]
            net[:, 0] += peep[:, 0] * was[t]
            net[:, 1] += peep[:, 1] * was[t]
            net[:, 3] += peep[:, 2] * trace.states[t]
            h, s, _ = reference.advance(network, net, np.zeros_like(peep), s)
        features = features_of(network, h[None], s[None], vectors[-1:])
        return squashed(features @ output, network, settings)[0]

    cells, genes = genome.shape
    found = np.moveaxis(step.derivatives[:cells, :, :genes], 1, 2)
    np.testing.assert_allclose(found, slopes(last, genome), rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("derivatives", ["full", "truncated"])
def test_a_row_is_corrected_as_by_the_plain_twin(derivatives, rng):
    network, settings = network_of("peepholes"), Kalman(derivatives=derivatives)
    here = begun(network, rng, settings)
    strings = strings_of(network, [segment_of(rng)])
    step, groups = filtered_step(
        network, here, strings.vectors[0], strings.targets[0], settings
    )
    before = kalman._copied(network, here)
    twin = corrected(before, step.derivatives, step.error, 0.5, 1e-3)
    np.testing.assert_allclose(groups.weights, twin.weights, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(groups.covariances, twin.covariances, rtol=1e-8, atol=1e-9)


def after(here, network, segments, settings, order):
    return presented(
        network, here, strings_of(network, segments), np.array(order), settings
    )


def same(one, other):
    for name, value in one.as_state().items():
        np.testing.assert_array_equal(value, getattr(other, name), err_msg=name)


def test_training_goes_on_within_a_stream_to_the_same_bits(rng):
    network, settings = network_of("peepholes"), Kalman(longest=2)
    segments = [segment_of(rng, start=1), segment_of(rng)]
    start = begun(network, rng, settings)
    order = rng.integers(2, size=11)
    whole = after(start, network, segments, settings, order)
    half = after(start, network, segments, settings, order[:6])
    assert half.row > 0
    again = Filtered.from_state(half.as_state())
    same(after(again, network, segments, settings, order[6:]), whole)
    assert whole.strings == 11


def test_a_stream_in_pieces_is_the_stream(rng):
    network = network_of("plain")
    settings = Kalman(longest=STEPS, measurement=(1, 1), process=(1e-3, 1e-3))
    segments = [segment_of(rng)]
    start = begun(network, rng, settings)
    whole = after(start, network, segments, settings, [0])
    pieces = after(start, network, segments, replace(settings, longest=3), [0, 0, 0])
    same(replace(pieces, strings=1), whole)


def test_what_is_given_is_not_changed(rng):
    network, settings = network_of("plain"), Kalman()
    genome, output = weights_of(network, rng)
    kept = genome.copy(), output.copy()
    start = begin(network, genome, output, settings)
    before = {name: np.copy(value) for name, value in start.as_state().items()}
    after(start, network, [segment_of(rng)], settings, [0, 0])
    for name, value in start.as_state().items():
        np.testing.assert_array_equal(value, before[name])
    np.testing.assert_array_equal(genome, kept[0])
    for part, given in zip(parts(network, start), kept, strict=True):
        np.testing.assert_array_equal(part, given)


def test_rows_before_a_segment_or_without_target_correct_nothing(rng):
    network, settings = network_of("plain"), Kalman(measurement=(1, 1))
    segment = segment_of(rng, start=4)
    targets = segment.series.targets.copy()
    targets[:4] = 1e6
    targets[5, 1] = np.nan
    gap = Segment(Series(segment.series.inputs, targets), 4, STEPS)
    (learnt,) = strings_of(network, [gap]).learnt
    assert learnt.tolist() == [False] * 4 + [True, False, True]
    start = begun(network, rng, settings)
    other = targets.copy()
    other[:4], other[5] = 0.0, np.nan
    same(
        after(start, network, [gap], settings, [0]),
        after(
            start, network, [Segment(Series(segment.series.inputs, other), 4, STEPS)],
            settings, [0],
        ),
    )  # fmt: skip


def test_the_error_on_a_string_falls(rng):
    network, settings = network_of("plain"), Kalman()
    genome, output = weights_of(network, rng)
    segment = segment_of(rng)
    vectors, targets = segment.series.inputs, segment.series.targets
    start = begin(network, 0.1 * genome, 0.1 * output, settings)
    end = after(start, network, [segment], settings, [0] * 200)
    first, last = (
        np.square(outputs_of(network, *parts(network, x), vectors, settings) - targets)
        for x in (start, end)
    )
    assert last.mean() < 1e-2 * first.mean()


def test_a_network_whose_covariance_is_not_finite_is_given_up(rng):
    network, settings = network_of("gers's"), Kalman()
    genome, output = weights_of(network, rng)
    start = begin(network, 1e200 * genome, output, settings)
    end = after(start, network, [segment_of(rng)], settings, [0] * 5)
    assert end.ended == "its covariance was not finite and positive after 1 strings"


def test_noise_is_annealed_by_a_constant_factor():
    settings = Kalman(measurement=(100, 1), process=(1e-2, 1e-6), annealed=1000)
    assert settings.noise(0) == (100.0, 1e-2)
    assert settings.noise(500) == pytest.approx((10.0, 1e-4))
    assert settings.noise(1000) == settings.noise(9999) == pytest.approx((1.0, 1e-6))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("networks", 0), ("strings", 0), ("longest", 0), ("derivatives", "some"),
        ("squashing", "sine"), ("covariance", 0.0), ("measurement", (1.0, 0.0)),
        ("process", (1.0,)), ("process", (float("nan"), 1.0)), ("annealed", 0),
        ("width", -1.0),
    ],
)  # fmt: skip
def test_a_setting_out_of_range_is_named(field, value):
    with pytest.raises(ValueError, match=field):
        Kalman(**{field: value})


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (LSTM(cells=2, output="threshold"), "'identity' or 'logistic', got 'threshold'"),
        (LSTM(cells=2, output="softmax"), "'identity' or 'logistic', got 'softmax'"),
        (LSTM(cells=2, groups=(Group(2, 1, (0,)),)), "without groups"),
        ("rnn", "needs an LSTM, got str"),
    ],
)
def test_a_network_that_it_does_not_train_is_refused(network, message):
    with pytest.raises(ValueError, match=message):
        check_filterable(network, Kalman())


def test_logistic_outputs_are_squashed_once():
    with pytest.raises(ValueError, match="leave out squashing"):
        check_filterable(LSTM(cells=2, output="logistic"), Kalman(squashing="tanh"))
