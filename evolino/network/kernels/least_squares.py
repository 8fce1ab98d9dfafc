"""Least squares for eight networks at once: Householder QR over a stream of rows.

Rows [states, targets] are folded, a block at a time, into an upper triangular matrix R with
R^T R = [X Y]^T [X Y], without ever forming that product (Golub & Van Loan 2013, section
5.2). Columns of X are scaled to root mean square 1 first. Arrays are one-dimensional in
units of WIDTH doubles, R by rows.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from evolino.network.kernels.compiled import compiled
from evolino.network.kernels.lanes import (
    WIDTH,
    fma,
    inverse_or_zero,
    sign,
    splat,
    sqrt,
    within,
)
from evolino.network.kernels.memory import Shared, aligned, load, memory, part, store
from evolino.vocabulary import Array

njit: Any = numba.njit
ROWS = 16  # folded at a time


@njit(inline="always")
def fold(triangle: Any, block: Any, columns: int) -> None:
    """Fold ROWS rows into R by one Householder reflection a column.

    block: column by column, ROWS of each; overwritten. A column that is 0 to rounding is
    left as it is: reflections of rounding errors shrink until they underflow.
    """
    for k in range(columns):
        column, diagonal_at = part(block, k * ROWS), k * columns + k
        square = load(column, 0) * load(column, 0)
        for b in range(1, ROWS):
            square = fma(load(column, b), load(column, b), square)
        diagonal = load(triangle, diagonal_at)
        norm = sqrt(fma(diagonal, diagonal, square))
        side = sign(diagonal)
        head = diagonal + side * norm
        factor = inverse_or_zero(norm * (norm + side * diagonal))
        reflected = within(factor, splat(0.0), diagonal, 0.0 - side * norm)
        store(triangle, diagonal_at, reflected)
        for j in range(k + 1, columns):
            other, entry = part(block, j * ROWS), k * columns + j
            dot = load(column, 0) * load(other, 0)
            for b in range(1, ROWS):
                dot = fma(load(column, b), load(other, b), dot)
            minus = 0.0 - fma(head, load(triangle, entry), dot) * factor
            store(triangle, entry, fma(minus, head, load(triangle, entry)))
            for b in range(ROWS):
                store(other, b, fma(minus, load(column, b), load(other, b)))


@compiled
def column_scales(states: Any, rows: int, columns: int, scales: Any) -> None:
    """Write the root mean square of each of the columns; 1 where it is 0."""
    x, scale = memory(states), memory(scales)
    for j in range(columns):
        square = splat(0.0)
        for t in range(rows):
            square = fma(load(x, t * columns + j), load(x, t * columns + j), square)
        root = sqrt(square / float(rows))
        inverse = inverse_or_zero(root)
        store(scale, j, root + (1.0 - root * inverse))


@compiled
def triangular(
    states: Any,
    targets: Any,
    rows: int,
    seen: int,
    outputs: int,
    scales: Any,
    triangle: Any,
    room: Any,
) -> None:
    """Fold all T = `rows` rows of [states / scales, targets] into triangle, zero at first.

    states: T rows of S = `seen`. targets: `Shared`, T rows of K = `outputs`. triangle:
    (S + K) rows of (S + K). room: (S + K) ROWS + S vectors.
    """
    x, y, scale, r = memory(states), memory(targets), memory(scales), memory(triangle)
    columns = seen + outputs
    block = memory(room)
    inverse = part(block, columns * ROWS)
    for j in range(seen):
        store(inverse, j, 1.0 / load(scale, j))
    for first in range(0, rows, ROWS):
        for b in range(ROWS):
            t = first + b
            for j in range(seen):
                value = splat(0.0)
                if t < rows:
                    value = load(x, t * seen + j) * load(inverse, j)
                store(block, j * ROWS + b, value)
            for j in range(outputs):
                value = load(y, t * outputs + j) if t < rows else splat(0.0)
                store(block, (seen + j) * ROWS + b, value)
        fold(r, block, columns)


@compiled
def penalised(
    triangle: Any, seen: int, outputs: int, roots: Any, weights: Any, room: Any
) -> None:
    """Solve for the weights that minimise |X W - Y|^2 + |diag(roots) W|^2.

    triangle: of `triangular`, overwritten. roots: S = `seen`. weights: gets S rows of
    K = `outputs`. room: (S + K) ROWS vectors.
    """
    r, root, w, block = memory(triangle), memory(roots), memory(weights), memory(room)
    columns = seen + outputs
    for first in range(0, seen, ROWS):
        for k in range(columns * ROWS):
            store(block, k, splat(0.0))
        for b in range(min(ROWS, seen - first)):
            store(block, (first + b) * ROWS + b, load(root, first + b))
        fold(r, block, columns)
    for q in range(outputs):
        for i in range(seen - 1, -1, -1):
            value = load(r, i * columns + seen + q)
            for j in range(i + 1, seen):
                minus = 0.0 - load(r, i * columns + j)
                value = fma(minus, load(w, j * outputs + q), value)
            inverse = inverse_or_zero(load(r, i * columns + i))
            store(w, i * outputs + q, value * inverse)


def scaled_triangle(lanes: Array, targets: Array) -> tuple[Array, Array]:
    """Return column scales (S * WIDTH,) and R ((S + K)^2 * WIDTH,), both in lanes.

    lanes: (T, S, WIDTH), contiguous and aligned. targets: (T, K).
    """
    rows, seen, _ = lanes.shape
    states, outputs = lanes.reshape(-1), targets.shape[1]
    columns = seen + outputs
    scales, triangle = aligned(seen * WIDTH), aligned(columns * columns * WIDTH)
    column_scales(states, rows, seen, scales)
    shared = Shared(np.ascontiguousarray(targets).reshape(-1))
    room = aligned((columns * ROWS + seen) * WIDTH)
    triangular(states, shared, rows, seen, outputs, scales, triangle, room)
    return scales, triangle


def solve_penalised(triangle: Array, scales: Array, outputs: int, roots: Array) -> Array:
    """Return (WIDTH, S, K): weights on unscaled columns.

    triangle, scales: of `scaled_triangle`. roots: (S, WIDTH), square roots of the penalties
    on the squared weights of the scaled columns.
    """
    copy, flat = aligned(len(triangle)), aligned(len(scales))
    copy[:], flat[:] = triangle, roots.reshape(-1)
    seen = len(scales) // WIDTH
    weights = aligned(seen * outputs * WIDTH)
    room = aligned((seen + outputs) * ROWS * WIDTH)
    penalised(copy, seen, outputs, flat, weights, room)
    solved = weights.reshape(seen, outputs, WIDTH) / scales.reshape(seen, 1, WIDTH)
    return np.asarray(solved.transpose(2, 0, 1))
