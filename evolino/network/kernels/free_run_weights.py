"""Gradient of the weights of free runs: what net inputs get times what drives the cells.

Both are summed up over steps and runs. Where all cells drive each other this is a product
of matrices: sources lie in the lanes then, and 24 sums stay in registers. With few sources
a cell, runs lie in the lanes, which are summed up at the end.
"""

from __future__ import annotations

from typing import Any

import numba

from evolino.network.kernels.free_run_course import source
from evolino.network.kernels.net_input import GATE_COUNT
from evolino.simd.lane_sums import lane_sums
from evolino.simd.memory import load, number, numbers, part, store
from evolino.simd.transposition import transpose
from evolino.simd.vectors import WIDTH, fma, like

# Steps that are summed up together: what they need, in vectors, stays in the processor's
# second cache; but no fewer than `SHORTEST`, dense or not.
NEAR, SHORTEST, LONGEST = 4096, (4, 12), 128
ABREAST = 4  # vectors of sources that are summed up together, a panel
njit: Any = numba.njit


@njit
def steps_together(cells: int, width: int, dense: bool) -> int:
    """Return over how many steps `add_weights` sums at once."""
    rows = 2 * (GATE_COUNT * cells + source_rows(cells, width, dense))
    return int(max(SHORTEST[0] if dense else SHORTEST[1], min(NEAR // rows, LONGEST)))


@njit
def source_rows(cells: int, width: int, dense: bool) -> int:
    """Return the rows of all that drives cells: whole vectors of them if dense."""
    count = width + 1 + cells
    return (count + WIDTH - 1) // WIDTH * WIDTH if dense else count


@njit
def weight_vectors(count: int, dense: bool) -> int:
    """Return the vectors of a cell's weights from so many sources: those of each gate, if
    dense, else the four gates of two sources in each."""
    return GATE_COUNT * ((count + WIDTH - 1) // WIDTH) if dense else (count + 1) // 2


@njit(inline="always")
def keep_seen(network: Any, own: Any, wide: int, column: int, row: int,
              seen: Any) -> None:  # fmt: skip
    """Keep what drives cells at a step.

    own: (U + 1 + C) in vectors, `wide` of them each. column: the number of the step. row:
    vectors of each source for all steps. seen: sparse (U + 1 + C, `row`); dense a panel of
    ABREAST vectors of sources after another, for each run and step, then vectors by
    themselves.
    """
    count = network.width + 1 + network.cells
    if not network.dense:
        for j in range(count):
            for half in range(wide):
                store(seen, j * row + wide * column + half, load(own, wide * j + half))
        return
    vectors = (count + WIDTH - 1) // WIDTH
    for v in range(vectors):
        apart, at = 1, v * row * WIDTH
        if v < vectors // ABREAST * ABREAST:
            apart, at = ABREAST, v // ABREAST * ABREAST * row * WIDTH + v % ABREAST
        at += column * wide * WIDTH * apart
        for half in range(wide):
            given = part(own, wide * WIDTH * v + half)
            to = part(seen, at + half * WIDTH * apart)
            if v < count // WIDTH:
                transpose(given, wide, to, apart)
            else:
                _keep_last(given, wide, count - WIDTH * v, to, apart)


@njit(inline="always")
def _keep_last(own: Any, wide: int, count: int, to: Any, apart: int) -> None:
    """Transpose fewer than eight vectors, each `wide` vectors after the one before, into
    the first lanes of eight, each `apart` vectors after the one before."""
    for j in range(count):
        given, into = numbers(part(own, wide * j)), numbers(to)
        for r in range(WIDTH):
            store(into, r * apart * WIDTH + j, number(given, r))


@njit
def add_weights(network: Any, passed: Any, seen: Any, row: int, steps: int,
                to: Any) -> None:  # fmt: skip
    """Add what net inputs pass on to the weights.

    passed: (4 C, `row`), what the net inputs get. seen: as of `keep_seen`. steps: vectors
    of a row that count. to: (C, `weight_vectors`).
    """
    count = network.width + 1 + network.recurrent
    if network.dense:
        rows, n, k = GATE_COUNT * network.cells, (count + WIDTH - 1) // WIDTH, 0
        while k + ABREAST <= n:
            own = part(seen, k * row * WIDTH)
            for g in range(0, rows, 6):
                _add_panel(passed, own, row, steps * WIDTH, (g, rows), part(to, k), n)
            k += ABREAST
        while k < n:
            own = part(seen, k * row * WIDTH)
            for g in range(0, rows, 8):
                _add_column(passed, own, row, steps * WIDTH, (g, rows), part(to, k), n)
            k += 1
        return
    for c in range(network.cells):
        for j in range(0, count, 2):
            _add_one(network, (passed, seen), row, steps, c, j, to)


@njit(inline="always")
def _add_four(x: Any, factor: Any, sums: Any) -> Any:
    return (
        fma(x[0], factor, sums[0]), fma(x[1], factor, sums[1]),
        fma(x[2], factor, sums[2]), fma(x[3], factor, sums[3]),
    )  # fmt: skip


@njit(inline="always")
def _give_row(to: Any, row: int, count: int, n: int, sums: Any) -> None:
    """Add four sums to a row, if there is one."""
    if row < count:
        at = part(to, row * n)
        store(at, 0, load(at, 0) + sums[0])
        store(at, 1, load(at, 1) + sums[1])
        store(at, 2, load(at, 2) + sums[2])
        store(at, 3, load(at, 3) + sums[3])


@njit(inline="always")
def _add_panel(passed: Any, seen: Any, row: int, runs: int, rows: Any, to: Any,
               n: int) -> None:  # fmt: skip
    """Add to six rows of weights from a panel of sources. rows: the first one, and how many
    there are; those beyond the last one are it again, and left out."""
    first, count = rows
    own, last = numbers(passed), count - 1
    p, q = part(own, first * row * WIDTH), part(own, min(first + 1, last) * row * WIDTH)
    r = part(own, min(first + 2, last) * row * WIDTH)
    s = part(own, min(first + 3, last) * row * WIDTH)
    u = part(own, min(first + 4, last) * row * WIDTH)
    v = part(own, min(first + 5, last) * row * WIDTH)
    zero = like(load(seen, 0), 0.0)
    a = b = c = d = e = f = (zero, zero, zero, zero)
    for k in range(runs):
        x = (
            load(seen, 4 * k), load(seen, 4 * k + 1),
            load(seen, 4 * k + 2), load(seen, 4 * k + 3),
        )  # fmt: skip
        a, b = _add_four(x, number(p, k), a), _add_four(x, number(q, k), b)
        c, d = _add_four(x, number(r, k), c), _add_four(x, number(s, k), d)
        e, f = _add_four(x, number(u, k), e), _add_four(x, number(v, k), f)
    _give_row(to, first, count, n, a)
    _give_row(to, first + 1, count, n, b)
    _give_row(to, first + 2, count, n, c)
    _give_row(to, first + 3, count, n, d)
    _give_row(to, first + 4, count, n, e)
    _give_row(to, first + 5, count, n, f)


@njit(inline="always")
def _add_column(passed: Any, seen: Any, row: int, runs: int, rows: Any, to: Any,
                n: int) -> None:  # fmt: skip
    """Add to eight rows of weights from a vector of sources; as `_add_panel`."""
    first, count = rows
    own, last = numbers(passed), count - 1
    p, q = part(own, first * row * WIDTH), part(own, min(first + 4, last) * row * WIDTH)
    zero = like(load(seen, 0), 0.0)
    a = b = (zero, zero, zero, zero)
    apart = row * WIDTH
    for k in range(runs):
        x = load(seen, k)
        a = (
            fma(x, number(p, k), a[0]), fma(x, number(p, apart + k), a[1]),
            fma(x, number(p, 2 * apart + k), a[2]), fma(x, number(p, 3 * apart + k), a[3]),
        )  # fmt: skip
        b = (
            fma(x, number(q, k), b[0]), fma(x, number(q, apart + k), b[1]),
            fma(x, number(q, 2 * apart + k), b[2]), fma(x, number(q, 3 * apart + k), b[3]),
        )  # fmt: skip
    for k in range(4):
        at = (first + k) * n
        store(to, at, load(to, at) + a[k])
    if first + 4 < count:
        for k in range(4):
            at = (first + 4 + k) * n
            store(to, at, load(to, at) + b[k])


@njit(inline="always")
def _source(network: Any, c: int, j: int) -> Any:
    """Return the place of a cell's j-th source, its last one beyond that."""
    j = min(j, network.width + network.recurrent)
    if j > network.width:
        return source(network, c, j - network.width - 1)
    return j


@njit(inline="always")
def _add_one(network: Any, given: Any, row: int, steps: int, c: int, j: int,
             to: Any) -> None:  # fmt: skip
    """Add to the weights of a cell from source j and the next one."""
    passed, seen = given
    x, y = (
        part(seen, _source(network, c, j) * row),
        part(seen, _source(network, c, j + 1) * row),
    )
    d = part(passed, GATE_COUNT * c * row)
    zero = like(load(x, 0), 0.0)
    p = q = (zero, zero, zero, zero)
    for t in range(steps):
        four = load(d, t), load(d, row + t), load(d, 2 * row + t), load(d, 3 * row + t)
        p, q = _add_four(four, load(x, t), p), _add_four(four, load(y, t), q)
    at = c * weight_vectors(network.width + 1 + network.recurrent, False) + j // 2
    sums = (p[0], p[1], p[2], p[3], q[0], q[1], q[2], q[3])
    store(to, at, load(to, at) + lane_sums(sums))
