"""Householder reflections over eight rows of a column, held in registers, two at a time.

Golub & Van Loan 2013, section 5.1. A triangle is a matrix R by rows, in units of vectors.
"""

from __future__ import annotations

from typing import Any

import numba

from evolino.simd.memory import load, store
from evolino.simd.vectors import fma, inverse_or_zero, sign, sqrt, within

njit: Any = numba.njit
ROWS = 8  # at a time; three columns of them fit into the registers


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
def two_reflections(triangle: Any, columns: int, k: int, v: Any, w: Any) -> Any:
    """Return the reflections of columns k and k + 1: vectors, factors a and b, heads, and
    the product of the vectors. The first reflection is applied to w."""
    at = k * columns + k
    v_head, a = reflection(triangle, at, v)
    entry = load(triangle, at + 1)
    minus_p = 0.0 - fma(v_head, entry, dot(v, w)) * a
    store(triangle, at + 1, fma(minus_p, v_head, entry))
    w = plus_multiple(w, minus_p, v)
    w_head, b = reflection(triangle, at + columns + 1, w)
    return v, w, a, b, v_head, w_head, dot(w, v)


@njit(inline="always")
def reflected(triangle: Any, columns: int, k: int, j: int, o: Any, reflections: Any) -> Any:
    """Apply both reflections of columns k and k + 1 to column j; return its rows of o.

    o -> o - p v - q w where p = a v o and q = b (w o - p w v).
    """
    v, w, a, b, v_head, w_head, both = reflections
    upper = load(triangle, k * columns + j)
    lower = load(triangle, (k + 1) * columns + j)
    minus_p = 0.0 - fma(v_head, upper, dot(v, o)) * a
    q = fma(minus_p, both, fma(w_head, lower, dot(w, o))) * b
    minus_q = 0.0 - q
    store(triangle, k * columns + j, fma(minus_p, v_head, upper))
    store(triangle, (k + 1) * columns + j, fma(minus_q, w_head, lower))
    return plus_multiple(plus_multiple(o, minus_p, v), minus_q, w)


@njit(inline="always")
def column_of(rows: Any, width: int, j: int) -> Any:
    """Return eight rows of column j of rows that are `width` wide."""
    return (
        load(rows, j),
        load(rows, width + j),
        load(rows, 2 * width + j),
        load(rows, 3 * width + j),
        load(rows, 4 * width + j),
        load(rows, 5 * width + j),
        load(rows, 6 * width + j),
        load(rows, 7 * width + j),
    )
