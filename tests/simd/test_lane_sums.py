"""Sums over lanes are those of NumPy, of one vector and of eight."""

import numba
import numpy as np

from evolino.simd.lane_sums import lane_sum, lane_sums
from evolino.simd.memory import aligned_copy, load, memory, store


@numba.njit
def add_up(values, totals):
    rows, to = memory(values), memory(totals)
    a, b, c, d = load(rows, 0), load(rows, 1), load(rows, 2), load(rows, 3)
    e, f, g, h = load(rows, 4), load(rows, 5), load(rows, 6), load(rows, 7)
    store(to, 0, lane_sums((a, b, c, d, e, f, g, h)))
    store(to, 1, lane_sum(c))


def test_sums_over_lanes_are_those_of_numpy(rng):
    values = rng.integers(-(2**40), 2**40, (8, 8)).astype(float)
    totals = aligned_copy(np.zeros((2, 8)))
    add_up(aligned_copy(values).reshape(-1), totals.reshape(-1))
    np.testing.assert_array_equal(totals[0], values.sum(axis=1))
    np.testing.assert_array_equal(totals[1], values[2].sum())
