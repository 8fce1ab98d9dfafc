"""Least squares for eight networks at once: Householder QR over a stream of rows.

Rows [states, targets] are folded, a block at a time, into an upper triangular matrix R with
R^T R = [X Y]^T [X Y], without ever forming that product (Golub & Van Loan 2013, section
5.2). Reflections treat every column by itself, so the scales of columns do not matter here.
Arrays are one-dimensional in units of vectors, R by rows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numba
import numpy as np

from evolino.network.kernels.compiled import compiled
from evolino.network.kernels.lanes import (
    fma,
    higher,
    inverse_or_zero,
    like,
    lower,
    sign,
    sqrt,
    within,
)
from evolino.network.kernels.memory import (
    Shared,
    aligned,
    aligned_copy,
    load,
    memory,
    store,
)
from evolino.vocabulary import Array

njit: Any = numba.njit
WIDTH = 8  # networks together
ROWS = 8  # folded at a time; three columns of them fit into the registers


@njit(inline="always")
def eight(block: Any, at: int) -> Any:
    """Return eight rows of a column, held in registers."""
    return (
        load(block, at),
        load(block, at + 1),
        load(block, at + 2),
        load(block, at + 3),
        load(block, at + 4),
        load(block, at + 5),
        load(block, at + 6),
        load(block, at + 7),
    )


@njit(inline="always")
def dot(x: Any, y: Any) -> Any:
    """Return the product of eight rows of two columns, in two sums that do not wait."""
    a, b = x[0] * y[0], x[1] * y[1]
    a, b = fma(x[2], y[2], a), fma(x[3], y[3], b)
    a, b = fma(x[4], y[4], a), fma(x[5], y[5], b)
    return fma(x[6], y[6], a) + fma(x[7], y[7], b)


@njit(inline="always")
def plus_multiple(y: Any, factor: Any, x: Any) -> Any:
    """Return y + factor x, eight rows of a column."""
    return (
        fma(factor, x[0], y[0]),
        fma(factor, x[1], y[1]),
        fma(factor, x[2], y[2]),
        fma(factor, x[3], y[3]),
        fma(factor, x[4], y[4]),
        fma(factor, x[5], y[5]),
        fma(factor, x[6], y[6]),
        fma(factor, x[7], y[7]),
    )


@njit(inline="always")
def put_eight(block: Any, at: int, x: Any) -> None:
    """Write eight rows of a column."""
    store(block, at, x[0])
    store(block, at + 1, x[1])
    store(block, at + 2, x[2])
    store(block, at + 3, x[3])
    store(block, at + 4, x[4])
    store(block, at + 5, x[5])
    store(block, at + 6, x[6])
    store(block, at + 7, x[7])


@njit(inline="always")
def reflection(triangle: Any, at: int, column: Any) -> Any:
    """Return head and factor of the reflection I - factor v v^T, v = [head, column], that
    takes a column into its diagonal entry, which is written at `at`.

    A column that is 0 to rounding is left as it is: reflections of rounding errors shrink
    until they underflow.
    """
    diagonal = load(triangle, at)
    norm = sqrt(fma(diagonal, diagonal, dot(column, column)))
    side = sign(diagonal)
    head = diagonal + side * norm
    factor = inverse_or_zero(norm * (norm + side * diagonal))
    store(triangle, at, within(factor, 0.0, diagonal, 0.0 - side * norm))
    return head, factor


@njit(inline="always")
def fold(triangle: Any, block: Any, columns: int) -> None:
    """Fold ROWS rows into R by Householder reflections, two columns at a time.

    block: column by column, ROWS of each; overwritten. Two reflections one after another
    take each later column from memory once: with o such a column, v and w the reflections'
    vectors and a, b their factors, o -> o - p v - q w where p = a v o and
    q = b (w o - p w v).
    """
    for k in range(0, columns - 1, 2):
        at = k * columns + k
        v, w = eight(block, k * ROWS), eight(block, (k + 1) * ROWS)
        v_head, a = reflection(triangle, at, v)
        entry = load(triangle, at + 1)
        minus_p = 0.0 - fma(v_head, entry, dot(v, w)) * a
        store(triangle, at + 1, fma(minus_p, v_head, entry))
        w = plus_multiple(w, minus_p, v)
        w_head, b = reflection(triangle, at + columns + 1, w)
        both = dot(w, v)
        for j in range(k + 2, columns):
            o = eight(block, j * ROWS)
            upper = load(triangle, k * columns + j)
            lower = load(triangle, (k + 1) * columns + j)
            minus_p = 0.0 - fma(v_head, upper, dot(v, o)) * a
            q = fma(minus_p, both, fma(w_head, lower, dot(w, o))) * b
            minus_q = 0.0 - q
            store(triangle, k * columns + j, fma(minus_p, v_head, upper))
            store(triangle, (k + 1) * columns + j, fma(minus_q, w_head, lower))
            o = plus_multiple(plus_multiple(o, minus_p, v), minus_q, w)
            put_eight(block, j * ROWS, o)
    if columns % 2 == 1:
        reflection(triangle, columns * columns - 1, eight(block, (columns - 1) * ROWS))


@compiled
def triangular(
    states: Any, targets: Any, rows: int, seen: int, outputs: int, triangle: Any, room: Any
) -> None:
    """Fold all T = `rows` rows of [states, targets] into triangle, zero at first.

    states: T rows of S = `seen`. targets: `Shared`, T rows of K = `outputs`. triangle:
    (S + K) rows of (S + K). room: (S + K) ROWS vectors.
    """
    x, y, r, block = memory(states), memory(targets), memory(triangle), memory(room)
    columns = seen + outputs
    for first in range(0, rows, ROWS):
        count = min(ROWS, rows - first)
        for b in range(count):
            t = first + b
            for j in range(seen):
                store(block, j * ROWS + b, load(x, t * seen + j))
            for j in range(outputs):
                store(block, (seen + j) * ROWS + b, load(y, t * outputs + j))
        for b in range(count, ROWS):
            for j in range(columns):
                store(block, j * ROWS + b, 0.0)
        fold(r, block, columns)


@compiled
def penalised(triangle: Any, seen: int, outputs: int, roots: Any, room: Any) -> None:
    """Fold diag(roots) into a triangle of `triangular`: S = `seen` rows without targets.

    room: (S + K) ROWS vectors.
    """
    r, root, block = memory(triangle), memory(roots), memory(room)
    columns = seen + outputs
    for first in range(0, seen, ROWS):
        for k in range(columns * ROWS):
            store(block, k, 0.0)
        for b in range(min(ROWS, seen - first)):
            store(block, (first + b) * ROWS + b, load(root, first + b))
        fold(r, block, columns)


@compiled
def back_substituted(triangle: Any, seen: int, outputs: int, weights: Any) -> None:
    """Solve R W = Q^T Y for weights, S = `seen` rows of K = `outputs`; a column that is 0
    gets weight 0."""
    r, w = memory(triangle), memory(weights)
    columns = seen + outputs
    for q in range(outputs):
        for i in range(seen - 1, -1, -1):
            value = load(r, i * columns + seen + q)
            for j in range(i + 1, seen):
                minus = 0.0 - load(r, i * columns + j)
                value = fma(minus, load(w, j * outputs + q), value)
            inverse = inverse_or_zero(load(r, i * columns + i))
            store(w, i * outputs + q, value * inverse)


@compiled
def judged(
    triangle: Any, rows: int, seen: int, outputs: int, scales: Any, pivots: Any
) -> None:
    """Write the root mean square of each column of the states, 1 where it is 0, and the
    ratio of the smallest to the largest entry of R's diagonal, columns scaled."""
    r, scale, ratio = memory(triangle), memory(scales), memory(pivots)
    columns = seen + outputs
    first = load(r, 0)
    smallest, largest = like(first, float("inf")), like(first, 0.0)
    for j in range(seen):
        square = like(first, 0.0)
        for i in range(j + 1):
            entry = load(r, i * columns + j)
            square = fma(entry, entry, square)
        root = sqrt(square / float(rows))
        inverse = inverse_or_zero(root)
        store(scale, j, within(root, 0.0, 1.0, root))
        diagonal = load(r, j * columns + j)
        pivot = sign(diagonal) * diagonal * inverse
        smallest = lower(pivot, smallest)
        largest = higher(pivot, largest)
    store(ratio, 0, smallest / largest)


@dataclass(frozen=True, slots=True, eq=False)
class Triangle:
    """R of [states, targets] for WIDTH networks.

    values: (S + K, S + K, WIDTH), aligned. rows: T. scales: (S, WIDTH), the root mean
    square of each column of the states, 1 where it is 0. pivots: (WIDTH,), the smallest
    entry of the scaled diagonal as a part of the largest: NaN or near 0 for a network whose
    columns depend on each other.
    """

    values: Array
    rows: int
    scales: Array
    pivots: Array

    @property
    def seen(self) -> int:
        """S."""
        return len(self.scales)

    @property
    def outputs(self) -> int:
        """K."""
        return len(self.values) - self.seen


def factorise(lanes: Array, targets: Array) -> Triangle:
    """Return R of states (T, S, WIDTH), contiguous and aligned, and targets (T, K)."""
    (rows, seen, _), outputs = lanes.shape, targets.shape[1]
    columns = seen + outputs
    values, room = aligned(columns * columns * WIDTH), aligned(columns * ROWS * WIDTH)
    shared = Shared(np.ascontiguousarray(targets).reshape(-1))
    triangular(lanes.reshape(-1), shared, rows, seen, outputs, values, room)
    scales, pivots = aligned(seen * WIDTH), aligned(WIDTH)
    judged(values, rows, seen, outputs, scales, pivots)
    return Triangle(
        values.reshape(columns, columns, WIDTH), rows, scales.reshape(seen, WIDTH), pivots
    )


def solve_penalised(triangle: Triangle, roots: Array) -> Array:
    """Return (WIDTH, S, K): the W that minimise |X W - Y|^2 + |diag(roots) W|^2.

    roots: (S, WIDTH), square roots of the penalties on squared weights.
    """
    copy, seen, outputs = aligned_copy(triangle.values), triangle.seen, triangle.outputs
    room = aligned(len(copy) * ROWS * WIDTH)
    penalised(copy.reshape(-1), seen, outputs, aligned_copy(roots).reshape(-1), room)
    return solve(replace(triangle, values=copy))


def solve(triangle: Triangle) -> Array:
    """Return (WIDTH, S, K): the W that minimise |X W - Y|^2, for columns of full rank."""
    seen, outputs = triangle.seen, triangle.outputs
    weights = aligned(seen * outputs * WIDTH)
    back_substituted(triangle.values.reshape(-1), seen, outputs, weights)
    return weights.reshape(seen, outputs, WIDTH).transpose(2, 0, 1)
