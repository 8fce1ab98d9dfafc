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

from evolino.network.kernels.lanes import (
    WIDTH,
    aligned,
    fma,
    inverse_or_zero,
    load,
    scratch,
    sign,
    splat,
    sqrt,
    store,
    within,
)
from evolino.vocabulary import Array

njit: Any = numba.njit
ROWS = 16  # folded at a time


@njit(inline="always")
def fold(triangle: Any, block: Any, columns: int, rows: int) -> None:
    """Fold rows into R by one Householder reflection a column.

    block: column by column, `rows` of each; overwritten. A column that is 0 to rounding is
    left as it is: reflections of rounding errors shrink until they underflow.
    """
    for k in range(columns):
        column = k * rows * WIDTH
        square = load(block, column) * load(block, column)
        for b in range(1, rows):
            value = load(block, column + b * WIDTH)
            square = fma(value, value, square)
        diagonal = load(triangle, (k * columns + k) * WIDTH)
        norm = sqrt(fma(diagonal, diagonal, square))
        side = sign(diagonal)
        head = diagonal + side * norm
        factor = inverse_or_zero(norm * (norm + side * diagonal))
        reflected = within(factor, splat(0.0), diagonal, 0.0 - side * norm)
        store(triangle, (k * columns + k) * WIDTH, reflected)
        for j in range(k + 1, columns):
            other, entry = j * rows * WIDTH, (k * columns + j) * WIDTH
            dot = load(block, column) * load(block, other)
            for b in range(1, rows):
                value = load(block, column + b * WIDTH)
                dot = fma(value, load(block, other + b * WIDTH), dot)
            dot = fma(head, load(triangle, entry), dot) * factor
            minus = 0.0 - dot
            store(triangle, entry, fma(minus, head, load(triangle, entry)))
            for b in range(rows):
                at = other + b * WIDTH
                value = load(block, column + b * WIDTH)
                store(block, at, fma(minus, value, load(block, at)))


@njit(nogil=True, cache=True)
def column_scales(states: Any, rows: int, columns: int, scales: Any) -> None:
    """Write the root mean square of each of the columns; 1 where it is 0."""
    for j in range(columns):
        square = splat(0.0)
        for t in range(rows):
            value = load(states, (t * columns + j) * WIDTH)
            square = fma(value, value, square)
        root = sqrt(square / float(rows))
        inverse = inverse_or_zero(root)
        store(scales, j * WIDTH, root + (1.0 - root * inverse))


@njit(nogil=True, cache=True)
def triangular(states: Any, targets: Any, scales: Any, triangle: Any) -> None:
    """Fold all rows of [states / scales, targets] into triangle, which starts at zero.

    states: T rows of S. targets: (T, K). triangle: (S + K) rows of (S + K).
    """
    rows, outputs = targets.shape
    seen = len(scales) // WIDTH
    columns = seen + outputs
    block, inverse = scratch(columns * ROWS * WIDTH), scratch(seen * WIDTH)
    for j in range(seen):
        store(inverse, j * WIDTH, 1.0 / load(scales, j * WIDTH))
    for first in range(0, rows, ROWS):
        count = min(ROWS, rows - first)
        if count < ROWS:
            block[:] = 0.0
        for b in range(count):
            at = (first + b) * seen * WIDTH
            for j in range(seen):
                value = load(states, at + j * WIDTH) * load(inverse, j * WIDTH)
                store(block, (j * ROWS + b) * WIDTH, value)
            for j in range(outputs):
                value = splat(targets[first + b, j])
                store(block, ((seen + j) * ROWS + b) * WIDTH, value)
        fold(triangle, block, columns, ROWS)


@njit(nogil=True, cache=True)
def penalised(triangle: Any, outputs: int, roots: Any, weights: Any) -> None:
    """Solve for the weights that minimise |X W - Y|^2 + |diag(roots) W|^2.

    triangle: of `triangular`, overwritten. roots: S. weights: gets S rows of K.
    """
    seen = len(roots) // WIDTH
    columns = seen + outputs
    block = scratch(columns * ROWS * WIDTH)
    for first in range(0, seen, ROWS):
        block[:] = 0.0
        for b in range(min(ROWS, seen - first)):
            j = first + b
            store(block, (j * ROWS + b) * WIDTH, load(roots, j * WIDTH))
        fold(triangle, block, columns, ROWS)
    for q in range(outputs):
        for i in range(seen - 1, -1, -1):
            value = load(triangle, (i * columns + seen + q) * WIDTH)
            for j in range(i + 1, seen):
                minus = 0.0 - load(triangle, (i * columns + j) * WIDTH)
                value = fma(minus, load(weights, (j * outputs + q) * WIDTH), value)
            inverse = inverse_or_zero(load(triangle, (i * columns + i) * WIDTH))
            store(weights, (i * outputs + q) * WIDTH, value * inverse)


def scaled_triangle(lanes: Array, targets: Array) -> tuple[Array, Array]:
    """Return column scales (S * WIDTH,) and R ((S + K)^2 * WIDTH,), both in lanes.

    lanes: (T, S, WIDTH), contiguous and aligned. targets: (T, K).
    """
    rows, seen, _ = lanes.shape
    states = lanes.reshape(-1)
    columns = seen + targets.shape[1]
    scales, triangle = aligned(seen * WIDTH), aligned(columns * columns * WIDTH)
    column_scales(states, rows, seen, scales)
    triangular(states, np.ascontiguousarray(targets), scales, triangle)
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
    penalised(copy, outputs, flat, weights)
    solved = weights.reshape(seen, outputs, WIDTH) / scales.reshape(seen, 1, WIDTH)
    return np.asarray(solved.transpose(2, 0, 1))
