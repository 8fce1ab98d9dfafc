"""Gradient of free runs of one network: the way back of what `free_run_kept` ran.

Two groups of eight runs in the lanes at a time, as there.
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
    STRIP,
    Course,
    Network,
    of_group,
    peepholes,
    run_pair,
    source,
)
from evolino.network.kernels.free_run_weights import add_weights, steps_together
from evolino.network.kernels.full_peepholes import squashed
from evolino.network.kernels.net_input import GATE_COUNT, PEEPHOLE_COUNT, load_gates
from evolino.simd.compiled import compiled
from evolino.simd.memory import (
    addresses,
    clear,
    load,
    memory,
    number,
    pairs,
    part,
    store,
)
from evolino.simd.prefetch import fetch
from evolino.simd.vectors import fma, like

njit: Any = numba.njit


def backward_size(cells: int, width: int, outputs: int) -> int:
    """Return the vectors that `run_groups_backward` works in."""
    rows = (GATE_COUNT + 1) * cells + width + 1
    places = outputs + width + 1 + 3 * cells + GATE_COUNT * STRIP
    return int(2 * (places + rows * steps_together(cells, width)))


@njit(inline="always")
def _vector_backward(network: Any, seen: Any, y: Any, to: Any) -> None:
    """Write what the sums' gradients y (K) pass on to u (U), add it to the readout's.

    to: what u gets, what the readout of the input vector gets.
    """
    width = network.width
    for j in range(width):
        store(to[0], 2 * j, 0.0)
    for k in range(network.outputs):
        own = part(network.to_vector, k * (2 * width + 1))
        into = part(to[1], k * (2 * width + 1))
        back = load(y, 2 * k)
        for j in range(width):
            u = load(seen, j)
            slope = fma(u * 2.0, load(own, width + j), load(own, j))
            store(to[0], 2 * j, fma(back, slope, load(to[0], 2 * j)))
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
        own, into, back = part(network.to_cells, at), part(to, at), load(y, 2 * k)
        to_h = fma(back, fma(h * 2.0, load(own, 2), load(own, 0)), to_h)
        to_s = fma(back, load(own, 1), to_s)
        store(into, 0, fma(back, h, load(into, 0)))
        store(into, 1, fma(back, s, load(into, 1)))
        store(into, 2, fma(back, h * h, load(into, 2)))
    return to_h, to_s


@njit(inline="always")
def _begin_back(network: Any, runs: Any, given: Any, t: int, place: Any,
                to_vector: Any) -> None:  # fmt: skip
    """Go back from a step's outputs to its input vector, before its cells.

    place: what all that drives cells, states, sums and outputs after the step get.
    """
    to_now, to_s, y, after = place
    outputs, inputs, width = network.outputs, network.inputs, network.width
    for k in range(outputs):
        fed = load(given, t * outputs + k)
        if t < runs.steps - 1 and width > inputs:
            fed = fma(load(to_now, 2 * (inputs + k)), like(fed, network.scale), fed)
        store(y, 2 * k, fed)
    for c in range(network.cells):
        at, back = 2 * (width + 1 + c), 2 * c
        to_h = load(to_now, at)
        if network.flags & FULL_PEEPHOLES:  # states drove the gates
            store(to_s, back, load(to_s, back) + to_h)
            to_h = like(to_h, 0.0)
        store(after, back, to_h)
        store(to_now, at, 0.0)
    seen = part(runs.seen, t * (width + 1 + network.cells))
    _vector_backward(network, seen, y, (to_now, to_vector))


@njit(inline="always")
def _fetch_before(network: Any, runs: Any, c: int, t: int) -> None:
    """Prefetch what the step before needs of a cell; going back is not foreseen."""
    cells, first = network.cells, network.width + 1
    fetch(runs.seen, t * (first + cells) + first + c)
    fetch(runs.states, (t - 1) * cells + c)
    for gate in range(GATE_COUNT):
        fetch(runs.gates, GATE_COUNT * ((t - 1) * cells + c) + gate)


@njit(inline="always")
def _cell_back(network: Any, runs: Any, c: int, t: int, place: Any, to: Any) -> Any:
    """Return what a cell's step passes on to its four net inputs and to the state before.

    place: as of `_begin_back`. to: what peepholes and the readout of cells get.
    """
    _, to_s, y, after = place
    cells, first = network.cells, network.width + 1
    h = load(runs.seen, (t + 1) * (first + cells) + first + c)
    states = load(runs.states, t * cells + c), load(runs.states, (t + 1) * cells + c)
    gates = load_gates(part(runs.gates, GATE_COUNT * (t * cells + c)))
    _fetch_before(network, runs, c, t)
    if network.flags & FULL_PEEPHOLES:  # what is seen are states
        h = squashed(gates[3], states[1], network.flags)
    more_h, more_s = _readout_backward(network, c, h, states[1], y, to[1])
    back = cell_backward(
        gates, peepholes(network, c), (states[0], states[1], h),
        load(after, 2 * c) + more_h, load(to_s, 2 * c) + more_s, network.flags,
    )  # fmt: skip
    if network.flags & HAS_PEEPHOLES:
        at = PEEPHOLE_COUNT * c
        add_to_peepholes(to[0], (at, at + 1, at + 2), states, back)
    return back


@njit(inline="always")
def _scatter(network: Any, c: int, other: int, to: Any, to_now: Any) -> None:
    """Add what the net inputs of two cells pass on to all that drives them, in pairs.

    to: of their net inputs, 0 where there is no other cell.
    """
    first = network.width + 1
    count = first + network.recurrent
    one, two = load_gates(to), load_gates(part(to, GATE_COUNT))
    weights = part(network.weights, GATE_COUNT * count * c)
    others = part(network.weights, GATE_COUNT * count * other)
    for j in range(network.width):
        x = _pulled(one, weights, GATE_COUNT * j, load(to_now, j))
        store(to_now, j, _pulled(two, others, GATE_COUNT * j, x))
    weights, others = part(weights, GATE_COUNT * first), part(others, GATE_COUNT * first)
    for j in range(network.recurrent):
        if network.dense:
            x = _pulled(one, weights, GATE_COUNT * j, load(to_now, first + j))
            store(to_now, first + j, _pulled(two, others, GATE_COUNT * j, x))
        else:
            at, beside = source(network, c, j), source(network, other, j)
            store(to_now, at, _pulled(one, weights, GATE_COUNT * j, load(to_now, at)))
            x = _pulled(two, others, GATE_COUNT * j, load(to_now, beside))
            store(to_now, beside, x)


@njit(inline="always")
def _pulled(to: Any, weights: Any, at: int, x: Any) -> Any:
    x = fma(to[0], number(weights, at), x)
    x = fma(to[1], number(weights, at + 1), x)
    x = fma(to[2], number(weights, at + 2), x)
    return fma(to[3], number(weights, at + 3), x)


@compiled
def run_groups_backward(network: Network, course: Course, groups: int, to_sums: Any,
                        to: Any, work: Any) -> None:  # fmt: skip
    """Go back over the steps of groups, the last ones first: their course is still near.

    to_sums: (L, K) over groups. to: three arrays, of lanes: of peepholes (C, 3), then as
    `to_cells` and `to_vector`; of `weight_rows`; both are added to; and (2 C) over groups,
    of the outputs and states at the beginning, written. work: vectors for `forward_size`
    and `backward_size`.
    """
    network, runs = addresses(network), addresses(course)
    for back in range(0, groups, 2):
        group = (groups - 1) // 2 * 2 - back
        count = min(2, groups - group)
        if group >= runs.kept:
            run_pair(network, runs, group, count, memory(work))
        _pair_backward(network, runs, group, count, memory(to_sums),
                       (memory(to[0]), memory(to[1]), memory(to[2])),
                       memory(work))  # fmt: skip


@njit
def _pair_backward(network: Any, runs: Any, group: int, count: int, to_sums: Any,
                   to: Any, work: Any) -> None:  # fmt: skip
    """Go back over a group and the next one; only over it if the count is 1."""
    cells, steps, first = network.cells, runs.steps, network.width + 1
    outputs = network.outputs
    to_s = part(work, 2 * (first + cells))
    y = part(to_s, 2 * cells)
    after = part(y, 2 * outputs)
    net = part(after, 2 * cells)
    passed = part(net, 2 * GATE_COUNT * STRIP)
    to_cells = part(to[0], PEEPHOLE_COUNT * cells)
    to_vector = part(to_cells, 3 * outputs * cells)
    clear(work, 2 * (first + 2 * cells))
    stretch = steps_together(cells, network.width)
    seen = part(passed, 2 * stretch * GATE_COUNT * cells)
    row = count * stretch
    for back in range(steps):
        t = steps - 1 - back
        for half in range(count):
            given = part(to_sums, (group + half) * steps * outputs)
            place = part(work, half), part(to_s, half), part(y, half), part(after, half)
            own = of_group(network, runs, group + half)
            _begin_back(network, own, given, t, place, to_vector)
        column = count * (back % stretch)
        for strip in range(0, cells, STRIP):
            end = min(strip + STRIP, cells)
            for half in range(count):
                place = part(work, half), part(to_s, half), part(y, half), part(after, half)
                own = of_group(network, runs, group + half)
                for c in range(strip, end):
                    given = _cell_back(network, own, c, t, place, (to[0], to_cells))
                    store(to_s, 2 * c + half, given[4])
                    for gate in range(GATE_COUNT):
                        at = GATE_COUNT * (c - strip) + gate
                        store(net, 2 * at + half, given[gate])
                        at = GATE_COUNT * c + gate
                        store(passed, at * row + column + half, given[gate])
            if end % 2 == 1:  # no other cell beside the last one
                clear(part(net, 2 * GATE_COUNT * (end - strip)), 2 * GATE_COUNT)
            for c in range(strip, end, 2):
                given = part(pairs(net), GATE_COUNT * (c - strip))
                _scatter(network, c, min(c + 1, cells - 1), given, pairs(work))
        for half in range(count):
            own = part(of_group(network, runs, group + half).seen, t * (first + cells))
            for j in range(first + cells):
                store(seen, j * row + column + half, load(own, j))
        if column + count == row or t == 0:
            add_weights(network, passed, seen, row, column + count, to[1])
    for half in range(count):
        start = part(to[2], (group + half) * 2 * cells)
        for c in range(cells):
            to_h, given = load(work, 2 * (first + c) + half), load(to_s, 2 * c + half)
            if network.flags & FULL_PEEPHOLES:
                given, to_h = given + to_h, like(to_h, 0.0)
            store(start, c, to_h)
            store(start, cells + c, given)
