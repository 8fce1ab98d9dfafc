"""Gradient of free runs of one network: the way back of what `free_run_kept` ran.

Groups of eight runs in the lanes, one after another, as there.
"""

from __future__ import annotations

from typing import Any

import numba

from evolino.network.kernels.cell import FULL_PEEPHOLES, HAS_PEEPHOLES
from evolino.network.kernels.cell_gradient import (
    add_to_peepholes,
    cell_backward,
)
from evolino.network.kernels.free_run_kept import (
    Course,
    Network,
    of_group,
    peepholes,
    run_group,
    source,
)
from evolino.network.kernels.full_peepholes import give_to_states, squashed
from evolino.network.kernels.net_input import GATE_COUNT, PEEPHOLE_COUNT
from evolino.simd.compiled import compiled
from evolino.simd.memory import addresses, clear, copy, load, memory, part, store
from evolino.simd.vectors import fma, like

njit: Any = numba.njit


def backward_size(cells: int, width: int, outputs: int) -> int:
    """Return the vectors that `run_group_backward` works in."""
    return outputs + 2 * width + 1 + 3 * cells


@njit(inline="always")
def _vector_backward(
    network: Any, seen: Any, columns: int, t: int, y: Any, to: Any
) -> None:
    """Write what the sums' gradients y (K) pass on to u (U), add it to the readout's.

    to: what u gets, what the readout of the input vector gets.
    """
    width = network.width
    for j in range(width):
        store(to[0], j, 0.0)
    for k in range(network.outputs):
        own = part(network.to_vector, k * (2 * width + 1))
        into = part(to[1], k * (2 * width + 1))
        back = load(y, k)
        for j in range(width):
            u = load(seen, j * columns + t)
            slope = fma(u * 2.0, load(own, width + j), load(own, j))
            store(to[0], j, fma(back, slope, load(to[0], j)))
            store(into, j, fma(back, u, load(into, j)))
            store(into, width + j, fma(back, u * u, load(into, width + j)))
        store(into, 2 * width, load(into, 2 * width) + back)


@njit(inline="always")
def _readout_backward(network: Any, c: int, h: Any, s: Any, y: Any, to: Any) -> Any:
    """Return what the sums' gradients y (K) pass on to a cell's output and state.

    to: what the readout of cells gets, is added to.
    """
    zero = like(h, 0.0)
    to_h, to_s = zero, zero
    for k in range(network.outputs):
        at = 3 * (k * network.cells + c)
        own, into, back = part(network.to_cells, at), part(to, at), load(y, k)
        to_h = fma(back, fma(h * 2.0, load(own, 2), load(own, 0)), to_h)
        to_s = fma(back, load(own, 1), to_s)
        store(into, 0, fma(back, h, load(into, 0)))
        store(into, 1, fma(back, s, load(into, 1)))
        store(into, 2, fma(back, h * h, load(into, 2)))
    return to_h, to_s


@njit(inline="always")
def _scatter(network: Any, c: int, to: Any, to_now: Any) -> None:
    """Add what the net inputs of a cell pass on to all that drives it."""
    count = network.width + 1 + network.recurrent
    weights = part(network.weights, GATE_COUNT * count * c)
    for j in range(network.width):
        x = _pulled(to, weights, GATE_COUNT * j, load(to_now, j))
        store(to_now, j, x)
    own = part(weights, GATE_COUNT * (network.width + 1))
    for j in range(network.recurrent):
        at = source(network, c, j)
        store(to_now, at, _pulled(to, own, GATE_COUNT * j, load(to_now, at)))


@njit(inline="always")
def _pulled(to: Any, weights: Any, at: int, x: Any) -> Any:
    x = fma(load(weights, at), to[0], x)
    x = fma(load(weights, at + 1), to[1], x)
    x = fma(load(weights, at + 2), to[2], x)
    return fma(load(weights, at + 3), to[3], x)


@compiled
def run_groups_backward(network: Network, course: Course, groups: int, to_sums: Any,
                        to: Any, work: Any) -> None:  # fmt: skip
    """Go back over the steps of groups; gates become the gradients of their net inputs.

    to_sums: (L, K) over groups. to: three arrays of lanes: of peepholes (C, 3), then as
    `to_cells` and `to_vector`; as `weights`; both are added to; and (2 C) over groups, of
    the outputs and states at the beginning, written. work: vectors for `forward_size` and
    `backward_size`.
    """
    network, runs = addresses(network), addresses(course)
    to_network, to_weights, to_begin = memory(to[0]), memory(to[1]), memory(to[2])
    for group in range(groups):
        own = of_group(network, runs, group)
        if group >= runs.kept:
            run_group(network, own, memory(work))
        given = part(memory(to_sums), group * runs.steps * network.outputs)
        start = part(to_begin, group * 2 * network.cells)
        _group_backward(network, own, given, to_network, start, memory(work))
        _outerof_group(network, own, to_weights)


@njit
def _group_backward(network: Any, runs: Any, given: Any, to_peep: Any, to_start: Any,
                    to_now: Any) -> None:  # fmt: skip
    cells, steps, width = network.cells, runs.steps, network.width
    outputs, inputs = network.outputs, network.inputs
    to_h = part(to_now, width + 1)
    to_s = part(to_h, cells)
    y = part(to_s, cells)
    to_u = part(y, outputs)
    after = part(to_u, width)  # what outputs after the step get
    to_cells = part(to_peep, PEEPHOLE_COUNT * cells)
    to_vector = part(to_cells, 3 * outputs * cells)
    clear(to_now, width + 1 + 2 * cells)
    for back in range(steps):
        t = steps - 1 - back
        for k in range(outputs):
            fed = load(given, t * outputs + k)
            if back > 0 and width > inputs:
                fed = fma(load(to_now, inputs + k), like(fed, network.scale), fed)
            store(y, k, fed)
        give_to_states(to_h, to_s, cells, network.flags)
        copy(to_h, after, cells)
        _vector_backward(network, runs.seen, steps + 1, t, y, (to_u, to_vector))
        copy(to_u, to_now, width)
        clear(to_h, cells)
        for c in range(cells):
            h = load(runs.seen, (width + 1 + c) * (steps + 1) + t + 1)
            states = (
                load(runs.states, t * cells + c), load(runs.states, (t + 1) * cells + c)
            )  # fmt: skip
            if network.flags & FULL_PEEPHOLES:  # what is seen are states
                h = squashed(load(runs.gates, (3 * cells + c) * steps + t), states[1],
                             network.flags)  # fmt: skip
            more_h, more_s = _readout_backward(network, c, h, states[1], y, to_cells)
            at = (
                c * steps + t, (cells + c) * steps + t, (2 * cells + c) * steps + t,
                (3 * cells + c) * steps + t,
            )  # fmt: skip
            gates = (
                load(runs.gates, at[0]), load(runs.gates, at[1]), load(runs.gates, at[2]),
                load(runs.gates, at[3]),
            )  # fmt: skip
            to = cell_backward(gates, peepholes(network, c), (states[0], states[1], h),
                               load(after, c) + more_h, load(to_s, c) + more_s,
                               network.flags)  # fmt: skip
            if network.flags & HAS_PEEPHOLES:
                first = PEEPHOLE_COUNT * c
                add_to_peepholes(to_peep, (first, first + 1, first + 2), states, to)
            for gate in range(GATE_COUNT):
                store(runs.gates, at[gate], to[gate])
            store(to_s, c, to[4])
            _scatter(network, c, to, to_now)
    give_to_states(to_h, to_s, cells, network.flags)
    copy(to_h, to_start, cells)
    copy(to_s, part(to_start, cells), cells)


@njit
def _outerof_group(network: Any, runs: Any, to: Any) -> None:
    """Add what a group's net inputs pass on to the weights, lane by lane."""
    count = network.width + 1 + network.recurrent
    for c in range(network.cells):
        for j in range(0, count, 2):
            _outer(network, runs, c, j, min(j + 1, count - 1), to)


@njit(inline="always")
def _outer(network: Any, runs: Any, c: int, j: int, other: int, to: Any) -> None:
    """Add what a cell passes on to the weights from source j and from another one."""
    cells, steps, first = network.cells, runs.steps, network.width + 1
    count = first + network.recurrent
    one, two = j, other
    if j >= first:
        one = source(network, c, j - first)
    if other >= first:
        two = source(network, c, other - first)
    x, y = part(runs.seen, one * (steps + 1)), part(runs.seen, two * (steps + 1))
    own = part(runs.gates, c * steps)
    apart = cells * steps
    a = b = d = e = aa = bb = dd = ee = like(load(x, 0), 0.0)
    for t in range(steps):
        v, w = load(x, t), load(y, t)
        i, f = load(own, t), load(own, apart + t)
        g, o = load(own, 2 * apart + t), load(own, 3 * apart + t)
        a, b, d, e = fma(i, v, a), fma(f, v, b), fma(g, v, d), fma(o, v, e)
        aa, bb, dd, ee = fma(i, w, aa), fma(f, w, bb), fma(g, w, dd), fma(o, w, ee)
    _add_gates(to, GATE_COUNT * (c * count + j), (a, b, d, e))
    if other > j:
        _add_gates(to, GATE_COUNT * (c * count + other), (aa, bb, dd, ee))


@njit(inline="always")
def _add_gates(to: Any, at: int, values: Any) -> None:
    store(to, at, load(to, at) + values[0])
    store(to, at + 1, load(to, at + 1) + values[1])
    store(to, at + 2, load(to, at + 2) + values[2])
    store(to, at + 3, load(to, at + 3) + values[3])
