"""Forward pass of an LSTM in eight lanes: eight networks, or eight sequences of one.

The equations are those of `evolino.network.architecture`; `evolino.network.reference` is
their plain twin. Arrays are one-dimensional, in units of WIDTH doubles where each lane has
its own numbers, else `Shared`: with eight networks the inputs are shared, with eight
sequences the weights, peepholes and readout are. Weights run over cells, then sources
(bias, inputs, recurrent), then the four gates; peepholes over cells, then three gates; a
row of what the readout sees over its S columns.
"""

from __future__ import annotations

from typing import Any

import numba

from evolino.network.kernels.cell import (
    SEE_CONSTANT,
    SEE_INPUTS,
    SEE_SQUARES,
    SEE_STATES,
    add_source,
    biases,
    memory_cell,
)
from evolino.network.kernels.lanes import (
    WIDTH,
    fma,
    largest_lane,
    load,
    number,
    scratch,
    splat,
    store,
    within,
)

njit: Any = numba.njit

EXPLODED = 1e12  # an output beyond it has lost its network


@njit(inline="always")
def step(
    weights: Any,
    peep: Any,
    sources: Any,
    u: Any,
    width: int,
    before: Any,
    after: Any,
    states: Any,
    flags: int,
) -> None:
    """Advance all cells by one step.

    u: the input vector, `width` long. before, after: cell outputs of the last and of this
    step. states: changed in place.
    """
    cells, recurrent = sources.shape
    at = 0
    for k in range(cells):
        net = biases(weights, at)
        at += 4
        for j in range(width):
            net = add_source(net, weights, at, load(u, j * WIDTH))
            at += 4
        for j in range(recurrent):
            net = add_source(net, weights, at, load(before, sources[k, j] * WIDTH))
            at += 4
        s, h = memory_cell(net, peep, k, load(states, k * WIDTH), flags)
        store(states, k * WIDTH, s)
        store(after, k * WIDTH, h)


@njit(inline="always")
def see(
    row: Any, at: int, outputs: Any, states: Any, u: Any, width: int, cells: int, flags: int
) -> None:
    """Write what the readout sees at a step to row, from position `at` on."""
    for k in range(cells):
        store(row, at, load(outputs, k * WIDTH))
        at += WIDTH
    if flags & SEE_STATES:
        for k in range(cells):
            store(row, at, load(states, k * WIDTH))
            at += WIDTH
    if flags & SEE_INPUTS:
        for j in range(width):
            store(row, at, load(u, j * WIDTH))
            at += WIDTH
    if flags & SEE_SQUARES:
        for k in range(cells):
            h = load(outputs, k * WIDTH)
            store(row, at, h * h)
            at += WIDTH
        for j in range(width):
            x = load(u, j * WIDTH)
            store(row, at, x * x)
            at += WIDTH
    if flags & SEE_CONSTANT:
        store(row, at, splat(1.0))


@njit(nogil=True, cache=True)
def drive(
    weights: Any,
    peep: Any,
    sources: Any,
    inputs: Any,
    steps: int,
    width: int,
    first: int,
    columns: int,
    seen: Any,
    order: Any,
    starts: Any,
    start_outputs: Any,
    start_states: Any,
    flags: int,
) -> None:
    """Teacher-forced pass over T = `steps` input vectors of U = `width` numbers.

    seen: gets what the readout sees at rows first .. T-1, `columns` numbers a row. order:
    the starts' positions in the order of their rows; the cells before row starts[q] go to
    start_outputs and start_states at q.
    """
    cells = sources.shape[0]
    u, states = scratch(width * WIDTH), scratch(cells * WIDTH)
    before, after = scratch(cells * WIDTH), scratch(cells * WIDTH)
    reached = 0
    for t in range(steps + 1):
        while reached < len(order) and starts[order[reached]] == t:
            at = order[reached] * cells * WIDTH
            for k in range(cells * WIDTH):
                start_outputs[at + k] = before[k]
                start_states[at + k] = states[k]
            reached += 1
        if t == steps:
            break
        for j in range(width):
            store(u, j * WIDTH, number(inputs, t * width + j))
        step(weights, peep, sources, u, width, before, after, states, flags)
        if t >= first:
            see(seen, (t - first) * columns * WIDTH, after, states, u, width, cells, flags)
        before, after = after, before


@njit(nogil=True, cache=True)
def run_freely(
    weights: Any,
    peep: Any,
    sources: Any,
    readout: Any,
    columns: int,
    start_outputs: Any,
    start_states: Any,
    previous: Any,
    inputs: Any,
    feedback: bool,
    scale: float,
    targets: Any,
    tolerance: float,
    result: Any,
    flags: int,
) -> None:
    """Free runs from N starts over L rows.

    readout: S rows of K. start_outputs, start_states: the cells before each start.
    previous: N rows of K, the output heard first. inputs: N x L rows of I. targets: N x L
    rows of K, read only if the tolerance is finite. result: N x L rows of K.

    A lane whose output is not finite, beyond EXPLODED or further than the tolerance from
    its target is lost: inf from this row on, and 0 is fed back.
    """
    runs, steps, outside, outputs = (
        inputs.shape[0],
        inputs.shape[1],
        inputs.shape[2] // WIDTH,
        previous.shape[1] // WIDTH,
    )
    cells = sources.shape[0]
    width = outside + (outputs if feedback else 0)
    u, row = scratch(width * WIDTH), scratch(columns * WIDTH)
    before, after, states = (
        scratch(cells * WIDTH),
        scratch(cells * WIDTH),
        scratch(cells * WIDTH),
    )
    heard = scratch(outputs * WIDTH)
    infinite, one, zero = splat(float("inf")), splat(1.0), splat(0.0)
    for n in range(runs):
        before[:] = start_outputs[n]
        states[:] = start_states[n]
        heard[:] = previous[n]
        alive = one
        for t in range(steps):
            for j in range(outside):
                store(u, j * WIDTH, load(inputs[n, t], j * WIDTH))
            if feedback:
                for j in range(outputs):
                    store(u, (outside + j) * WIDTH, load(heard, j * WIDTH) * scale)
            step(weights, peep, sources, u, width, before, after, states, flags)
            see(row, 0, after, states, u, width, cells, flags)
            for j in range(outputs):
                y = zero
                for c in range(columns):
                    y = fma(load(row, c * WIDTH), number(readout, c * outputs + j), y)
                alive = within(y, splat(EXPLODED), alive, zero)
                if tolerance < float("inf"):
                    error = y - load(targets[n, t], j * WIDTH)
                    alive = within(error, splat(tolerance), alive, zero)
                store(heard, j * WIDTH, y)
            for j in range(outputs):
                y = load(heard, j * WIDTH)
                store(result[n, t], j * WIDTH, within(alive, zero, infinite, y))
                store(heard, j * WIDTH, within(alive, zero, zero, y))
            if largest_lane(alive) == 0.0:
                result[n, t + 1 :] = float("inf")
                break
            before, after = after, before
