"""The compiled forward pass against its plain twin."""

from itertools import product
from pathlib import Path

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evolino.network import reference
from evolino.network.base import input_vectors
from evolino.network.features import features_of
from evolino.network.initialisers.linear_regime import LinearRegime
from evolino.network.kernels import by_series, dispatch
from evolino.network.kernels import teacher_forced as lstm
from evolino.network.kernels.dispatch import (
    CellStates,
    block_size,
    course_over,
    drive_over,
    free_run,
    pack,
    teacher_forced,
)
from evolino.network.lstm import LSTM
from evolino.simd import activations, compiled
from evolino.simd import vectors as lanes
from evolino.simd.memory import Shared, aligned, load, memory, part, store

BLOCK = 8  # networks in a vector of float64

VARIANTS = [
    {
        "forget_gate": forget,
        "peepholes": peepholes,
        "cell_input": cell_input,
        "cell_output": cell_output,
        "bias": bias,
        "sources": sources,
        "readout_states": more,
        "readout_squares": more,
        "readout_inputs": not more,
        "readout_constant": bias,
    }
    for forget, peepholes, cell_input, cell_output, bias, sources, more in product(
        (True, False),
        (True, False),
        ("tanh", "identity"),
        ("o*tanh(s)", "tanh(o*s)"),
        (True, False),
        (None, 2),
        (True, False),
    )
]


FULL = {"full_peepholes": True}
VARIANTS += [
    {**variant, "peepholes": False, **FULL}
    for variant in VARIANTS
    if variant["peepholes"] and variant["readout_states"]
]


def drawn(architecture, rng, count=3, steps=30, deviation=0.4):
    """Genomes, external inputs, targets and input vectors."""
    genomes = rng.normal(0, deviation, (count, *architecture.genome_shape))
    inputs = rng.normal(size=(steps, architecture.inputs))
    targets = rng.normal(size=(steps, architecture.outputs))
    return genomes, inputs, targets, input_vectors(architecture, inputs, targets)


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda v: " ".join(map(str, v.values())))
def test_every_variant_equals_the_twin(variant, rng):
    network = LSTM(cells=4, inputs=2, outputs=2, feedback_scale=0.5, **variant)
    genomes, inputs, targets, vectors = drawn(network, rng)
    networks = pack(network, genomes)
    starts = [20, 5, 12]
    seen, cells = teacher_forced(networks, vectors, first=3, starts=starts)
    readout = rng.normal(0, 0.02, (3, network.readout_width, 2))
    ahead = np.stack([inputs[s : s + 8] for s in starts])
    previous = np.stack([targets[s - 1] for s in starts])
    ran = free_run(networks, readout, cells, previous, ahead)
    for p, genome in enumerate(genomes):
        trace = reference.run(network, genome, vectors)
        expected = features_of(network, trace.outputs, trace.states, vectors)
        np.testing.assert_allclose(seen[p], expected[3:], rtol=1e-12, atol=1e-12)
        for n, s in enumerate(starts):
            h, state = trace.outputs[s - 1], trace.states[s - 1]
            np.testing.assert_allclose(cells.outputs[p, n], h, rtol=1e-12, atol=1e-12)
            np.testing.assert_allclose(cells.states[p, n], state, rtol=1e-12, atol=1e-12)
            twin = reference.free_run(
                network, genome, readout[p], h, state, previous[n], ahead[n]
            )
            np.testing.assert_allclose(ran[p, n], twin, rtol=1e-12, atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 12),
    st.integers(0, 3),
    st.integers(1, 3),
    st.integers(1, BLOCK),
    st.integers(1, 20),
    st.integers(0, 2**32 - 1),
)
def test_every_size_equals_the_twin(cells, inputs, outputs, count, steps, seed):
    network = LSTM(cells=cells, inputs=inputs, outputs=outputs, peepholes=True)
    rng = np.random.default_rng(seed)
    genomes, _, _, vectors = drawn(network, rng, count, steps)
    seen, _ = teacher_forced(pack(network, genomes), vectors)
    for p, genome in enumerate(genomes):
        trace = reference.run(network, genome, vectors)
        expected = features_of(network, trace.outputs, trace.states, vectors)
        np.testing.assert_allclose(seen[p], expected, rtol=1e-12, atol=1e-12)


def test_tiny_states_keep_their_relative_accuracy(rng):
    network = LSTM(cells=8, readout_inputs=False, readout_constant=False)
    genomes = LinearRegime().draw(network, rng, 4)
    targets = rng.normal(size=(60, 1))
    vectors = input_vectors(network, np.zeros((60, 0)), targets)
    seen, _ = teacher_forced(pack(network, genomes), vectors)
    for p, genome in enumerate(genomes):
        outputs = reference.run(network, genome, vectors).outputs
        scale = np.abs(outputs).max()
        assert 1e-12 < scale < 1e-6
        np.testing.assert_allclose(seen[p], outputs, rtol=0, atol=1e-13 * scale)


def test_saturated_weights_equal_the_twin(rng):
    network = LSTM(cells=3, inputs=2)
    genomes, _, _, vectors = drawn(network, rng, steps=6)
    genomes = 20.0 * np.sign(genomes)
    seen, _ = teacher_forced(pack(network, genomes), vectors)
    for p, genome in enumerate(genomes):
        trace = reference.run(network, genome, vectors)
        expected = features_of(network, trace.outputs, trace.states, vectors)
        np.testing.assert_allclose(seen[p], expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("forget_gate", [True, False])
@pytest.mark.parametrize("cell_input", ["tanh", "identity"])
def test_cells_without_a_bound_equal_the_twin(cell_input, forget_gate, precision, rng):
    network = LSTM(
        cells=4,
        inputs=2,
        cell_input=cell_input,
        cell_output="o*s",
        forget_gate=forget_gate,
        peepholes=True,
        precision=precision,
    )
    genomes, _, _, vectors = drawn(network, rng, deviation=0.1)
    seen, _ = teacher_forced(pack(network, genomes), vectors)
    near = 1e-12 if precision == "float64" else 1e-5
    for p, genome in enumerate(genomes):
        trace = reference.run(network, genome, vectors)
        expected = features_of(network, trace.outputs, trace.states, vectors)
        np.testing.assert_allclose(seen[p], expected, rtol=near, atol=near)


@pytest.mark.parametrize("output", ["threshold", "threshold in feedback"])
@pytest.mark.parametrize("starts", [3, 11])
def test_noise_and_threshold_equal_the_twin(starts, output, rng):
    network = LSTM(cells=3, peepholes=True, output=output, readout_inputs=False)
    genomes, _, _, vectors = drawn(network, rng)
    networks = pack(network, genomes)
    rows = list(range(5, 5 + starts))
    _, cells = teacher_forced(networks, vectors, starts=rows)
    readout = rng.normal(0, 1, (3, network.readout_width, 1))
    noise = rng.normal(0, 0.5, (7, 2, 3))
    previous = rng.normal(size=(starts, 1))
    ahead = np.zeros((starts, 20, 0))
    ran = free_run(networks, readout, cells, previous, ahead, noise=noise)
    assert (set(np.unique(ran)) == {0.0, 1.0}) == (output == "threshold")
    for p, genome in enumerate(genomes):
        for n in range(starts):
            start = cells.outputs[p, n], cells.states[p, n]
            twin = reference.free_run(
                network, genome, readout[p], *start, previous[n], ahead[n], noise
            )
            np.testing.assert_allclose(ran[p, n], twin, rtol=1e-12, atol=1e-12)


def respond(network, genomes, readout, vectors, starts):
    """What the networks see and what they run to."""
    networks = pack(network, genomes)
    seen, cells = teacher_forced(networks, vectors, starts=starts)
    inputs = np.zeros((len(starts), 10, 0))
    previous = np.ones((len(starts), 1))
    return seen, free_run(networks, readout, cells, previous, inputs)


def test_neither_lane_nor_neighbours_change_a_bit(rng):
    network = LSTM(cells=5, peepholes=True, readout_states=True)
    genomes, _, _, vectors = drawn(network, rng, count=8)
    genomes[3] *= 1e6  # a wild neighbour
    readout = rng.normal(size=(8, network.readout_width, 1))
    starts = [4, 9, 30]
    seen, ran = respond(network, genomes, readout, vectors, starts)
    order = np.array([5, 2, 7, 0])
    other_seen, other_ran = respond(
        network, genomes[order], readout[order], vectors, starts
    )
    np.testing.assert_array_equal(other_seen, seen[order])
    np.testing.assert_array_equal(other_ran, ran[order])
    for p in (0, 5):
        _, alone = respond(network, genomes[[p]], readout[[p]], vectors, starts)
        np.testing.assert_array_equal(alone[0], ran[p])


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("sources", [None, 3])
def test_many_starts_give_the_bits_of_few(sources, precision, rng):
    # When there are as many starts as lanes, runs are in the lanes, else networks are.
    network = LSTM(
        cells=5,
        outputs=2,
        peepholes=True,
        readout_states=True,
        sources=sources,
        precision=precision,
    )
    genomes, _, _, vectors = drawn(network, rng, count=3, steps=40)
    networks = pack(network, genomes)
    readout = rng.normal(0, 0.1, (3, network.readout_width, 2))
    starts = list(range(5, 5 + 4 * BLOCK + 3))
    _, cells = teacher_forced(networks, vectors, starts=starts)
    previous = rng.normal(size=(len(starts), 2))
    targets = rng.normal(size=(len(starts), 10, 2))

    def run(which):
        return free_run(
            networks,
            readout,
            CellStates(cells.outputs[:, which], cells.states[:, which]),
            previous[which],
            np.zeros((len(which), 10, 0)),
            targets=targets[which],
            tolerance=2.5,
        )

    everyone = np.arange(len(starts))
    many = run(everyone)
    few = [run(part) for part in np.array_split(everyone, 6)]
    assert np.isinf(many).any() and np.isfinite(many).any()
    np.testing.assert_array_equal(many, np.concatenate(few, axis=1))


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("cells", [3, 8, 21])
def test_cells_in_the_lanes_give_the_bits_of_networks(cells, precision, rng, monkeypatch):
    variants = [v for v in VARIANTS[::3] if v["sources"] is None]
    assert variants
    for variant in variants:
        network = LSTM(cells=cells, inputs=2, outputs=2, precision=precision, **variant)
        genomes, _, _, vectors = drawn(network, rng)
        networks = pack(network, genomes)
        found = []
        for large in (1, 1000):
            monkeypatch.setattr(dispatch, "LARGE", large)
            found.append(teacher_forced(networks, vectors, first=3, starts=[20, 5, 30]))
        (seen, started), (other_seen, other_started) = found
        np.testing.assert_array_equal(seen, other_seen)
        np.testing.assert_array_equal(started.outputs, other_started.outputs)
        np.testing.assert_array_equal(started.states, other_started.states)


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize(
    "lengths", [[9, 1, 0, 30], [5, 12, 3, 3, 40, 8, 1, 2, 7], [20] * 6]
)
@pytest.mark.parametrize("cells", [3, 21])
def test_series_at_once_give_the_bits_of_networks(
    cells, lengths, precision, rng, monkeypatch
):
    assert len(lengths) >= by_series.AT_ONCE
    firsts = [length // 3 for length in lengths]
    starts = [(n, row) for n, length in enumerate(lengths) for row in (length, length // 2)]
    for variant in (v for v in VARIANTS[::3] if v["sources"] is None):
        network = LSTM(cells=cells, inputs=2, precision=precision, **variant)
        networks = pack(network, rng.normal(size=(2, *network.genome_shape)))
        series = [rng.normal(size=(n, network.input_width)) for n in lengths]
        course = course_over(network, series, firsts=firsts, starts=starts)
        found = []
        for large in (1, 1000):
            monkeypatch.setattr(dispatch, "LARGE", large)
            found.append(drive_over(networks, course))
        (seen, started), (other_seen, other_started) = found
        np.testing.assert_array_equal(seen, other_seen)
        np.testing.assert_array_equal(started.outputs, other_started.outputs)
        np.testing.assert_array_equal(started.states, other_started.states)


@pytest.mark.parametrize("series", [1, 5])
def test_what_the_readout_sees_as_constant_is_1_also_where_cells_explode(series, rng):
    network = LSTM(cells=80, cell_input="identity", cell_output="o*s", feedback=False)
    genome = np.full((1, *network.genome_shape), 1e300)
    course = course_over(network, [np.zeros((4, 0))] * series)
    seen, _ = drive_over(pack(network, genome), course)
    assert not np.isfinite(seen[..., :-1]).all()
    np.testing.assert_array_equal(seen[..., -1], 1.0)


def test_snapshots_may_come_in_any_order_and_twice(rng):
    network = LSTM(cells=3)
    genomes, _, _, vectors = drawn(network, rng)
    _, cells = teacher_forced(pack(network, genomes), vectors, starts=[7, 0, 30, 7])
    np.testing.assert_array_equal(cells.outputs[:, 0], cells.outputs[:, 3])
    assert not cells.outputs[:, 1].any()
    with pytest.raises(ValueError, match="starts must be rows 0 to 30"):
        teacher_forced(pack(network, genomes), vectors, starts=[31])


def test_the_cache_on_disk_is_renewed_with_any_file_that_kernels_are_made_of():
    # Numba itself would go on with old code after a change in a file that lstm.py imports.
    digest = compiled.digest(Path(compiled.__file__).parents[1])
    index = lstm.drive._cache._cache_file
    assert index._source_stamp == digest
    network = LSTM(cells=1)
    teacher_forced(pack(network, np.zeros((1, *network.genome_shape))), np.zeros((2, 1)))
    assert index._load_index()  # what is on disk has this stamp
    index._source_stamp = "another"
    try:
        assert not index._load_index()
    finally:
        index._source_stamp = digest


def at_rest(network, count, runs):
    shape = (count, runs, network.cells)
    return CellStates(np.zeros(shape), np.zeros(shape))


def test_a_run_that_explodes_is_inf_from_there_on_and_alone(rng):
    network = LSTM(cells=2, readout_constant=False)
    genomes, _, _, _ = drawn(network, rng, count=2)
    readout = np.zeros((2, network.readout_width, 1))
    readout[:, 2] = [[1e4], [0.5]]  # y(t) = 1e4 y(t-1) and y(t) = y(t-1) / 2
    ran = free_run(
        pack(network, genomes),
        readout,
        at_rest(network, 2, 1),
        np.ones((1, 1)),
        np.zeros((1, 8, 0)),
    )[:, 0, :, 0]
    np.testing.assert_allclose(ran[0, :3], [1e4, 1e8, 1e12])
    assert np.isinf(ran[0, 3:]).all()
    np.testing.assert_allclose(ran[1], 0.5 ** np.arange(1, 9))


def test_a_run_beyond_the_tolerance_is_given_up(rng):
    network = LSTM(cells=2, readout_constant=False)
    genomes, _, _, _ = drawn(network, rng, count=2)
    readout = np.zeros((2, network.readout_width, 1))
    readout[:, 2] = [[0.5], [0.9]]
    targets = np.ones((1, 8, 1))
    ran = free_run(
        pack(network, genomes),
        readout,
        at_rest(network, 2, 1),
        np.ones((1, 1)),
        np.zeros((1, 8, 0)),
        targets=targets,
        tolerance=0.3,
    )[:, 0, :, 0]
    assert np.isinf(ran[0]).all()
    np.testing.assert_allclose(ran[1, :3], [0.9, 0.81, 0.729])
    assert np.isinf(ran[1, 3:]).all()


@pytest.mark.parametrize(("precision", "size"), [("float64", 8), ("float32", 16)])
def test_a_block_has_as_many_networks_as_a_vector_has_lanes(precision, size):
    network = LSTM(cells=2, precision=precision)
    assert block_size(network) == size
    for count in (0, size + 1):
        with pytest.raises(ValueError, match=f"1 to {size} networks, got {count}"):
            pack(network, np.zeros((count, *network.genome_shape)))


@pytest.mark.parametrize(
    "variant", VARIANTS[::5], ids=lambda v: " ".join(map(str, v.values()))
)
def test_float32_stays_within_1e_5_of_the_twin(variant, rng):
    network = LSTM(cells=4, inputs=2, outputs=2, precision="float32", **variant)
    genomes, inputs, targets, vectors = drawn(network, rng, count=16)
    networks = pack(network, genomes)
    seen, cells = teacher_forced(networks, vectors, starts=[20])
    assert seen.dtype == np.float32
    readout = rng.normal(0, 0.02, (16, network.readout_width, 2))
    ran = free_run(networks, readout, cells, targets[19:20], inputs[None, 20:28])
    for p, genome in enumerate(genomes):
        trace = reference.run(network, genome, vectors)
        expected = features_of(network, trace.outputs, trace.states, vectors)
        np.testing.assert_allclose(seen[p], expected, rtol=1e-5, atol=1e-5)
        h, s = trace.outputs[19], trace.states[19]
        twin = reference.free_run(
            network, genome, readout[p], h, s, targets[19], inputs[20:28]
        )
        np.testing.assert_allclose(ran[p, 0], twin, rtol=1e-5, atol=1e-5)


@numba.njit
def _arithmetic(a, out):
    numbers, to = memory(a), memory(out)
    x, y = load(numbers, 0), load(part(numbers, 1), 0)
    store(to, 0, (x + y) * 2.0 - x / y)
    store(to, 1, activations.clamp(x, 1.5))
    store(to, 2, lanes.sqrt(x * x))
    store(to, 3, lanes.sign(x))
    store(to, 4, lanes.inverse_or_zero(x))
    store(to, 5, lanes.within(x, 1.0, y, 9.0))
    out[48] = lanes.largest_lane(y)


def test_vectors_compute_what_numpy_does():
    a, out = aligned(16), aligned(56)
    x = np.array([-3.0, -1.0, 0.0, 0.5, 1.0, 2.0, 1e-305, np.nan])
    y = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0])
    a[:8], a[8:] = x, y
    _arithmetic(a, out)
    np.testing.assert_allclose(out[:8], (x + y) * 2 - x / y, rtol=1e-15)
    np.testing.assert_array_equal(out[8:16], np.clip(x, -1.5, 1.5))
    np.testing.assert_array_equal(out[16:22], np.abs(x[:6]))
    np.testing.assert_array_equal(out[24:31], [-1, -1, 1, 1, 1, 1, 1])
    np.testing.assert_array_equal(out[32:39], [-1 / 3, -1, 0, 2, 1, 0.5, 0])
    np.testing.assert_array_equal(out[40:48], [9, 2, 3, 4, 5, 9, 7, 9])
    assert out[48] == 8.0


@numba.njit
def _exponentials(a, out, parts):
    x, e, minus = memory(a), memory(out), memory(parts)
    for k in range(a.nbytes // 64):
        s, p = activations.exp_parts(load(x, k))
        store(e, k, s + s * p)
        store(minus, k, s * p + (s - 1.0))


def test_exp_and_expm1_are_accurate_to_rounding(rng):
    size = 8000
    a, out, minus = aligned(size), aligned(size), aligned(size)
    a[: size // 2] = rng.uniform(-100, 100, size // 2)
    a[size // 2 :] = rng.choice([-1, 1], size // 2) * 10.0 ** rng.uniform(
        -250, 0, size // 2
    )
    _exponentials(a, out, minus)
    np.testing.assert_allclose(out, np.exp(a), rtol=1e-15)
    np.testing.assert_allclose(minus, np.expm1(a), rtol=2e-15)


def test_exp_of_floats_is_accurate_to_rounding(rng):
    size = 8000
    a, out, minus = (aligned(size, np.float32) for _ in range(3))
    a[: size // 2] = rng.uniform(-80, 80, size // 2)
    a[size // 2 :] = rng.choice([-1, 1], size // 2) * 10.0 ** rng.uniform(-30, 0, size // 2)
    _exponentials(a, out, minus)
    exact = a.astype(np.float64)
    np.testing.assert_allclose(out, np.exp(exact), rtol=3e-7)
    np.testing.assert_allclose(minus, np.expm1(exact), rtol=6e-7)


@numba.njit
def _gathered(values, positions, out):
    numbers, integers, to = memory(values), memory(positions), memory(out)
    for k in range(len(positions)):
        store(to, k, load(numbers, load(integers, k)))


def test_a_shared_number_is_in_every_lane():
    out, positions = aligned(16), np.array([2, 0])
    _gathered(Shared(np.array([1.0, 2.0, 3.0])), positions, out)
    np.testing.assert_array_equal(out, [3.0] * 8 + [1.0] * 8)
