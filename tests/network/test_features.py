"""The layout of features: one in Python, one in the kernels, the same."""

from itertools import product

import numba
import numpy as np
import pytest

from evolino.network.features import Columns, columns_of, features_of, layout, width
from evolino.network.kernels.dispatch import layout_of
from evolino.network.kernels.features import write_features
from evolino.network.lstm import LSTM
from evolino.simd.memory import Shared, addresses, aligned, memory, numbers

NETWORKS = [
    LSTM(
        cells=3,
        inputs=2,
        outputs=2,
        readout_states=states,
        readout_inputs=inputs,
        readout_squares=squares,
        readout_constant=constant,
    )
    for states, inputs, squares, constant in product((True, False), repeat=4)
]
CELLS, INPUTS = 3, 4  # of these networks


@numba.njit
def _written_in_vectors(layer, outputs, states, u, row):
    own = addresses(layer)
    write_features(memory(row), own, own.cells, memory(outputs), memory(states), memory(u))


@numba.njit
def _written_in_numbers(layer, outputs, states, u, row):
    own, h, s = addresses(layer), memory(outputs), memory(states)
    write_features(numbers(memory(row)), own, own.cells, h, s, memory(u))


def drawn(rng, count):
    """Cell outputs, states (1, C) and an input vector (1, U)."""
    sizes = (CELLS, CELLS, INPUTS)
    return [rng.normal(size=(count, size)) for size in sizes]


@pytest.mark.parametrize("network", NETWORKS)
def test_kernels_lay_features_out_as_python_does(network, rng):
    outputs, states, u = drawn(rng, 1)
    expected = features_of(network, outputs, states, u)[0]
    empty = np.zeros(0)
    layer = layout_of(network).layer(empty, empty)
    in_lanes = []
    for values in (outputs, states):
        in_lanes.append(aligned(values.size * 8))
        in_lanes[-1].reshape(-1, 8)[:] = values.T
    row = aligned(len(expected) * 8)
    _written_in_vectors(layer, *in_lanes, Shared(u[0].copy()), row)
    np.testing.assert_array_equal(row.reshape(-1, 8), expected[:, None] * np.ones(8))
    in_order = [aligned(8), aligned(8)]
    for to, values in zip(in_order, (outputs, states), strict=True):
        to[:CELLS] = values[0]
    row = aligned(len(expected) + 1)
    row[-1] = np.nan  # must stay
    _written_in_numbers(layer, *in_order, Shared(u[0].copy()), row)
    np.testing.assert_array_equal(row[:-1], expected)
    assert np.isnan(row[-1])


@pytest.mark.parametrize("network", NETWORKS)
def test_every_column_is_where_the_layout_says(network, rng):
    outputs, states, u = drawn(rng, 5)
    sources = {
        "outputs": outputs,
        "states": states,
        "inputs": u,
        "constant": np.ones((5, 1)),
    }
    features = features_of(network, outputs, states, u)
    assert features.shape == (5, width(network)) == (5, network.readout_width)
    for source, values in sources.items():
        for squared, wanted in ((False, values), (True, values**2)):
            where = columns_of(network, source, squared=squared)
            there = Columns(source, squared) in layout(network)
            assert (where.stop > where.start) == there
            if there:
                np.testing.assert_array_equal(features[:, where], wanted)


def test_squares_come_after_what_they_are_of(rng):
    network = LSTM(cells=CELLS, inputs=2, outputs=2, readout_squares=True)
    outputs, states, u = drawn(rng, 2)
    expected = np.concatenate([outputs, u, outputs**2, u**2, np.ones((2, 1))], axis=1)
    np.testing.assert_array_equal(features_of(network, outputs, states, u), expected)
