"""Addresses of arrays, and of records of arrays, in kernels."""

from typing import Any, NamedTuple

import numba
import numpy as np
import pytest

from evolino.simd.memory import (
    Shared,
    addresses,
    aligned,
    clear,
    copy,
    load,
    memory,
    numbers,
    part,
    store,
    width_of,
)


class Record(NamedTuple):
    """One field of each kind that there is."""

    lanes: Any
    shared: Any
    integers: Any
    size: int
    factor: float
    wanted: bool


@numba.njit
def _with_addresses(record, result):
    given, to = addresses(record), memory(result)
    if given.wanted:
        shared = load(given.shared, load(given.integers, 1))
        store(to, 0, load(given.lanes, 0) + shared * given.factor)
        copy(given.shared, part(to, 1), given.size)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_record_of_arrays_becomes_one_of_addresses(dtype):
    width = width_of(dtype)
    lanes, result = aligned(width, dtype), aligned(3 * width, dtype)
    lanes[:] = np.arange(width)
    shared = Shared(np.array([5.0, 7.0], dtype))
    for wanted in (False, True):
        record = Record(lanes, shared, np.array([0, 1]), 2, 2.0, wanted)
        _with_addresses(record, result)
        assert result.any() == wanted
    expected = [np.arange(width) + 14.0, np.full(width, 5.0), np.full(width, 7.0)]
    np.testing.assert_array_equal(result.reshape(3, width), expected)


@numba.njit
def _by_number(source, shared, result):
    to = numbers(memory(result))
    copy(memory(source), to, 3)
    copy(memory(shared), part(to, 3), 2)
    store(to, 5, 1.0)
    clear(part(to, 6), 2)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_numbers_take_numbers_from_lanes_and_shared_ones(dtype):
    source, result = aligned(16, dtype), aligned(16, dtype)
    source[:] = np.arange(16)
    result[:] = -1.0
    _by_number(source, Shared(np.array([8.0, 9.0], dtype)), result)
    np.testing.assert_array_equal(result[:9], [0, 1, 2, 8, 9, 1, 0, 0, -1])
