"""Free run of stacked LSTM networks, one in each lane of a vector.

The layers take their steps one after another, each from the outputs of the one below; the
step itself is that of `teacher_forced`. Records as of `evolino.network.kernels.records`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba

from evolino.network.kernels.free_run import (
    INFINITE,
    disturb,
    feed_back,
    write_outputs,
)
from evolino.network.kernels.full_peepholes import write_driving
from evolino.network.kernels.inputs import copy_squares
from evolino.network.kernels.net_input import GATE_COUNT, PEEPHOLE_COUNT
from evolino.network.kernels.readouts import read_out
from evolino.network.kernels.records import Layer
from evolino.network.kernels.teacher_forced import step
from evolino.simd.compiled import compiled
from evolino.simd.memory import addresses, copy, load, memory, part, store
from evolino.simd.vectors import largest_lane, like

njit: Any = numba.njit


class Stack(NamedTuple):
    """Layers of C = `cells` memory cells, the lowest first.

    weights, peepholes: as of `Layer`, layer after layer. sources: (C, C), the same for all.
    width: U of an input vector. flags: of the cells. first_read: the lowest layer that the
    readout has. states, inputs, squares, constant: what it has beside cell outputs.
    """

    weights: Any
    peepholes: Any
    sources: Any
    cells: int
    layers: int
    width: int
    flags: int
    first_read: int
    states: bool
    inputs: bool
    squares: bool
    constant: bool


def workspace_size(stack: Stack, columns: int, outputs: int) -> int:
    """Return the vectors that `run_stack` works in."""
    every = stack.cells * stack.layers
    return 2 * columns + stack.width + outputs + 3 * every + GATE_COUNT * stack.cells


@njit(inline="always")
def step_all(stack: Any, u: Any, before: Any, after: Any, states: Any, net: Any) -> None:
    """Advance all layers by one step; arrays run over the cells of all layers."""
    cells, width, now = stack.cells, stack.width, u
    weights = stack.weights
    for k in range(stack.layers):
        at = k * cells
        peepholes = part(stack.peepholes, at * PEEPHOLE_COUNT)
        layer = Layer(
            weights, peepholes, stack.sources, cells, cells, width, stack.flags
        )  # fmt: skip
        write_driving(layer, part(states, at), part(before, at), cells)
        step(layer, now, part(before, at), part(after, at), part(states, at), net)
        weights = part(weights, cells * (1 + width + cells) * GATE_COUNT)
        width, now = cells, part(after, at)


@njit(inline="always")
def write_row(stack: Any, row: Any, after: Any, states: Any, u: Any) -> None:
    """Write the features: outputs and states of the layers that are read, u, squares, 1."""
    first = stack.first_read * stack.cells
    count = (stack.layers - stack.first_read) * stack.cells
    copy(part(after, first), row, count)
    at = count
    if stack.states:
        copy(part(states, first), part(row, at), count)
        at += count
    if stack.inputs:
        copy(u, part(row, at), stack.width)
        at += stack.width
    if stack.squares:
        copy_squares(part(after, first), part(row, at), count)
        at += count
        copy_squares(u, part(row, at), stack.width)
        at += stack.width
    if stack.constant:
        store(row, at, 1.0)


@compiled
def run_stack(
    stack: Any, readout: Any, initial: Any, runs: Any, feedback: Any, result: Any,
    workspace: Any,
) -> None:  # fmt: skip
    """Free runs from N initial cells over L rows; as `run_freely` for one network."""
    own, sums, given = addresses(stack), addresses(readout), addresses(runs)
    begin, made, back = addresses(initial), memory(result), feedback
    every, outputs, steps = own.cells * own.layers, sums.outputs, given.steps
    row = memory(workspace)
    scaled = part(row, sums.columns)
    u = part(scaled, sums.columns)
    y = part(u, own.width)
    states = part(y, outputs)
    before, after = part(states, every), part(states, 2 * every)
    net = part(states, 3 * every)
    for n in range(given.number):
        copy(part(begin.outputs, n * every), before, every)
        copy(part(begin.states, n * every), states, every)
        copy(part(given.previous, n * outputs), y, outputs)
        alive = like(load(y, 0), 1.0)
        for t in range(steps):
            now = n * steps + t
            copy(part(given.inputs, now * back.external), u, back.external)
            if back.present:
                feed_back(u, y, outputs, back)
            step_all(own, u, before, after, states, net)
            if given.noise_rows:
                at = t % given.noise_rows
                disturb(part(given.noise, at * 2 * every), after, states, every)
            write_row(own, row, after, states, u)
            read_out(sums, row, y, scaled)
            to = part(made, now * outputs)
            alive = write_outputs(y, outputs, alive, back.threshold, given, now, to)
            if largest_lane(alive) == 0.0:
                for j in range((t + 1) * outputs, steps * outputs):
                    store(part(made, n * steps * outputs), j, INFINITE)
                break
            before, after = after, before
