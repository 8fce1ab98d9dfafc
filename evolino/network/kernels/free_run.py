"""Free run in the lanes of a vector: networks whose outputs are fed back to them.

Records as of `evolino.network.kernels.records`; the step is that of `teacher_forced`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba

from evolino.network.base import EXPLODED
from evolino.network.kernels.features import write_features
from evolino.network.kernels.full_peepholes import write_driving
from evolino.network.kernels.net_input import GATE_COUNT, PEEPHOLE_COUNT
from evolino.network.kernels.readouts import read_out, readout_of
from evolino.network.kernels.records import CellStates, Layer
from evolino.network.kernels.teacher_forced import step
from evolino.simd.compiled import compiled
from evolino.simd.memory import addresses, copy, load, memory, part, store
from evolino.simd.vectors import beyond, largest_lane, like, within

njit: Any = numba.njit

INFINITE = float("inf")


class Work(NamedTuple):
    """What a free run works in: input vector, features, outputs, cells, their net inputs,
    and scaled features of an expansion."""

    u: Any
    row: Any
    y: Any
    states: Any
    outputs: Any
    spare: Any
    net: Any
    scaled: Any


def workspace_size(cells: int, width: int, columns: int, outputs: int) -> int:
    """Return the vectors that `run_freely` works in."""
    return width + 2 * columns + outputs + cells * (3 + GATE_COUNT)


@njit(inline="always")
def divided(layer: Any, readout: Any, workspace: Any) -> Any:
    """Return a workspace, divided up."""
    cells, columns = layer.cells, readout.columns
    row = part(workspace, layer.width)
    y = part(row, columns)
    states = part(y, readout.outputs)
    net = part(states, 3 * cells)
    return Work(
        workspace,
        row,
        y,
        states,
        part(states, cells),
        part(states, 2 * cells),
        net,
        part(net, GATE_COUNT * cells),
    )


@njit(inline="always")
def layer_of(layer: Any, network: int) -> Any:
    """Return the layer of one of several networks."""
    cells = layer.cells
    each = cells * (1 + layer.width + layer.recurrent) * GATE_COUNT
    return Layer(
        part(layer.weights, network * each),
        part(layer.peepholes, network * cells * PEEPHOLE_COUNT),
        layer.sources,
        cells,
        layer.recurrent,
        layer.width,
        layer.flags,
    )


@njit(inline="always")
def disturb(noise: Any, outputs: Any, states: Any, cells: int) -> None:
    """Add a row of noise: first to the cells' outputs, then to their states."""
    for k in range(cells):
        store(outputs, k, load(outputs, k) + load(noise, k))
        store(states, k, load(states, k) + load(noise, cells + k))


@njit(inline="always")
def feed_back(u: Any, y: Any, outputs: int, feedback: Any) -> None:
    """Write the last outputs y to an input vector, behind the external inputs."""
    for j in range(outputs):
        value = load(y, j)
        if feedback.feedback_threshold > -INFINITE:
            value = beyond(value, feedback.feedback_threshold, like(value, 1.0), 0.0)
        store(u, feedback.external + j, value * feedback.scale)


@njit(inline="always")
def write_outputs(
    y: Any, outputs: int, alive: Any, threshold: float, runs: Any, at: int, result: Any
) -> Any:
    """Write the readout's sums y as outputs to the result; return the lanes still alive.

    at: the row among targets and result. A lane whose output is not finite, beyond EXPLODED
    or further than the tolerance from its target is lost: its output is inf, and 0 is fed
    back. alive: 1 in lanes that were not lost before, else 0.
    """
    wanted, to = part(runs.targets, at * outputs), result
    for j in range(outputs):
        value = load(y, j)
        alive = within(value, EXPLODED, alive, 0.0)
        if threshold > -INFINITE:
            value = beyond(value, threshold, like(value, 1.0), 0.0)
            store(y, j, value)
        if runs.tolerance < INFINITE:
            alive = within(value - load(wanted, j), runs.tolerance, alive, 0.0)
    for j in range(outputs):
        value = load(y, j)
        store(to, j, within(alive, 0.0, INFINITE, value))
        store(y, j, within(alive, 0.0, 0.0, value))
    return alive


@njit(inline="always")
def run_once(
    layer: Any, readout: Any, initial: Any, runs: Any, n: int, feedback: Any, result: Any,
    work: Any,
) -> None:  # fmt: skip
    """Free run n of one network, from its initial cells; result: L rows of K.

    A lane that is lost (`write_outputs`) stays so: inf from this row on, and 0 is fed back.
    """
    cells, outputs, steps = layer.cells, readout.outputs, runs.steps
    before, after, states, y = work.outputs, work.spare, work.states, work.y
    copy(initial.outputs, before, cells)
    copy(initial.states, states, cells)
    copy(part(runs.previous, n * outputs), y, outputs)
    alive = like(load(y, 0), 1.0)
    for t in range(steps):
        now = n * steps + t
        copy(part(runs.inputs, now * feedback.external), work.u, feedback.external)
        if feedback.present:
            feed_back(work.u, y, outputs, feedback)
        write_driving(layer, states, before, cells)
        step(layer, work.u, before, after, states, work.net)
        if runs.noise_rows:
            row = t % runs.noise_rows
            disturb(part(runs.noise, row * 2 * cells), after, states, cells)
        write_features(work.row, layer, cells, after, states, work.u)
        read_out(readout, work.row, y, work.scaled)
        to = part(result, t * outputs)
        alive = write_outputs(y, outputs, alive, feedback.threshold, runs, now, to)
        if largest_lane(alive) == 0.0:
            for j in range((t + 1) * outputs, steps * outputs):
                store(result, j, INFINITE)
            break
        before, after = after, before


@compiled
def run_freely(
    networks: int,
    layer: Any,
    readout: Any,
    initial: Any,
    runs: Any,
    feedback: Any,
    result: Any,
    workspace: Any,
) -> None:
    """Free runs from N initial cells over L rows, of one network after another.

    With networks in the lanes there is one of them here, as for an `Expansion`. initial:
    `CellStates`, N of them for each network. result: N x L rows of K for each. workspace:
    of `workspace_size`. Networks share sources, previous
    outputs, inputs, noise and targets.
    """
    every, sums = addresses(layer), addresses(readout)
    begin, given, y = addresses(initial), addresses(runs), memory(result)
    work = divided(every, sums, memory(workspace))
    cells, number = every.cells, given.number
    for p in range(networks):
        own, its = layer_of(every, p), readout_of(sums, p)
        for n in range(number):
            at = p * number + n
            cells_before = CellStates(
                part(begin.outputs, at * cells), part(begin.states, at * cells)
            )
            to = part(y, at * given.steps * sums.outputs)
            run_once(own, its, cells_before, given, n, feedback, to, work)
