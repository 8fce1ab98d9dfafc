"""Columns of one network's rows, eight rows in a vector, the last vector filled with 0."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from evolino.simd.memory import load, number, numbers, part, store
from evolino.simd.vectors import fma, like

njit: Any = numba.njit

COMPILED_COLUMNS = 200  # of a readout's problem; beyond so many LAPACK is as fast


@njit(inline="always")
def total(scratch: Any, lanes: Any) -> Any:
    """Return the sum of the numbers in a vector. scratch: one vector."""
    store(scratch, 0, lanes)
    at = numbers(scratch)
    low = (number(at, 0) + number(at, 1)) + (number(at, 2) + number(at, 3))
    return low + ((number(at, 4) + number(at, 5)) + (number(at, 6) + number(at, 7)))


@njit
def dot(v: Any, w: Any, blocks: int, scratch: Any) -> Any:
    """Return the product of two columns, in four sums that do not wait."""
    a = b = c = d = like(load(v, 0), 0.0)
    last = blocks - blocks % 4
    for k in range(0, last, 4):
        a = fma(load(v, k), load(w, k), a)
        b = fma(load(v, k + 1), load(w, k + 1), b)
        c = fma(load(v, k + 2), load(w, k + 2), c)
        d = fma(load(v, k + 3), load(w, k + 3), d)
    for k in range(last, blocks):
        a = fma(load(v, k), load(w, k), a)
    return total(scratch, (a + b) + (c + d))


@njit
def add_multiple(target: Any, factor: float, column: Any, blocks: int) -> None:
    """target += factor column."""
    for k in range(blocks):
        store(target, k, fma(load(column, k), factor, load(target, k)))


@njit
def scaled(
    states: Any, network: int, x: Any, scales: Any, blocks: int, scratch: Any
) -> bool:
    """Copy a network's states to x, columns scaled; return whether they are finite.

    states: (T, S, WIDTH). scales: (S,) gets the root mean squares, 1 for a column of 0.
    """
    rows, columns = states.shape[0], states.shape[1]
    for j in range(columns):
        column = part(x, j * blocks)
        store(column, blocks - 1, 0.0)
        at = numbers(column)
        for t in range(rows):
            store(at, t, states[t, j, network])
        square = dot(column, column, blocks, scratch) / rows
        if not square < np.inf:
            return False
        scales[j] = np.sqrt(square) if square > 0.0 else 1.0
        for k in range(blocks):
            store(column, k, load(column, k) / scales[j])
    return True


@njit
def put_column(target: Any, values: Any, k: int, blocks: int) -> None:
    """Write column k of values (T, K) to target."""
    store(target, blocks - 1, 0.0)
    at = numbers(target)
    for t in range(values.shape[0]):
        store(at, t, values[t, k])
