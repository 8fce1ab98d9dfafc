"""Free runs of one network that keep what their gradient needs: runs in the lanes.

A block of sixteen runs goes through all its steps without leaving the processor's near
memory. It lies in pairs of vectors: a weight that is read serves both, and the exponentials
of one go on while those of the other wait. Eight runs that are left lie in single vectors.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba

from evolino.network.kernels.cell import FULL_PEEPHOLES
from evolino.network.kernels.cell_gradient import let_out, opened
from evolino.network.kernels.net_input import (
    GATE_COUNT,
    PEEPHOLE_COUNT,
    load_gates,
    store_gates,
)
from evolino.simd.compiled import compiled
from evolino.simd.memory import addresses, copy, load, memory, number, pairs, part, store
from evolino.simd.vectors import fma, like

STRIP = 8  # cells whose net inputs are computed before any of them is stepped
njit: Any = numba.njit


class Network(NamedTuple):
    """One network and its readout; arrays are `Shared`, or integers.

    weights: over cells, sources and the four gates; the sources are the U input vector, 1,
    then the R cells that `sources` (C, R) names; all of them in their order, and nothing in
    `sources`, if `dense`.
    peepholes: (C, 3). to_cells: (K, C, 3), the readout of outputs, states and squared
    outputs. to_vector: (K, 2 U + 1), of the input vector, its squares and the constant.
    inputs: how many of U are not fed back. scale: of the feedback. flags: of the cells.
    """

    weights: Any
    sources: Any
    peepholes: Any
    to_cells: Any
    to_vector: Any
    cells: int
    recurrent: int
    width: int
    inputs: int
    outputs: int
    scale: float
    flags: int
    dense: bool


class Course(NamedTuple):
    """Runs of L steps in blocks; arrays of pairs of vectors, the last block of single ones.

    inputs: (L, I). begin: the last output (K), the cells' outputs (C) and states (C).
    gates: (L, C, 4). seen: (L + 1, U + 1 + C), what drives the cells at each step; the last
    row holds the cells that would drive them next. states: (L + 1, C). sums: (L, K) of the
    readout. kept: blocks that have gates, seen and states of their own; those beyond share
    the next place. paired: blocks of pairs. single: 1 for another block of single vectors.
    """

    inputs: Any
    begin: Any
    gates: Any
    seen: Any
    states: Any
    sums: Any
    steps: int
    kept: int
    paired: int
    single: int


def forward_size(cells: int, width: int) -> int:
    """Return the vectors that `run_block` works in."""
    return 2 * (width + 1 + 2 * cells + GATE_COUNT * STRIP)


@njit(inline="always")
def sizes(network: Any, steps: int) -> Any:
    """Return the vectors of a run's inputs, begin, gates, seen, states and sums."""
    cells, outputs = network.cells, network.outputs
    return (
        steps * network.inputs, outputs + 2 * cells, GATE_COUNT * cells * steps,
        (network.width + 1 + cells) * (steps + 1), (steps + 1) * cells, steps * outputs,
    )  # fmt: skip


@njit(inline="always")
def paired_block(network: Any, runs: Any, block: int) -> Any:
    """Return the course of a block, in pairs."""
    own, place = sizes(network, runs.steps), min(block, runs.kept)
    return Course(
        part(pairs(runs.inputs), block * own[0]), part(pairs(runs.begin), block * own[1]),
        part(pairs(runs.gates), place * own[2]), part(pairs(runs.seen), place * own[3]),
        part(pairs(runs.states), place * own[4]), part(pairs(runs.sums), block * own[5]),
        runs.steps, runs.kept, runs.paired, runs.single,
    )  # fmt: skip


@njit(inline="always")
def single_block(network: Any, runs: Any) -> Any:
    """Return the course of the last block, in single vectors."""
    own, block = sizes(network, runs.steps), 2 * runs.paired
    place = 2 * min(runs.paired, runs.kept)
    return Course(
        part(runs.inputs, block * own[0]), part(runs.begin, block * own[1]),
        part(runs.gates, place * own[2]), part(runs.seen, place * own[3]),
        part(runs.states, place * own[4]), part(runs.sums, block * own[5]),
        runs.steps, runs.kept, runs.paired, runs.single,
    )  # fmt: skip


@njit(inline="always")
def peepholes(network: Any, c: int) -> Any:
    """Return the three peephole weights of a cell."""
    at = PEEPHOLE_COUNT * c
    own = network.peepholes
    return number(own, at), number(own, at + 1), number(own, at + 2)


@njit(inline="always")
def source(network: Any, c: int, j: int) -> Any:
    """Return the place of a cell's recurrent source among all that drives cells."""
    if network.dense:
        return network.width + 1 + j
    return network.width + 1 + load(network.sources, c * network.recurrent + j)


@njit(inline="always")
def _add(net: Any, weights: Any, at: int, x: Any) -> Any:
    return (
        fma(x, number(weights, at), net[0]),
        fma(x, number(weights, at + 1), net[1]),
        fma(x, number(weights, at + 2), net[2]),
        fma(x, number(weights, at + 3), net[3]),
    )


@njit(inline="always")
def _net_inputs(network: Any, now: Any, c: int, other: int, into: Any) -> None:
    """Write the four net inputs of a cell and of another one: eight sums at once keep the
    processor busy. now: what drives the cells."""
    count, first = network.width + 1 + network.recurrent, network.width + 1
    weights = part(network.weights, GATE_COUNT * count * c)
    others = part(network.weights, GATE_COUNT * count * other)
    zero = like(load(now, 0), 0.0)
    net, more = (zero, zero, zero, zero), (zero, zero, zero, zero)
    for j in range(first):
        x = load(now, j)
        net = _add(net, weights, GATE_COUNT * j, x)
        more = _add(more, others, GATE_COUNT * j, x)
    weights, others = part(weights, GATE_COUNT * first), part(others, GATE_COUNT * first)
    if network.dense:
        driving = part(now, first)
        for j in range(network.recurrent):
            x = load(driving, j)
            net = _add(net, weights, GATE_COUNT * j, x)
            more = _add(more, others, GATE_COUNT * j, x)
    else:
        for j in range(network.recurrent):
            x, y = load(now, source(network, c, j)), load(now, source(network, other, j))
            net = _add(net, weights, GATE_COUNT * j, x)
            more = _add(more, others, GATE_COUNT * j, y)
    store_gates(into, net)
    store_gates(part(into, GATE_COUNT), more)


@njit(inline="always")
def _begin_sums(network: Any, now: Any, sums: Any) -> None:
    """Write what the readout sums up of the input vector and the constant."""
    width = network.width
    for k in range(network.outputs):
        own = part(network.to_vector, k * (2 * width + 1))
        total = like(load(now, 0), number(own, 2 * width))
        for j in range(width):
            u = load(now, j)
            slope = fma(u, number(own, width + j), number(own, j))
            total = fma(u, slope, total)
        store(sums, k, total)


@njit(inline="always")
def _add_to_sums(network: Any, c: int, h: Any, s: Any, sums: Any) -> None:
    for k in range(network.outputs):
        own = part(network.to_cells, 3 * (k * network.cells + c))
        of_h = fma(h, number(own, 2), number(own, 0))
        store(sums, k, fma(h, of_h, fma(s, number(own, 1), load(sums, k))))


@njit(inline="always")
def _begin(network: Any, runs: Any, now: Any) -> None:
    """Write the states of a block at its start, and what drives its cells first."""
    first, outputs = network.width + 1, network.outputs
    for c in range(network.cells):
        s = load(runs.begin, outputs + network.cells + c)
        store(runs.states, c, s)
        driving = load(runs.begin, outputs + c)
        if network.flags & FULL_PEEPHOLES:
            driving = s
        store(now, first + c, driving)
        store(runs.seen, first + c, driving)


@njit(inline="always")
def _begin_step(network: Any, runs: Any, now: Any, t: int) -> None:
    """Write the input vector of a step, and what the readout makes of it."""
    width, inputs = network.width, network.inputs
    seen = part(runs.seen, t * (width + 1 + network.cells))
    for j in range(inputs):
        store(now, j, load(runs.inputs, t * inputs + j))
    for j in range(inputs, width):
        k = j - inputs
        before = load(runs.begin, k)
        if t > 0:
            before = load(runs.sums, (t - 1) * network.outputs + k)
        store(now, j, before * network.scale)
    store(now, width, 1.0)
    for j in range(width + 1):
        store(seen, j, load(now, j))
    _begin_sums(network, now, part(runs.sums, t * network.outputs))


@njit(inline="always")
def _step_cell(network: Any, runs: Any, c: int, t: int, net: Any, after: Any) -> None:
    """Step a cell from its net inputs; keep its gates and state, and what drives cells
    next; add to the sums."""
    cells, first = network.cells, network.width + 1
    peep = peepholes(network, c)
    before = load(runs.states, t * cells + c)
    z = load_gates(net)
    i, f, g = opened(z, peep, before, network.flags)
    s = fma(f, before, i * g)
    o, h = let_out(z, peep, s, network.flags)
    store_gates(part(runs.gates, GATE_COUNT * (t * cells + c)), (i, f, g, o))
    store(runs.states, (t + 1) * cells + c, s)
    _add_to_sums(network, c, h, s, part(runs.sums, t * network.outputs))
    driving = h
    if network.flags & FULL_PEEPHOLES:
        driving = s
    store(after, c, driving)
    store(runs.seen, (t + 1) * (first + cells) + first + c, driving)


@compiled
def run_blocks(network: Network, course: Course, work: Any) -> None:
    """Let all blocks run freely; writes gates, seen, states and sums of the course.

    work: `forward_size` vectors.
    """
    network, runs = addresses(network), addresses(course)
    for block in range(runs.paired):
        run_block(network, paired_block(network, runs, block), pairs(memory(work)))
    if runs.single:
        run_block(network, single_block(network, runs), memory(work))


@njit
def run_block(network: Any, runs: Any, work: Any) -> None:
    """Let a block run freely, in pairs or single vectors as its course and `work` are."""
    cells, first = network.cells, network.width + 1
    now, after = work, part(work, first + cells)
    net = part(after, cells)
    _begin(network, runs, now)
    for t in range(runs.steps):
        _begin_step(network, runs, now, t)
        for strip in range(0, cells, STRIP):
            end = min(strip + STRIP, cells)
            for c in range(strip, end, 2):
                into = part(net, GATE_COUNT * (c - strip))
                _net_inputs(network, now, c, min(c + 1, cells - 1), into)
            for c in range(strip, end):
                z = part(net, GATE_COUNT * (c - strip))
                _step_cell(network, runs, c, t, z, after)
        copy(after, part(now, first), cells)
