"""Forward pass of an LSTM in the lanes of a vector: networks, or sequences of one network.

The equations are those of `evolino.network.architecture`; `evolino.network.reference` is
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
from evolino.network.kernels.compiled import compiled
from evolino.network.kernels.lanes import beyond, fma, largest_lane, like, within
from evolino.network.kernels.memory import load, memory, part, store
from evolino.network.kernels.net_input import GATES, biases, first_half, second_half

njit: Any = numba.njit

PEEPHOLES = 3  # a cell
FEW = 8  # cells, below which interleaving costs more in branches than it gains
EXPLODED = 1e12  # an output beyond it has lost its network


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


@njit(inline="always")
def read_out(readout: Any, row: Any, columns: int, outputs: int, j: int) -> Any:
    """Return output j of what the readout sees; four sums, since one would have to wait."""
    a = b = c = d = like(load(row, 0), 0.0)
    last = columns - columns % 4
    for s in range(0, last, 4):
        a = fma(load(row, s), load(readout, s * outputs + j), a)
        b = fma(load(row, s + 1), load(readout, (s + 1) * outputs + j), b)
        c = fma(load(row, s + 2), load(readout, (s + 2) * outputs + j), c)
        d = fma(load(row, s + 3), load(readout, (s + 3) * outputs + j), d)
    for s in range(last, columns):
        a = fma(load(row, s), load(readout, s * outputs + j), a)
    return (a + b) + (c + d)


@njit(inline="always")
def disturb(noise: Any, outputs: Any, states: Any, cells: int) -> None:
    """Add a row of noise: first to the cells' outputs, then to their states."""
    for k in range(cells):
        store(outputs, k, load(outputs, k) + load(noise, k))
        store(states, k, load(states, k) + load(noise, cells + k))


@compiled
def run_freely(
    networks: int,
    weights: Any,
    peepholes: Any,
    sources: Any,
    readout: Any,
    columns: int,
    start_outputs: Any,
    start_states: Any,
    previous: Any,
    inputs: Any,
    runs: int,
    steps: int,
    outside: int,
    outputs: int,
    feedback: bool,
    scale: float,
    threshold: float,
    heard_threshold: float,
    noise: Any,
    noise_rows: int,
    targets: Any,
    tolerance: float,
    result: Any,
    room: Any,
    flags: int,
) -> None:
    """Free runs from N = `runs` starts over L = `steps` rows, of one network after another.

    With networks in the lanes there is one of them here. sources: (C, R). readout: S =
    `columns` rows of K = `outputs`. start_outputs, start_states: the cells before each
    start. previous: N rows of K, the output heard first. inputs: N x L rows of I =
    `outside`. threshold: outputs above it are 1, others 0; -inf leaves them as they are.
    heard_threshold: the same for what is fed back only.
    noise: `noise_rows` rows of 2 C, added to the cells' outputs and states after a step,
    over and over, the same for every run. targets: N x L rows of K, read only if the
    tolerance is finite. result: N x L rows of K. room: of `room_for`. Networks share
    sources, previous, inputs, noise and targets.

    A lane whose output is not finite, beyond EXPLODED or further than the tolerance from
    its target is lost: inf from this row on, and 0 is fed back.
    """
    cells, recurrent = sources.shape
    width = outside + (outputs if feedback else 0)
    w, p, r, v = memory(weights), memory(peepholes), memory(sources), memory(readout)
    h0, s0, y0 = memory(start_outputs), memory(start_states), memory(previous)
    x, wanted, y = memory(inputs), memory(targets), memory(result)
    disturbance, u = memory(noise), memory(room)
    row = part(u, width)
    heard = part(row, columns)
    states = part(heard, outputs)
    before, after, net = (
        part(states, cells),
        part(states, 2 * cells),
        part(states, 3 * cells),
    )
    for _ in range(networks):
        for n in range(runs):
            copy(part(h0, n * cells), before, cells)
            copy(part(s0, n * cells), states, cells)
            copy(part(y0, n * outputs), heard, outputs)
            alive = like(load(heard, 0), 1.0)
            for t in range(steps):
                now = n * steps + t
                copy(part(x, now * outside), u, outside)
                if feedback:
                    for j in range(outputs):
                        value = load(heard, j)
                        if heard_threshold > -float("inf"):
                            value = beyond(value, heard_threshold, like(value, 1.0), 0.0)
                        store(u, outside + j, value * scale)
                step(w, p, r, cells, recurrent, u, width, before, after, states, net, flags)
                if noise_rows:
                    its = part(disturbance, t % noise_rows * 2 * cells)
                    disturb(its, after, states, cells)
                see(row, after, states, u, width, cells, flags)
                for j in range(outputs):
                    value = read_out(v, row, columns, outputs, j)
                    alive = within(value, EXPLODED, alive, 0.0)
                    if threshold > -float("inf"):
                        value = beyond(value, threshold, like(value, 1.0), 0.0)
                    if tolerance < float("inf"):
                        error = value - load(wanted, now * outputs + j)
                        alive = within(error, tolerance, alive, 0.0)
                    store(heard, j, value)
                for j in range(outputs):
                    value = load(heard, j)
                    lost = within(alive, 0.0, float("inf"), value)
                    store(y, now * outputs + j, lost)
                    store(heard, j, within(alive, 0.0, 0.0, value))
                if largest_lane(alive) == 0.0:
                    for j in range((now + 1) * outputs, (n + 1) * steps * outputs):
                        store(y, j, float("inf"))
                    break
                before, after = after, before
        w = part(w, cells * (1 + width + recurrent) * GATES)
        p, v = part(p, cells * PEEPHOLES), part(v, columns * outputs)
        h0, s0 = part(h0, runs * cells), part(s0, runs * cells)
        y = part(y, runs * steps * outputs)
