"""Forward pass of an LSTM in the lanes of a vector: networks, or sequences of one network.

The equations are those of `evolino.network.lstm`; `evolino.network.reference` is
their plain twin. Arrays are one-dimensional, in units of vectors where each lane has its
own numbers, else `Shared`: with networks in the lanes the inputs are shared, with sequences
the weights, peepholes and readout are. Weights run over cells, then sources (bias, inputs,
recurrent), then the four gates; peepholes over cells, then three gates; a row of what the
readout sees over its S columns.
"""

from __future__ import annotations

from typing import Any

import numba

from evolino.network.kernels.cell import (
    SEE_CONSTANT,
    SEE_INPUTS,
    SEE_SQUARES,
    SEE_STATES,
    next_state,
    output,
)
from evolino.network.kernels.net_input import GATES, biases, first_half, second_half
from evolino.simd.compiled import compiled
from evolino.simd.memory import load, memory, part, store

njit: Any = numba.njit

PEEPHOLES = 3  # a cell
FEW = 8  # cells, below which interleaving costs more in branches than it gains


def room_for(cells: int, width: int, columns: int, outputs: int) -> int:
    """Return the vectors that `drive` and `run_freely` need to work in."""
    return width + columns + outputs + cells * (3 + GATES)


@njit(inline="always")
def step(
    weights: Any,
    peep: Any,
    sources: Any,
    cells: int,
    recurrent: int,
    u: Any,
    width: int,
    before: Any,
    after: Any,
    states: Any,
    net: Any,
    flags: int,
) -> None:
    """Advance all cells by one step.

    u: the input vector, `width` long. before, after: cell outputs of the last and of this
    step. states: changed in place. net: room for the net inputs.
    """
    each = (1 + width + recurrent) * GATES
    if cells < FEW:
        for k in range(cells):
            own, from_cells = part(weights, k * each), part(sources, k * recurrent)
            gates = first_half(biases(own), own, from_cells, recurrent, u, width, before)
            zs = part(net, GATES * k)
            second_half(gates, own, from_cells, recurrent, width, before, zs)
        for k in range(cells):
            zs, its = part(net, GATES * k), part(peep, PEEPHOLES * k)
            store(states, k, next_state(zs, its, load(states, k), flags))
        for k in range(cells):
            zs, its = part(net, GATES * k), part(peep, PEEPHOLES * k)
            store(after, k, output(zs, its, load(states, k), flags))
        return
    # While weights are read, the state and the output of earlier cells are computed.
    for k in range(cells + 2):
        at = min(k, cells - 1)
        own, from_cells = part(weights, at * each), part(sources, at * recurrent)
        gates = biases(own)
        if k < cells:
            gates = first_half(gates, own, from_cells, recurrent, u, width, before)
        if 0 < k <= cells:
            j = k - 1
            zs, its = part(net, GATES * j), part(peep, PEEPHOLES * j)
            store(states, j, next_state(zs, its, load(states, j), flags))
        if k < cells:
            zs = part(net, GATES * k)
            second_half(gates, own, from_cells, recurrent, width, before, zs)
        if k > 1:
            j = k - 2
            zs, its = part(net, GATES * j), part(peep, PEEPHOLES * j)
            store(after, j, output(zs, its, load(states, j), flags))


@njit(inline="always")
def see(
    row: Any, outputs: Any, states: Any, u: Any, width: int, cells: int, flags: int
) -> None:
    """Write what the readout sees at a step to row."""
    at = 0
    for k in range(cells):
        store(row, at + k, load(outputs, k))
    at += cells
    if flags & SEE_STATES:
        for k in range(cells):
            store(row, at + k, load(states, k))
        at += cells
    if flags & SEE_INPUTS:
        for j in range(width):
            store(row, at + j, load(u, j))
        at += width
    if flags & SEE_SQUARES:
        for k in range(cells):
            store(row, at + k, load(outputs, k) * load(outputs, k))
        at += cells
        for j in range(width):
            store(row, at + j, load(u, j) * load(u, j))
        at += width
    if flags & SEE_CONSTANT:
        store(row, at, 1.0)


@njit(inline="always")
def copy(source: Any, target: Any, count: int) -> None:
    """Copy vectors."""
    for k in range(count):
        store(target, k, load(source, k))


@njit(inline="always")
def rest(target: Any, count: int) -> None:
    """Set vectors to 0."""
    for k in range(count):
        store(target, k, 0.0)


@compiled
def drive(
    weights: Any,
    peepholes: Any,
    sources: Any,
    inputs: Any,
    steps: Any,
    firsts: Any,
    width: int,
    columns: int,
    seen: Any,
    order: Any,
    starts: Any,
    start_outputs: Any,
    start_states: Any,
    room: Any,
    flags: int,
) -> None:
    """Teacher-forced passes over N series, one after another, each from cells at rest.

    sources: (C, R). steps: (N,), T of each series. inputs: the series' input vectors of U =
    `width` numbers, all in one. seen: gets what the readout sees at rows firsts[n] .. T-1
    of each series n, `columns` numbers a row. starts: rows, counted over series of T + 1
    rows; order: their positions in ascending order; the cells before row starts[q] go to
    start_outputs and start_states at q. room: of `room_for`.
    """
    cells, recurrent = sources.shape
    w, p, x, r = memory(weights), memory(peepholes), memory(inputs), memory(sources)
    row, h0, s0 = memory(seen), memory(start_outputs), memory(start_states)
    u = memory(room)
    states = part(u, width)
    before, after, net = (
        part(states, cells),
        part(states, 2 * cells),
        part(states, 3 * cells),
    )
    now = reached = 0
    for n in range(len(steps)):
        rest(states, cells)
        rest(before, cells)
        for t in range(steps[n] + 1):
            while reached < len(order) and starts[order[reached]] == now:
                at = order[reached] * cells
                copy(before, part(h0, at), cells)
                copy(states, part(s0, at), cells)
                reached += 1
            now += 1
            if t == steps[n]:
                break
            for j in range(width):
                store(u, j, load(x, j))
            x = part(x, width)
            step(w, p, r, cells, recurrent, u, width, before, after, states, net, flags)
            if t >= firsts[n]:
                see(row, after, states, u, width, cells, flags)
                row = part(row, columns)
            before, after = after, before
