"""Free runs of one network that keep what their gradient needs: runs in the lanes.

Two groups of eight runs go through all their steps together without leaving the
processor's near memory. Their weights are shared by the lanes, and a weight that is read
serves both groups: what drives their cells lies beside each other, in pairs of vectors.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba

from evolino.network.kernels.cell import FULL_PEEPHOLES
from evolino.network.kernels.cell_gradient import let_out, opened
from evolino.network.kernels.net_input import GATE_COUNT, PEEPHOLE_COUNT, store_gates
from evolino.simd.compiled import compiled
from evolino.simd.memory import addresses, clear, load, memory, number, pairs, part, store
from evolino.simd.vectors import fma, like

STRIP = 8  # cells whose net inputs are computed before any of them is stepped
njit: Any = numba.njit


class Network(NamedTuple):
    """One network and its readout; arrays are `Shared`, or integers.

    weights: over cells, sources and the four gates; the sources are the U input vector, 1,
    then the R cells that `sources` (C, R) names, all of them in their order if `dense`.
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
    """Groups of eight runs of L steps; arrays of lanes, over groups.

    inputs: (L, I). begin: the last output (K), the cells' outputs (C) and states (C).
    gates: (L, C, 4). seen: (L + 1, U + 1 + C), what drives the cells at each step; the last
    row holds the cells that would drive them next. states: (L + 1, C). sums: (L, K) of the
    readout. kept: groups that have gates, seen and states of their own, an even number;
    those beyond share the two last ones.
    """

    inputs: Any
    begin: Any
    gates: Any
    seen: Any
    states: Any
    sums: Any
    steps: int
    kept: int


def forward_size(cells: int, width: int) -> int:
    """Return the vectors that `run_pair` works in."""
    return 2 * (width + 1 + 2 * cells + GATE_COUNT * STRIP)


@njit(inline="always")
def of_group(network: Any, runs: Any, group: int) -> Any:
    """Return the course of one group."""
    cells, steps, outputs = network.cells, runs.steps, network.outputs
    place = min(group, runs.kept + group % 2)
    return Course(
        part(runs.inputs, group * steps * network.inputs),
        part(runs.begin, group * (outputs + 2 * cells)),
        part(runs.gates, place * GATE_COUNT * cells * steps),
        part(runs.seen, place * (network.width + 1 + cells) * (steps + 1)),
        part(runs.states, place * (steps + 1) * cells),
        part(runs.sums, group * steps * outputs),
        steps,
        runs.kept,
    )


@njit(inline="always")
def peepholes(network: Any, c: int) -> Any:
    """Return the three peephole weights of a cell."""
    at = PEEPHOLE_COUNT * c
    own = network.peepholes
    return load(own, at), load(own, at + 1), load(own, at + 2)


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
    """Write the four net inputs of a cell and of another one: eight sums, of pairs, at once
    keep the processor busy. now: what drives the cells."""
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
        total = like(load(now, 0), 1.0) * load(own, 2 * width)
        for j in range(width):
            u = load(now, 2 * j)
            total = fma(u, fma(u, load(own, width + j), load(own, j)), total)
        store(sums, k, total)


@njit(inline="always")
def _add_to_sums(network: Any, c: int, h: Any, s: Any, sums: Any) -> None:
    for k in range(network.outputs):
        own = part(network.to_cells, 3 * (k * network.cells + c))
        of_h = fma(h, load(own, 2), load(own, 0))
        store(sums, k, fma(h, of_h, fma(s, load(own, 1), load(sums, k))))


@njit(inline="always")
def _begin(network: Any, runs: Any, now: Any) -> None:
    """Write the states of a group at its start, and what drives its cells first."""
    first, outputs = network.width + 1, network.outputs
    for c in range(network.cells):
        s = load(runs.begin, outputs + network.cells + c)
        store(runs.states, c, s)
        driving = load(runs.begin, outputs + c)
        if network.flags & FULL_PEEPHOLES:
            driving = s
        store(now, 2 * (first + c), driving)
        store(runs.seen, first + c, driving)


@njit(inline="always")
def _begin_step(network: Any, runs: Any, now: Any, t: int) -> None:
    """Write the input vector of a step of a group, and what the readout makes of it."""
    width, inputs = network.width, network.inputs
    seen = part(runs.seen, t * (width + 1 + network.cells))
    for j in range(inputs):
        store(now, 2 * j, load(runs.inputs, t * inputs + j))
    for j in range(inputs, width):
        k = j - inputs
        before = load(runs.begin, k)
        if t > 0:
            before = load(runs.sums, (t - 1) * network.outputs + k)
        store(now, 2 * j, before * network.scale)
    store(now, 2 * width, 1.0)
    for j in range(width + 1):
        store(seen, j, load(now, 2 * j))
    _begin_sums(network, now, part(runs.sums, t * network.outputs))


@njit(inline="always")
def _step_cell(network: Any, runs: Any, c: int, t: int, net: Any, after: Any) -> None:
    """Step a cell of a group from its net inputs; keep its gates and state, and what drives
    cells next; add to the sums."""
    cells, first = network.cells, network.width + 1
    peep = peepholes(network, c)
    before = load(runs.states, t * cells + c)
    z = load(net, 0), load(net, 2), load(net, 4), load(net, 6)
    i, f, g = opened(z, peep, before, network.flags)
    s = fma(f, before, i * g)
    o, h = let_out(z, peep, s, network.flags)
    store_gates(part(runs.gates, GATE_COUNT * (t * cells + c)), (i, f, g, o))
    store(runs.states, (t + 1) * cells + c, s)
    _add_to_sums(network, c, h, s, part(runs.sums, t * network.outputs))
    driving = h
    if network.flags & FULL_PEEPHOLES:
        driving = s
    store(after, 2 * c, driving)
    store(runs.seen, (t + 1) * (first + cells) + first + c, driving)


@compiled
def run_groups(network: Network, course: Course, groups: int, work: Any) -> None:
    """Let groups run freely; writes gates, seen, states and sums of the course.

    work: `forward_size` vectors.
    """
    network, runs = addresses(network), addresses(course)
    for group in range(0, groups, 2):
        run_pair(network, runs, group, min(2, groups - group), memory(work))


@njit
def run_pair(network: Any, runs: Any, group: int, count: int, work: Any) -> None:
    """Let a group and the next one run freely; only it if the count is 1."""
    cells, first = network.cells, network.width + 1
    now, after = work, part(work, 2 * (first + cells))
    net = part(after, 2 * cells)
    clear(now, 2 * (first + cells))  # the half of a group that is not there
    for half in range(count):
        _begin(network, of_group(network, runs, group + half), part(now, half))
    for t in range(runs.steps):
        for half in range(count):
            own = of_group(network, runs, group + half)
            _begin_step(network, own, part(now, half), t)
        for strip in range(0, cells, STRIP):
            end = min(strip + STRIP, cells)
            for c in range(strip, end, 2):
                into = part(pairs(net), GATE_COUNT * (c - strip))
                _net_inputs(network, pairs(now), c, min(c + 1, cells - 1), into)
            for half in range(count):
                own = of_group(network, runs, group + half)
                for c in range(strip, end):
                    z = part(net, 2 * GATE_COUNT * (c - strip) + half)
                    _step_cell(network, own, c, t, z, part(after, half))
        for k in range(2 * cells):
            store(now, 2 * first + k, load(after, k))
