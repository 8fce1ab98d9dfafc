"""Free runs of one network that keep what their gradient needs: runs in the lanes.

A block of sixteen runs goes through all its steps without leaving the processor's near
memory. It lies in pairs of vectors: a weight that is read serves both, and the exponentials
of one go on while those of the other wait. Eight runs that are left lie in single vectors.
"""

from __future__ import annotations

from typing import Any

import numba

from evolino.network.kernels.cell import FULL_PEEPHOLES
from evolino.network.kernels.cell_gradient import (
    exponentials,
    gates_of,
    output_exponential,
    output_of,
)
from evolino.network.kernels.free_run_course import (
    Course,
    Network,
    paired_block,
    peepholes,
    single_block,
    source,
)
from evolino.network.kernels.net_input import GATE_COUNT, load_gates, store_gates
from evolino.simd.compiled import compiled
from evolino.simd.memory import addresses, copy, load, memory, number, pairs, part, store
from evolino.simd.prefetch import store_past
from evolino.simd.vectors import fma, like

STRIP = 8  # cells whose net inputs are computed before any of them is stepped
njit: Any = numba.njit


def forward_size(cells: int, width: int) -> int:
    """Return the vectors that `run_block` works in."""
    return 2 * (width + 1 + 2 * cells + GATE_COUNT * STRIP)


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
def _write_gate(runs: Any, at: int, gate: Any, past: Any) -> None:
    """Keep a gate for the way back, which alone reads it. past: not None if it is written
    past the caches."""
    if past is not None:
        store_past(runs.gates, at, gate)
    else:
        store(runs.gates, at, gate)


@njit(inline="always")
def _begin_cell(network: Any, runs: Any, c: int, t: int, net: Any) -> None:
    """Turn a cell's net inputs into what `_open_cell` takes."""
    before = load(runs.states, t * network.cells + c)
    parts = exponentials(load_gates(net), peepholes(network, c), before, network.flags)
    for k in range(3):
        store(net, k, parts[k])


@njit(inline="always")
def _open_cell(network: Any, runs: Any, c: int, t: int, net: Any, past: Any) -> None:
    """Write a cell's new state; keep its gates but for the output's, whose net input
    becomes what `_let_out_cell` takes."""
    at = t * network.cells + c
    before, (ei, ef, numerator, zo) = load(runs.states, at), load_gates(net)
    gates = gates_of((ei, ef, numerator), network.flags)
    s = fma(gates[1], before, gates[0] * gates[2])
    store(runs.states, at + network.cells, s)
    for k in range(3):
        _write_gate(runs, GATE_COUNT * at + k, gates[k], past)
    store(net, 3, output_exponential(zo, peepholes(network, c), s, network.flags))


@njit(inline="always")
def _let_out_cell(network: Any, runs: Any, c: int, t: int, net: Any, after: Any,
                  past: Any) -> None:  # fmt: skip
    """Write what a cell drives next; keep its output gate; add to the sums."""
    cells, first = network.cells, network.width + 1
    s = load(runs.states, (t + 1) * cells + c)
    o, h = output_of(load(net, 3), s, network.flags)
    _write_gate(runs, GATE_COUNT * (t * cells + c) + 3, o, past)
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
        pair = paired_block(network, runs, block)
        if block < runs.far:
            run_block(network, pair, pairs(memory(work)), 1)
        else:
            run_block(network, pair, pairs(memory(work)), None)
    if runs.single:
        run_block(network, single_block(network, runs), memory(work), None)


@njit
def run_block(network: Any, runs: Any, work: Any, past: Any) -> None:
    """Let a block run freely, in pairs or single vectors as its course and `work` are.

    past: None for gates that stay in the caches; decided when it is compiled.
    """
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
            for c in range(strip, end):  # each part is short enough for others to overlap
                _begin_cell(network, runs, c, t, part(net, GATE_COUNT * (c - strip)))
            for c in range(strip, end):
                z = part(net, GATE_COUNT * (c - strip))
                _open_cell(network, runs, c, t, z, past)
            for c in range(strip, end):
                z = part(net, GATE_COUNT * (c - strip))
                _let_out_cell(network, runs, c, t, z, after, past)
        copy(after, part(now, first), cells)
