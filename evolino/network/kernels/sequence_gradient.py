"""Teacher-forced pass of one network over a sequence, and its gradient: cells in the lanes.

The way there keeps the gates, so that no exponential is taken on the way back.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba

from evolino.network.kernels.cell import FULL_PEEPHOLES, HAS_PEEPHOLES
from evolino.network.kernels.cell_gradient import (
    add_to_peepholes,
    cell_backward,
    let_out,
    opened,
)
from evolino.simd.compiled import compiled
from evolino.simd.memory import (
    addresses,
    clear,
    load,
    number,
    numbers,
    part,
    store,
)
from evolino.simd.prefetch import fetch_all
from evolino.simd.vectors import WIDTH, fma, like

PANEL = 8  # vectors of a row of weights that lie together
AHEAD = 4  # rows that are prefetched before they are read, of weights beyond `FIRST_CACHE`
FIRST_CACHE = 512  # vectors that stay in the processor's first cache
STRETCH = 128  # steps whose weights' gradients are summed up together: near the processor
njit: Any = numba.njit


class Sequence(NamedTuple):
    """A pass over one sequence; rows of cells are n whole vectors.

    vectors: (T, U + 1), `Shared`: input vectors and 1. weights: (C + U + 1, 4 n), from each
    cell and each entry of `vectors` to all net inputs, those of a gate together; it lies in
    panels of PANEL columns, the last one of four, so that it is read from end to end.
    peepholes: (3 n). gates: (T, 4 n), written; on the way back they become the gradients of
    their net inputs. outputs, states: (T + 1, n), written from row 1 on.
    """

    vectors: Any
    weights: Any
    peepholes: Any
    gates: Any
    outputs: Any
    states: Any


class WayBack(NamedTuple):
    """What the way back over a sequence reads besides, and what it adds to.

    turned: (C, 4, n), from the net inputs of each cell's gates to the cells that drive it;
    it lies in panels of four columns, then of one. to_outputs, to_states: (T, n), their
    gradients at each step by themselves. carry: (2 n), what comes from after the last step,
    then what goes to before the first. to_weights: (C + U + 1, 4 n), rows whole, and
    to_peepholes: are added to.
    """

    turned: Any
    to_outputs: Any
    to_states: Any
    carry: Any
    to_weights: Any
    to_peepholes: Any


@compiled
def drive_forward(sequence: Sequence, steps: int, cells: int, width: int, n: int,
                  flags: int) -> None:  # fmt: skip
    """Drive one network over a sequence.

    cells: C. width: U + 1. n: vectors that hold the cells.
    """
    run, far = addresses(sequence), _are_far(cells, n)
    for t in range(steps):
        own, before, after = part(run.gates, t * 4 * n), t * n, (t + 1) * n
        driving = part(run.outputs, before)
        if flags & FULL_PEEPHOLES:
            driving = part(run.states, before)
        shape = cells, width, n
        if far:
            _net_inputs(run, t, numbers(driving), shape, own, AHEAD)
        else:
            _net_inputs(run, t, numbers(driving), shape, own, 0)
        for k in range(n):  # each half is short enough for others to overlap
            s0, z = load(run.states, before + k), _four(own, k, n)
            i, f, g = opened(z, _three(run.peepholes, k, n), s0, flags)
            _store_four(own, k, n, (i, f, g, z[3]))
            store(run.states, after + k, fma(f, s0, i * g))
        for k in range(n):
            s, z = load(run.states, after + k), _four(own, k, n)
            o, h = let_out(z, _three(run.peepholes, k, n), s, flags)
            store(own, 3 * n + k, o)
            store(run.outputs, after + k, h)


@compiled
def drive_backward(sequence: Sequence, way: WayBack, steps: int, cells: int, width: int,
                   n: int, flags: int) -> None:  # fmt: skip
    """Go back over a sequence that `drive_forward` went over; arguments as there."""
    run, to = addresses(sequence), addresses(way)
    driving, of_vectors = run.outputs, part(to.to_weights, cells * 4 * n)
    if flags & FULL_PEEPHOLES:
        driving = run.states
    end = steps
    while end > 0:
        begin = max(0, end - STRETCH)
        for back in range(end - begin):
            _step_back(run, to, end - 1 - back, cells, n, flags)
        passed, row = part(run.gates, begin * 4 * n), n * WIDTH
        seen = part(numbers(driving), begin * row)
        _add_outer(seen, row, cells, passed, 4 * n, end - begin, to.to_weights)
        seen = part(run.vectors, begin * width)
        _add_outer(seen, width, width, passed, 4 * n, end - begin, of_vectors)
        end = begin


@njit(inline="always")
def _step_back(run: Any, to: Any, t: int, cells: int, n: int, flags: int) -> None:
    """Go back over a step; its gates become the gradients of their net inputs."""
    own, before, after = part(run.gates, t * 4 * n), t * n, (t + 1) * n
    to_h, to_s = to.carry, part(to.carry, n)
    for k in range(n):
        states = load(run.states, before + k), load(run.states, after + k)
        cell = states[0], states[1], load(run.outputs, after + k)
        peep = _three(run.peepholes, k, n)
        back = cell_backward(
            _four(own, k, n), peep, cell, load(to_h, k) + load(to.to_outputs, before + k),
            load(to_s, k) + load(to.to_states, before + k), flags,
        )  # fmt: skip
        if flags & HAS_PEEPHOLES:
            add_to_peepholes(to.to_peepholes, (k, n + k, 2 * n + k), states, back)
        _store_four(own, k, n, back)
        store(to_s, k, back[4])
    if _are_far(cells, n):
        _fetch_step_before(run, to, t, n)
        _pull(to.turned, numbers(own), cells, to_h, n, AHEAD)
    else:
        _pull(to.turned, numbers(own), cells, to_h, n, 0)
    if flags & FULL_PEEPHOLES:
        for k in range(n):
            store(to_s, k, load(to_s, k) + load(to_h, k))
        clear(to_h, n)


@njit(inline="always")
def _fetch_step_before(run: Any, to: Any, t: int, n: int) -> None:
    """Prefetch what the step before needs; going back is not foreseen."""
    before = (t - 1) * n
    fetch_all(part(run.gates, 4 * before), 4 * n)
    fetch_all(part(run.states, before), n)
    fetch_all(part(run.outputs, before + n), n)
    fetch_all(part(to.to_outputs, before), n)
    fetch_all(part(to.to_states, before), n)


@njit(inline="always")
def _three(values: Any, k: int, n: int) -> Any:
    return load(values, k), load(values, n + k), load(values, 2 * n + k)


@njit(inline="always")
def _four(values: Any, k: int, n: int) -> Any:
    return (
        load(values, k), load(values, n + k), load(values, 2 * n + k),
        load(values, 3 * n + k),
    )  # fmt: skip


@njit(inline="always")
def _store_four(values: Any, k: int, n: int, four: Any) -> None:
    store(values, k, four[0])
    store(values, n + k, four[1])
    store(values, 2 * n + k, four[2])
    store(values, 3 * n + k, four[3])


@njit(inline="always")
def _are_far(cells: int, n: int) -> bool:
    """Return whether the weights are too many for the processor's first cache."""
    return 4 * n * cells > FIRST_CACHE


@njit(inline="always")
def _net_inputs(run: Any, t: int, driving: Any, shape: Any, net: Any,
                ahead: int) -> None:  # fmt: skip
    """Write the net inputs of a step, 4 n vectors, a panel of the weights at a time.

    ahead: rows of a panel that are prefetched before they are read.
    """
    cells, width, n = shape
    factors, k = part(run.vectors, t * width), 0
    zero = like(load(net, 0), 0.0)
    while k + PANEL <= 4 * n:
        at = part(run.weights, k * (cells + width))
        a = b = (zero, zero, zero, zero)
        for r in range(width):
            row, x = part(at, (cells + r) * PANEL), number(factors, r)
            a, b = _add(row, x, a), _add(part(row, 4), x, b)
        for r in range(cells):
            row, x = part(at, r * PANEL), number(driving, r)
            fetch_all(part(row, ahead * PANEL), PANEL if ahead else 0)
            a, b = _add(row, x, a), _add(part(row, 4), x, b)
        _store_four(net, k, 1, a)
        _store_four(net, k + 4, 1, b)
        k += PANEL
    if k < 4 * n:
        at = part(run.weights, k * (cells + width))
        a = (zero, zero, zero, zero)
        for r in range(width):
            a = _add(part(at, (cells + r) * 4), number(factors, r), a)
        for r in range(cells):
            a = _add(part(at, r * 4), number(driving, r), a)
        _store_four(net, k, 1, a)


@njit(inline="always")
def _add(row: Any, x: Any, sums: Any) -> Any:
    """Return four sums with x times the four vectors of a row added."""
    return (
        fma(load(row, 0), x, sums[0]), fma(load(row, 1), x, sums[1]),
        fma(load(row, 2), x, sums[2]), fma(load(row, 3), x, sums[3]),
    )  # fmt: skip


@njit(inline="always")
def _pull(turned: Any, passed: Any, cells: int, to: Any, n: int,
          ahead: int) -> None:  # fmt: skip
    """Write what the net inputs of all cells pass on to what drove them: the sums of each
    gate by themselves, so that none waits long for the last one. ahead: as there."""
    gate, zero, k = n * WIDTH, like(load(to, 0), 0.0), 0
    while k + 4 <= n:
        a = b = c = d = (zero, zero, zero, zero)
        for j in range(cells):
            at = part(turned, 4 * (k * cells + 4 * j))
            fetch_all(part(at, ahead * 16), 16 if ahead else 0)
            a = _add(at, number(passed, j), a)
            b = _add(part(at, 4), number(passed, gate + j), b)
            c = _add(part(at, 8), number(passed, 2 * gate + j), c)
            d = _add(part(at, 12), number(passed, 3 * gate + j), d)
        for column in range(4):
            total = (a[column] + b[column]) + (c[column] + d[column])
            store(to, k + column, total)
        k += 4
    while k < n:
        w = x = y = z = zero
        for j in range(cells):
            at = part(turned, 4 * (k * cells + j))
            w = fma(load(at, 0), number(passed, j), w)
            x = fma(load(at, 1), number(passed, gate + j), x)
            y = fma(load(at, 2), number(passed, 2 * gate + j), y)
            z = fma(load(at, 3), number(passed, 3 * gate + j), z)
        store(to, k, (w + x) + (y + z))
        k += 1


@njit
def _add_outer(seen: Any, apart: int, rows: int, passed: Any, columns: int, steps: int,
               to: Any) -> None:  # fmt: skip
    """Add to (rows, columns) the products of seen (steps, rows), its rows `apart` numbers
    from each other, and passed (steps, columns): 24 sums at once."""
    last = rows - 1
    for k in range(0, columns, 4):
        of = part(passed, k)
        for j in range(0, rows, 6):
            q, r, s = min(j + 1, last), min(j + 2, last), min(j + 3, last)
            u, v = min(j + 4, last), min(j + 5, last)
            zero = like(load(of, 0), 0.0)
            a = b = c = d = e = f = (zero, zero, zero, zero)
            for t in range(steps):
                x, row = part(seen, t * apart), part(of, t * columns)
                a, b = _add(row, number(x, j), a), _add(row, number(x, q), b)
                c, d = _add(row, number(x, r), c), _add(row, number(x, s), d)
                e, f = _add(row, number(x, u), e), _add(row, number(x, v), f)
            into = part(to, k)
            _add_row(into, j, rows, columns, a)
            _add_row(into, j + 1, rows, columns, b)
            _add_row(into, j + 2, rows, columns, c)
            _add_row(into, j + 3, rows, columns, d)
            _add_row(into, j + 4, rows, columns, e)
            _add_row(into, j + 5, rows, columns, f)


@njit(inline="always")
def _add_row(to: Any, row: int, rows: int, columns: int, sums: Any) -> None:
    """Add four sums to a row, if there is one."""
    if row < rows:
        at = part(to, row * columns)
        a, b, c, d = _four(at, 0, 1)
        _store_four(at, 0, 1, (a + sums[0], b + sums[1], c + sums[2], d + sums[3]))
