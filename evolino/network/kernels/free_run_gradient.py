"""Gradient of free runs of one network: the way back of what `free_run_kept` ran, block by
block, in pairs of vectors or single ones as there."""

from __future__ import annotations

from typing import Any

import numba

from evolino.network.kernels.cell import FULL_PEEPHOLES, HAS_PEEPHOLES
from evolino.network.kernels.cell_gradient import (
    add_to_peepholes,
    cell_backward,
)
from evolino.network.kernels.free_run_course import (
    Course,
    Network,
    paired_block,
    peepholes,
    single_block,
    source,
)
from evolino.network.kernels.free_run_kept import STRIP, run_block
from evolino.network.kernels.free_run_weights import (
    add_weights,
    keep_seen,
    source_rows,
    steps_together,
)
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
    singles,
    store,
)
from evolino.simd.prefetch import fetch
from evolino.simd.vectors import fma, like

njit: Any = numba.njit


def backward_size(cells: int, width: int, outputs: int, dense: bool) -> int:
    """Return the vectors that `run_blocks_backward` works in."""
    rows = GATE_COUNT * cells + source_rows(cells, width, dense)
    places = outputs + width + 1 + 3 * cells + GATE_COUNT * STRIP
    return int(2 * (places + rows * steps_together(cells, width, dense)))


@njit(inline="always")
def _vector_backward(network: Any, seen: Any, y: Any, to: Any) -> None:
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
            u = load(seen, j)
            slope = fma(u * 2.0, number(own, width + j), number(own, j))
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
        to_h = fma(back, fma(h * 2.0, number(own, 2), number(own, 0)), to_h)
        to_s = fma(back, number(own, 1), to_s)
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
            fed = fma(load(to_now, inputs + k), network.scale, fed)
        store(y, k, fed)
    for c in range(network.cells):
        at = width + 1 + c
        to_h = load(to_now, at)
        if network.flags & FULL_PEEPHOLES:  # states drove the gates
            store(to_s, c, load(to_s, c) + to_h)
            to_h = like(to_h, 0.0)
        store(after, c, to_h)
        store(to_now, at, 0.0)
    seen = part(runs.seen, t * (width + 1 + network.cells))
    _vector_backward(network, seen, y, (to_now, to_vector))


@njit(inline="always")
def _fetch_ahead(network: Any, runs: Any, c: int, t: int) -> Any:
    """Prefetch states and what is seen of the two cells that come STRIP cells after c,
    maybe a step before: going back is not foreseen. Returns where their gates are."""
    cells, first = network.cells, network.width + 1
    c += STRIP
    if c >= cells:
        c, t = c - cells, t - 1
    at, seen = t * cells + c, t * (first + cells) + first + c
    for k in range(2):
        fetch(runs.states, at + k)
        fetch(runs.seen, seen + k)
    return part(runs.gates, GATE_COUNT * at)


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
    if network.flags & FULL_PEEPHOLES:  # what is seen are states
        h = squashed(gates[3], states[1], network.flags)
    more_h, more_s = _readout_backward(network, c, h, states[1], y, to[1])
    back = cell_backward(
        gates, peepholes(network, c), (states[0], states[1], h),
        load(after, c) + more_h, load(to_s, c) + more_s, network.flags,
    )  # fmt: skip
    if network.flags & HAS_PEEPHOLES:
        at = PEEPHOLE_COUNT * c
        add_to_peepholes(to[0], (at, at + 1, at + 2), states, back)
    return back


@njit(inline="always")
def _scatter(network: Any, runs: Any, c: int, t: int, to: Any, to_now: Any) -> None:
    """Add what the net inputs of cell c and the next one pass on to all that drives them.

    to: of their net inputs, 0 where there is no other cell. What is needed soon is
    prefetched on the way, a little at a time: much at once would wait for itself.
    """
    other, first = min(c + 1, network.cells - 1), network.width + 1
    gates, begin = _fetch_ahead(network, runs, c, t), min(2 * GATE_COUNT, network.recurrent)
    count = first + network.recurrent
    one, two = load_gates(to), load_gates(part(to, GATE_COUNT))
    weights = part(network.weights, GATE_COUNT * count * c)
    others = part(network.weights, GATE_COUNT * count * other)
    for j in range(network.width):
        x = _pulled(one, weights, GATE_COUNT * j, load(to_now, j))
        store(to_now, j, _pulled(two, others, GATE_COUNT * j, x))
    weights, others = part(weights, GATE_COUNT * first), part(others, GATE_COUNT * first)
    both = (one, two), (weights, others)
    for j in range(begin):
        fetch(gates, j)
        _pull(network, (c, other), both, j, to_now)
    for j in range(begin, network.recurrent):
        _pull(network, (c, other), both, j, to_now)
    for j in range(begin, 2 * GATE_COUNT):
        fetch(gates, j)


@njit(inline="always")
def _pull(network: Any, cells: Any, given: Any, j: int, to_now: Any) -> None:
    """Add what two cells pass on to their j-th recurrent source.

    given: what their net inputs get, and their weights.
    """
    (one, two), (weights, others) = given
    first, at = network.width + 1, GATE_COUNT * j
    if network.dense:
        x = _pulled(one, weights, at, load(to_now, first + j))
        store(to_now, first + j, _pulled(two, others, at, x))
    else:
        own, beside = source(network, cells[0], j), source(network, cells[1], j)
        store(to_now, own, _pulled(one, weights, at, load(to_now, own)))
        x = _pulled(two, others, at, load(to_now, beside))
        store(to_now, beside, x)


@njit(inline="always")
def _pulled(to: Any, weights: Any, at: int, x: Any) -> Any:
    x = fma(to[0], number(weights, at), x)
    x = fma(to[1], number(weights, at + 1), x)
    x = fma(to[2], number(weights, at + 2), x)
    return fma(to[3], number(weights, at + 3), x)


@compiled
def run_blocks_backward(network: Network, course: Course, to_sums: Any, to: Any,
                        work: Any) -> None:  # fmt: skip
    """Go back over the steps of all blocks, the last ones first: their course is near.

    to_sums: (L, K) of blocks, as the course is. to: three arrays. Of peepholes (C, 3), then
    as `to_cells` and `to_vector`, in pairs of vectors, then anew in single ones; and of
    `weight_vectors`: both are added to. And (2 C) of blocks, of the outputs and states at
    the beginning, written. work: vectors for `forward_size` and `backward_size`.
    """
    network, runs = addresses(network), addresses(course)
    cells, outputs, width = network.cells, network.outputs, network.width
    of_step, of_begin = runs.steps * outputs, 2 * cells
    of_network = (PEEPHOLE_COUNT + 3 * outputs) * cells + outputs * (2 * width + 1)
    own, given, start = memory(to[0]), memory(to_sums), memory(to[2])
    near = memory(work)
    if runs.single:
        block = single_block(network, runs)
        if runs.paired >= runs.kept:
            run_block(network, block, near, None)
        into = (
            part(own, 2 * of_network), memory(to[1]),
            part(start, 2 * runs.paired * of_begin),
        )  # fmt: skip
        back = part(given, 2 * runs.paired * of_step)
        _block_backward(network, block, back, into, near, 1)
    for before in range(runs.paired):
        k = runs.paired - 1 - before
        pair = paired_block(network, runs, k)
        if k >= runs.kept:
            run_block(network, pair, pairs(near), None)
        both = pairs(own), memory(to[1]), part(pairs(start), k * of_begin)
        back_of_pair = part(pairs(given), k * of_step)
        _block_backward(network, pair, back_of_pair, both, pairs(near), 2)


@njit
def _block_backward(network: Any, runs: Any, to_sums: Any, to: Any, work: Any,
                    wide: int) -> None:  # fmt: skip
    """Go back over a block, in pairs or single vectors as its course and `work` are.

    to: what network, weights and beginning get. wide: 2 for pairs, else 1.
    """
    cells, steps, first = network.cells, runs.steps, network.width + 1
    to_s = part(work, first + cells)
    y = part(to_s, cells)
    after = part(y, network.outputs)
    net = part(after, cells)
    passed = part(net, GATE_COUNT * STRIP)  # of a row: a place for each step
    to_cells = part(to[0], PEEPHOLE_COUNT * cells)
    to_vector = part(to_cells, 3 * network.outputs * cells)
    clear(work, first + 2 * cells)
    row = steps_together(cells, network.width, network.dense)
    seen = singles(part(passed, row * GATE_COUNT * cells))
    clear(seen, wide * row * source_rows(cells, network.width, network.dense))
    place = work, to_s, y, after
    for back in range(steps):
        t, column = steps - 1 - back, back % row
        _begin_back(network, runs, to_sums, t, place, to_vector)
        for strip in range(0, cells, STRIP):
            end = min(strip + STRIP, cells)
            for c in range(strip, end):
                given = _cell_back(network, runs, c, t, place, (to[0], to_cells))
                store(to_s, c, given[4])
                for gate in range(GATE_COUNT):
                    store(net, GATE_COUNT * (c - strip) + gate, given[gate])
                    store(passed, (GATE_COUNT * c + gate) * row + column, given[gate])
            if end % 2 == 1:  # no other cell beside the last one
                clear(part(net, GATE_COUNT * (end - strip)), GATE_COUNT)
            for c in range(strip, end, 2):
                both = part(net, GATE_COUNT * (c - strip))
                _scatter(network, runs, c, t, both, work)
        own = singles(part(runs.seen, t * (first + cells)))
        keep_seen(network, own, wide, column, wide * row, seen)
        if column + 1 == row or t == 0:
            add_weights(network, singles(passed), seen, wide * row, wide * (column + 1),
                        to[1])  # fmt: skip
    for c in range(cells):
        last_h, last_s = load(work, first + c), load(to_s, c)
        if network.flags & FULL_PEEPHOLES:
            last_s, last_h = last_s + last_h, like(last_h, 0.0)
        store(to[2], c, last_h)
        store(to[2], cells + c, last_s)
