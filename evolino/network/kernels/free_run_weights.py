"""Gradient of the weights of free runs: what net inputs get times what drives the cells.

Both are summed up over steps and runs. Runs lie in the lanes, so a sum of products is one
over vectors, whose lanes are summed up at its end.
"""

from __future__ import annotations

from typing import Any

import numba

from evolino.network.kernels.free_run_kept import source
from evolino.network.kernels.net_input import GATE_COUNT
from evolino.simd.lane_sums import lane_sums
from evolino.simd.memory import load, part, store
from evolino.simd.vectors import fma, like

# Steps that are summed up together: what they need, in vectors, stays in the processor's
# second cache; but no fewer than `SHORTEST`.
NEAR, SHORTEST, LONGEST = 4096, 12, 128
njit: Any = numba.njit


@njit
def steps_together(cells: int, width: int) -> int:
    """Return over how many steps `add_weights` sums at once."""
    rows = 2 * ((GATE_COUNT + 1) * cells + width + 1)
    return max(SHORTEST, min(NEAR // rows, LONGEST))


@njit
def weight_rows(count: int) -> int:
    """Return the vectors of a cell's weights from so many sources: a vector holds the four
    gates of two sources."""
    return (count + 1) // 2


@njit
def add_weights(network: Any, passed: Any, seen: Any, row: int, steps: int,
                to: Any) -> None:  # fmt: skip
    """Add what net inputs pass on to the weights.

    passed: (4 C, `row`), what the net inputs get. seen: (U + 1 + C, `row`), what drives the
    cells. steps: vectors of a row that count. to: (C, `weight_rows`).
    """
    count, cells = network.width + 1 + network.recurrent, network.cells
    last = cells - 1
    for c in range(0, cells, 3 if network.dense else 1):
        for j in range(0, count, 2):
            if network.dense:
                three = c, min(c + 1, last), min(c + 2, last)
                _add_three(network, (passed, seen), row, steps, three, j, to)
            else:
                _add_one(network, (passed, seen), row, steps, c, j, to)


@njit(inline="always")
def _source(network: Any, c: int, j: int) -> Any:
    """Return the place of a cell's j-th source, its last one beyond that."""
    j = min(j, network.width + network.recurrent)
    if j > network.width:
        return source(network, c, j - network.width - 1)
    return j


@njit(inline="always")
def _add(d: Any, row: int, t: int, x: Any, y: Any, sums: Any) -> Any:
    """Return eight sums with the products of a cell's four gates and two sources added."""
    a, b = load(d, t), load(d, row + t)
    e, f = load(d, 2 * row + t), load(d, 3 * row + t)
    return (
        fma(a, x, sums[0]), fma(b, x, sums[1]), fma(e, x, sums[2]), fma(f, x, sums[3]),
        fma(a, y, sums[4]), fma(b, y, sums[5]), fma(e, y, sums[6]), fma(f, y, sums[7]),
    )  # fmt: skip


@njit(inline="always")
def _store_sums(to: Any, at: int, sums: Any) -> None:
    store(to, at, load(to, at) + lane_sums(sums))


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
    sums = (zero, zero, zero, zero, zero, zero, zero, zero)
    for t in range(steps):
        sums = _add(d, row, t, load(x, t), load(y, t), sums)
    rows = weight_rows(network.width + 1 + network.recurrent)
    _store_sums(to, c * rows + j // 2, sums)


@njit(inline="always")
def _add_three(network: Any, given: Any, row: int, steps: int, cells: Any, j: int,
               to: Any) -> None:  # fmt: skip
    """Add to the weights of three cells from source j and the next one: 24 sums at once.

    cells: those beyond the last one are it again, and left out.
    """
    passed, seen = given
    one, two, three = cells
    x, y = (
        part(seen, _source(network, one, j) * row),
        part(seen, _source(network, one, j + 1) * row),
    )
    d, e = part(passed, GATE_COUNT * one * row), part(passed, GATE_COUNT * two * row)
    f = part(passed, GATE_COUNT * three * row)
    zero = like(load(x, 0), 0.0)
    a = b = c = (zero, zero, zero, zero, zero, zero, zero, zero)
    for t in range(steps):
        u, v = load(x, t), load(y, t)
        a, b, c = (
            _add(d, row, t, u, v, a),
            _add(e, row, t, u, v, b),
            _add(f, row, t, u, v, c),
        )
    rows = weight_rows(network.width + 1 + network.recurrent)
    _store_sums(to, one * rows + j // 2, a)
    if two > one:
        _store_sums(to, two * rows + j // 2, b)
    if three > two:
        _store_sums(to, three * rows + j // 2, c)
