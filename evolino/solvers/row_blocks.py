"""QR of one tall matrix: Householder reflections over sixty-four of its rows at a time.

Golub & Van Loan 2013, section 5.2: each block of rows is eliminated against the triangle
that those before left, so that what a reflection goes over stays near the processor. Rows
lie in the lanes.
"""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np

from evolino.simd.compiled import compiled
from evolino.simd.lane_sums import lane_sum
from evolino.simd.memory import (
    Shared,
    aligned,
    memory,
    number,
    numbers,
    part,
    shared,
    store,
)
from evolino.simd.vectors import WIDTH
from evolino.solvers.reflections import ROWS, dot, eight, plus_multiple, put_eight
from evolino.vocabulary import Array

BLOCK = ROWS * WIDTH  # rows at a time
njit: Any = numba.njit


def triangle_of(columns: Array, scales: Array, right: Array, diagonal: float
                ) -> tuple[Array, Array]:  # fmt: skip
    """Return R (S, S) and Q' Y (S, K) of columns (T, S) above a multiple of the identity.

    Columns are divided by their scales. right: Y (T, K), 0 beside the identity. diagonal:
    that multiple. NaN goes through.
    """
    (count, width), outputs = columns.shape, right.shape[1]
    triangle = np.zeros((width, width + outputs))
    np.fill_diagonal(triangle, diagonal)
    _eliminate(
        shared(columns), shared(1.0 / scales), shared(right), Shared(triangle.reshape(-1)),
        aligned(BLOCK * (width + outputs)), count, width, outputs,
    )  # fmt: skip
    return np.ascontiguousarray(triangle[:, :width]), triangle[:, width:]


@compiled
def _eliminate(columns: Any, inverses: Any, right: Any, triangle: Any, block: Any,
               count: int, width: int, outputs: int) -> None:  # fmt: skip
    """Eliminate all rows. triangle: (S, S + K). block: lanes of (S + K, ROWS)."""
    x, scale, y = memory(columns), memory(inverses), memory(right)
    rows, own = memory(block), memory(triangle)
    entries, whole = numbers(rows), width + outputs
    for first in range(0, count, BLOCK):
        there = min(BLOCK, count - first)
        for begin in range(0, there, WIDTH):  # a vector is written as a whole
            end = min(begin + WIDTH, there)
            of_x, of_y = part(x, first * width), part(y, first * outputs)
            for j in range(width):
                for r in range(begin, end):
                    scaled = number(of_x, r * width + j) * number(scale, j)
                    store(entries, j * BLOCK + r, scaled)
            for j in range(outputs):
                for r in range(begin, end):
                    store(entries, (width + j) * BLOCK + r, number(of_y, r * outputs + j))
        for r in range(there, BLOCK):
            for j in range(whole):
                store(entries, j * BLOCK + r, 0.0)
        for k in range(0, width - 1, 2):
            _reflect_two(rows, part(own, k * whole), k, whole)
        if width % 2:
            _reflect(rows, part(own, (width - 1) * whole), width - 1, whole)


@njit(inline="always")
def _reflection(square: float, corner: float) -> Any:
    """Return head, factor and new corner of the reflection of a column of a block, of that
    square, and the corner of the triangle above it; one of 0 is left as it is."""
    if square == 0.0:
        return 0.0, 0.0, corner
    norm = math.sqrt(corner * corner + square)
    first = corner + math.copysign(norm, corner)
    factor = 1.0 / (norm * (norm + abs(corner)))
    return first, factor, -math.copysign(norm, corner)


@njit(inline="always")
def _reflect(rows: Any, own: Any, k: int, whole: int) -> None:
    """Eliminate column k of a block by a reflection of it and of row k of the triangle."""
    v = eight(rows, k * ROWS)
    first, factor, corner = _reflection(lane_sum(dot(v, v)), number(own, k))
    store(own, k, corner)
    for j in range(k + 1, whole):
        column, top = eight(rows, j * ROWS), number(own, j)
        amount = factor * (first * top + lane_sum(dot(v, column)))
        store(own, j, top - amount * first)
        put_eight(rows, j * ROWS, plus_multiple(column, -amount, v))


@njit(inline="always")
def _reflect_two(rows: Any, own: Any, k: int, whole: int) -> None:
    """Eliminate columns k and k + 1: a column that is read goes through both reflections.

    Of a column o the first one takes p v away, and the second one, of w, takes
    q w away with q = b (head below + w o - p v w).
    """
    below = part(own, whole)
    v, w = eight(rows, k * ROWS), eight(rows, (k + 1) * ROWS)
    head, a, corner = _reflection(lane_sum(dot(v, v)), number(own, k))
    store(own, k, corner)
    top = number(own, k + 1)
    p = a * (head * top + lane_sum(dot(v, w)))
    store(own, k + 1, top - p * head)
    w = plus_multiple(w, -p, v)
    second, b, corner = _reflection(lane_sum(dot(w, w)), number(below, k + 1))
    store(below, k + 1, corner)
    both = lane_sum(dot(v, w))
    for j in range(k + 2, whole):
        column, top, under = eight(rows, j * ROWS), number(own, j), number(below, j)
        p = a * (head * top + lane_sum(dot(v, column)))
        q = b * (second * under + lane_sum(dot(w, column)) - p * both)
        store(own, j, top - p * head)
        store(below, j, under - q * second)
        column = plus_multiple(plus_multiple(column, -p, v), -q, w)
        put_eight(rows, j * ROWS, column)
