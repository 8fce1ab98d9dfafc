"""Least squares for eight networks at once: Householder QR over a stream of rows.

Rows [states, targets] are folded, a block at a time, into an upper triangular matrix R with
R^T R = [X Y]^T [X Y], without ever forming that product (Golub & Van Loan 2013, section
5.2). Reflections treat every column by itself, so the scales of columns do not matter here.
Arrays are one-dimensional in units of vectors, R by rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numba
import numpy as np

from evolino.simd.compiled import compiled
from evolino.simd.memory import (
    Shared,
    aligned,
    aligned_copy,
    load,
    memory,
    out_of_lanes,
    part,
    store,
)
from evolino.simd.vectors import (
    WIDTH,
    fma,
    higher,
    inverse_or_zero,
    like,
    lower,
    sign,
    sqrt,
    within,
)
from evolino.solvers.reflections import (
    ROWS,
    column_of,
    dot,
    eight,
    put_eight,
    reflected,
    reflection,
    two_reflections,
)
from evolino.vocabulary import Array

njit: Any = numba.njit


@njit(inline="always")
def fold(triangle: Any, block: Any, features: int, columns: int, first: int) -> None:
    """Fold ROWS rows into R by Householder reflections, two columns at a time.

    block: column by column, ROWS of each; overwritten. first: the column to begin with.
    Two reflections one after another take each later column from memory once. Targets get
    none of their own: nothing asks for what they leave.
    """
    last = features - features % 2
    for k in range(first, last, 2):
        v, w = eight(block, k * ROWS), eight(block, (k + 1) * ROWS)
        reflections = two_reflections(triangle, columns, k, v, w)
        for j in range(k + 2, columns):
            o = eight(block, j * ROWS)
            o = reflected(triangle, columns, k, j, o, reflections)
            put_eight(block, j * ROWS, o)
    if last < features:
        v = eight(block, last * ROWS)
        v_head, a = reflection(triangle, last * columns + last, v)
        for j in range(features, columns):
            entry = load(triangle, last * columns + j)
            minus_p = 0.0 - fma(v_head, entry, dot(v, eight(block, j * ROWS))) * a
            store(triangle, last * columns + j, fma(minus_p, v_head, entry))


@njit(inline="always")
def fold_from(
    x: Any, y: Any, features: int, outputs: int, triangle: Any, block: Any
) -> None:
    """Fold ROWS rows of [states, targets], at least two states, as `fold` does.

    The first two reflections are applied on the way to the block.
    """
    columns = features + outputs
    v, w = column_of(x, features, 0), column_of(x, features, 1)
    reflections = two_reflections(triangle, columns, 0, v, w)
    for j in range(2, features):
        o = reflected(triangle, columns, 0, j, column_of(x, features, j), reflections)
        put_eight(block, j * ROWS, o)
    for j in range(outputs):
        o = column_of(y, outputs, j)
        o = reflected(triangle, columns, 0, features + j, o, reflections)
        put_eight(block, (features + j) * ROWS, o)
    fold(triangle, block, features, columns, 2)


@njit
def fold_rows(
    x: Any, y: Any, rows: int, features: int, outputs: int, triangle: Any, block: Any
) -> None:
    """Fold all T = `rows` rows of [states, targets] into a triangle, 0 at first.

    x: T rows of S = `features`. y: of a `Shared`, T rows of K = `outputs`. triangle:
    (S + K) rows of (S + K). block: (S + K) ROWS vectors.
    """
    columns = features + outputs
    whole = rows - rows % ROWS if features > 1 else 0
    for first in range(0, whole, ROWS):
        its, wanted = part(x, first * features), part(y, first * outputs)
        fold_from(its, wanted, features, outputs, triangle, block)
    for first in range(whole, rows, ROWS):
        count = min(ROWS, rows - first)
        for b in range(count):
            t = first + b
            for j in range(features):
                store(block, j * ROWS + b, load(x, t * features + j))
            for j in range(outputs):
                store(block, (features + j) * ROWS + b, load(y, t * outputs + j))
        for b in range(count, ROWS):
            for j in range(columns):
                store(block, j * ROWS + b, 0.0)
        fold(triangle, block, features, columns, 0)


@njit
def fold_penalties(
    triangle: Any, features: int, outputs: int, roots: Any, block: Any
) -> None:
    """Fold diag(roots) into a triangle: S = `features` rows without targets.

    block: (S + K) ROWS vectors.
    """
    columns = features + outputs
    for first in range(0, features, ROWS):
        for k in range(columns * ROWS):
            store(block, k, 0.0)
        for b in range(min(ROWS, features - first)):
            store(block, (first + b) * ROWS + b, load(roots, first + b))
        fold(triangle, block, features, columns, 0)


@njit
def substitute_back(triangle: Any, features: int, outputs: int, weights: Any) -> None:
    """Solve R W = Q^T Y for weights, S = `features` rows of K = `outputs`; a column that is
    0 gets weight 0."""
    columns = features + outputs
    for q in range(outputs):
        for i in range(features - 1, -1, -1):
            value = load(triangle, i * columns + features + q)
            for j in range(i + 1, features):
                minus = 0.0 - load(triangle, i * columns + j)
                value = fma(minus, load(weights, j * outputs + q), value)
            inverse = inverse_or_zero(load(triangle, i * columns + i))
            store(weights, i * outputs + q, value * inverse)


@njit
def judge(
    triangle: Any, rows: int, features: int, outputs: int, scales: Any, pivots: Any
) -> None:
    """Write the root mean square of each column of the states, 1 where it is 0, and the
    ratio of the smallest to the largest entry of R's diagonal, columns scaled."""
    columns = features + outputs
    first = load(triangle, 0)
    smallest, largest = like(first, float("inf")), like(first, 0.0)
    for j in range(features):
        square = like(first, 0.0)
        for i in range(j + 1):
            entry = load(triangle, i * columns + j)
            square = fma(entry, entry, square)
        root = sqrt(square / float(rows))
        inverse = inverse_or_zero(root)
        store(scales, j, within(root, 0.0, 1.0, root))
        diagonal = load(triangle, j * columns + j)
        pivot = sign(diagonal) * diagonal * inverse
        smallest = lower(pivot, smallest)
        largest = higher(pivot, largest)
    store(pivots, 0, smallest / largest)


@compiled
def factorised(
    states: Any, targets: Any, rows: int, features: int, outputs: int, parts: Any
) -> None:
    """Write R, scales, pivots and weights, the parts of a `Triangle`, of T = `rows` rows.

    states: T rows of S = `features`. targets: `Shared`, T rows of K = `outputs`. parts:
    zeros, (S + K) ROWS vectors of workspace at the end.
    """
    columns = features + outputs
    triangle = memory(parts)
    scales = part(triangle, columns * columns)
    pivots = part(scales, features)
    weights = part(pivots, 1)
    block = part(weights, features * outputs)
    fold_rows(memory(states), memory(targets), rows, features, outputs, triangle, block)
    judge(triangle, rows, features, outputs, scales, pivots)
    substitute_back(triangle, features, outputs, weights)


@compiled
def penalised(roots: Any, features: int, outputs: int, parts: Any) -> None:
    """Fold penalties of `roots` into R, the first of parts; write the weights, the next.

    parts: with (S + K) ROWS vectors of workspace at the end.
    """
    columns = features + outputs
    triangle = memory(parts)
    weights = part(triangle, columns * columns)
    block = part(weights, features * outputs)
    fold_penalties(triangle, features, outputs, memory(roots), block)
    substitute_back(triangle, features, outputs, weights)


@dataclass(frozen=True, slots=True, eq=False)
class Triangle:
    """R of [states, targets] for WIDTH networks, and what follows from it.

    values: (S + K, S + K, WIDTH), aligned; rows from S on mean nothing. scales: (S, WIDTH),
    the root mean square of each column of the states, 1 where it is 0. pivots: (WIDTH,),
    the smallest entry of the scaled diagonal as a part of the largest: NaN or near 0 for a
    network whose columns depend on each other. weights: (WIDTH, S, K), the W that minimise
    |X W - Y|^2 if they do not.
    """

    values: Array
    scales: Array
    pivots: Array
    weights: Array


def factorise(lanes: Array, targets: Array) -> Triangle:
    """Return R of states (T, S, WIDTH), contiguous and aligned, and targets (T, K)."""
    (rows, features, _), outputs = lanes.shape, targets.shape[1]
    columns = features + outputs
    sizes = (columns * columns, features, 1, features * outputs, columns * ROWS)
    parts = aligned(sum(sizes) * WIDTH)
    shared = Shared(np.ascontiguousarray(targets).reshape(-1))
    factorised(lanes.reshape(-1), shared, rows, features, outputs, parts)
    values, scales, pivots, weights = _parts_of(parts, sizes[:-1])
    return Triangle(
        values.reshape(columns, columns, WIDTH),
        scales.reshape(features, WIDTH),
        pivots,
        out_of_lanes(weights.reshape(features, outputs, WIDTH), WIDTH),
    )


def solve_penalised(triangle: Triangle, roots: Array) -> Array:
    """Return (WIDTH, S, K): the W that minimise |X W - Y|^2 + |diag(roots) W|^2.

    roots: (S, WIDTH), square roots of the penalties on squared weights.
    """
    columns, (features, _) = len(triangle.values), roots.shape
    outputs = columns - features
    sizes = (columns * columns, features * outputs, columns * ROWS)
    parts = aligned(sum(sizes) * WIDTH)
    values, weights = _parts_of(parts, sizes[:-1])
    values[:] = triangle.values.reshape(-1)
    penalised(aligned_copy(roots).reshape(-1), features, outputs, parts)
    return out_of_lanes(weights.reshape(features, outputs, WIDTH), WIDTH)


def _parts_of(parts: Array, sizes: Sequence[int]) -> list[Array]:
    """Return the first parts of an array; sizes: in vectors."""
    ends = list(accumulate(size * WIDTH for size in sizes))
    return [parts[a:b] for a, b in zip([0, *ends], ends, strict=False)]
