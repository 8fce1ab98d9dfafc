"""Teacher-forced pass of LSTM networks, one in each lane of a vector; a step of them.

The equations are those of `evolino.network.lstm`; `evolino.network.reference` is their
plain twin. Net inputs are computed in two halves, so that other work can be done in
between: reading the weights takes longer than multiplying them. Records as of
`evolino.network.kernels.records`.
"""

from __future__ import annotations

from typing import Any

import numba

from evolino.network.kernels.cell import next_state, output
from evolino.network.kernels.features import write_features
from evolino.network.kernels.full_peepholes import write_driving
from evolino.network.kernels.inputs import (
    add_symbol,
    inputs_at,
    next_inputs,
    others_of,
    symbols_of,
)
from evolino.network.kernels.net_input import (
    GATE_COUNT,
    PEEPHOLE_COUNT,
    add_source,
    load_gates,
    store_gates,
)
from evolino.simd.compiled import compiled
from evolino.simd.memory import addresses, clear, copy, load, memory, part, store

njit: Any = numba.njit

FEW = 8  # cells, below which interleaving costs more in branches than it gains


def workspace_size(cells: int) -> int:
    """Return the vectors that `drive` works in, for so many cells or blocks of cells."""
    return cells * (3 + GATE_COUNT)


@njit(inline="always")
def first_half(
    gates: Any, weights: Any, sources: Any, layer: Any, u: Any, before: Any
) -> Any:
    """Return the net inputs of a cell without the second half of the recurrent sources.

    weights, sources: the cell's own. u: what enters (`inputs_at`). before: cell
    outputs of the last step.
    """
    gates = add_symbol(gates, part(weights, GATE_COUNT), u)
    symbols, x = symbols_of(u), others_of(u)
    for j in range(layer.width - symbols):
        gates = add_source(gates, weights, GATE_COUNT * (1 + symbols + j), load(x, j))
    own = part(weights, GATE_COUNT * (1 + layer.width))
    for j in range(layer.recurrent // 2):
        gates = add_source(gates, own, GATE_COUNT * j, load(before, load(sources, j)))
    return gates


@njit(inline="always")
def second_half(
    gates: Any, weights: Any, sources: Any, layer: Any, before: Any, net: Any
) -> None:
    """Write the net inputs of a cell, GATE_COUNT vectors, begun by `first_half`."""
    own = part(weights, GATE_COUNT * (1 + layer.width))
    for j in range(layer.recurrent // 2, layer.recurrent):
        gates = add_source(gates, own, GATE_COUNT * j, load(before, load(sources, j)))
    store_gates(net, gates)


@njit(inline="always")
def advance_state(layer: Any, k: int, states: Any, net: Any) -> None:
    """Write the next state of cell k."""
    zs, its = part(net, GATE_COUNT * k), part(layer.peepholes, PEEPHOLE_COUNT * k)
    store(states, k, next_state(zs, its, load(states, k), layer.flags))


@njit(inline="always")
def write_output(layer: Any, k: int, states: Any, net: Any, after: Any) -> None:
    """Write the output of cell k, from its new state."""
    zs, its = part(net, GATE_COUNT * k), part(layer.peepholes, PEEPHOLE_COUNT * k)
    store(after, k, output(zs, its, load(states, k), layer.flags))


@njit(inline="always")
def step(layer: Any, u: Any, before: Any, after: Any, states: Any, net: Any) -> None:
    """Advance all cells by one step.

    u: what enters. before: what drives the gates beside it, the cell outputs of the last
    step (but `write_driving`). after: the cell outputs of this step. states: changed in
    place. net: gets the net inputs, GATE_COUNT vectors a cell.
    """
    cells, recurrent = layer.cells, layer.recurrent
    each = (1 + layer.width + recurrent) * GATE_COUNT
    if cells < FEW:
        for k in range(cells):
            own, its = part(layer.weights, k * each), part(layer.sources, k * recurrent)
            gates = first_half(load_gates(own), own, its, layer, u, before)
            second_half(gates, own, its, layer, before, part(net, GATE_COUNT * k))
        for k in range(cells):
            advance_state(layer, k, states, net)
        for k in range(cells):
            write_output(layer, k, states, net, after)
        return
    # While weights are read, the state and the output of earlier cells are computed.
    for k in range(cells + 2):
        at = min(k, cells - 1)
        own, its = part(layer.weights, at * each), part(layer.sources, at * recurrent)
        gates = load_gates(own)
        if k < cells:
            gates = first_half(gates, own, its, layer, u, before)
        if 0 < k <= cells:
            advance_state(layer, k - 1, states, net)
        if k < cells:
            second_half(gates, own, its, layer, before, part(net, GATE_COUNT * k))
        if k > 1:
            write_output(layer, k - 2, states, net, after)


@njit(inline="always")
def keep_cells(
    due: int, row: int, course: Any, recording: Any, outputs: Any, states: Any, cells: int
) -> int:
    """Record the cells at every start before a row of the course; return the next start.

    due: the position in the course's order of the first start that is not before the row.
    """
    while due < course.kept and load(course.starts, load(course.order, due)) == row:
        at = load(course.order, due) * cells
        copy(outputs, part(recording.outputs, at), cells)
        copy(states, part(recording.states, at), cells)
        due += 1
    return due


@compiled
def drive(layer: Any, course: Any, recording: Any, workspace: Any) -> None:
    """Drive networks over N series, one after another, each from cells at rest.

    workspace: of `workspace_size`.
    """
    own, over, to = addresses(layer), addresses(course), addresses(recording)
    cells, width = own.cells, own.width
    u, row = inputs_at(over, 0), to.features
    states = memory(workspace)
    before, after = part(states, cells), part(states, 2 * cells)
    net = part(states, 3 * cells)
    now = due = 0
    for n in range(over.series):
        steps, first = load(over.steps, n), load(over.firsts, n)
        clear(states, cells)
        clear(before, cells)
        for t in range(steps + 1):
            due = keep_cells(due, now, over, to, before, states, cells)
            now += 1
            if t == steps:
                break
            write_driving(own, states, before, cells)
            step(own, u, before, after, states, net)
            if t >= first:
                write_features(row, own, cells, after, states, u)
                row = part(row, to.columns)
            u = next_inputs(u, width)
            before, after = after, before
