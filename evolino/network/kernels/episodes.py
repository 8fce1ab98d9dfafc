"""Networks that act in environments: one episode after another, in the lanes of a vector.

Either the lanes are networks, which all begin in the same state, or they are episodes of
one network: the memory of weights and starts decides.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba

from evolino.environments.base import WINDOW
from evolino.environments.kernels.world import advance, observe
from evolino.network.kernels.features import write_features
from evolino.network.kernels.full_peepholes import write_driving
from evolino.network.kernels.net_input import GATE_COUNT
from evolino.network.kernels.readouts import read_out
from evolino.network.kernels.teacher_forced import step
from evolino.simd.compiled import compiled
from evolino.simd.memory import addresses, clear, copy, load, memory, part, store
from evolino.simd.vectors import beyond, largest_lane, like

njit: Any = numba.njit

TAKEN, RETURN, COST = range(3)  # of a result


class Starts(NamedTuple):
    """N episodes of at most `steps` steps. states: N rows of S. noise: N x steps rows."""

    states: Any
    noise: Any
    number: int
    steps: int


class Work(NamedTuple):
    """What an episode works in."""

    u: Any
    row: Any
    y: Any
    world: Any
    window: Any
    states: Any
    outputs: Any
    spare: Any
    net: Any


def workspace_size(cells: int, width: int, columns: int, outputs: int, states: int) -> int:
    """Return the vectors that `play` works in."""
    return width + columns + outputs + states + WINDOW + cells * (3 + GATE_COUNT)


@njit(inline="always")
def divided(layer: Any, readout: Any, world: Any, workspace: Any) -> Any:
    """Return a workspace, divided up."""
    row = part(workspace, layer.width)
    y = part(row, readout.columns)
    state = part(y, readout.outputs)
    window = part(state, world.states)
    cells = part(window, WINDOW)
    return Work(
        workspace,
        row,
        y,
        state,
        window,
        cells,
        part(cells, layer.cells),
        part(cells, 2 * layer.cells),
        part(cells, 3 * layer.cells),
    )


@njit(inline="always")
def play_once(
    layer: Any, readout: Any, world: Any, starts: Any, n: int, result: Any, work: Any
) -> None:
    """Act in episode n; write its steps, return and cost to the result.

    A lane whose episode has ended goes on unrecorded until all have.
    """
    cells, state = layer.cells, work.world
    before, after = work.outputs, work.spare
    copy(part(starts.states, n * world.states), state, world.states)
    clear(work.states, 3 * cells)
    clear(work.window, WINDOW)
    running = like(load(work.window, 0), 1.0)
    steps, total = like(running, 0.0), like(running, 0.0)
    for t in range(starts.steps):
        noise = part(starts.noise, (n * starts.steps + t) * world.noise)
        observe(world, state, noise, work.u)
        write_driving(layer, work.states, before, cells)
        step(layer, work.u, before, after, work.states, work.net)
        write_features(work.row, layer, cells, after, work.states, work.u)
        read_out(readout, work.row, work.y, work.row)
        goes_on, reward, cost = advance(world, state, work.y)
        total = beyond(running, 0.5, total + reward, total)
        steps = steps + running
        running = beyond(goes_on, 0.5, running, 0.0)
        at = t % WINDOW
        store(work.window, at, beyond(running, 0.5, cost, load(work.window, at)))
        if largest_lane(running) == 0.0:
            break
        before, after = after, before
    costs = like(steps, 0.0)
    for k in range(WINDOW):
        costs = costs + load(work.window, k)
    store(result, TAKEN, steps)
    store(result, RETURN, total)
    store(result, COST, costs)


@compiled
def play(
    layer: Any, readout: Any, world: Any, starts: Any, result: Any, workspace: Any
) -> None:
    """Play all episodes. result: N rows of steps, return, cost. workspace: of
    `workspace_size`."""
    own, sums, within = addresses(layer), addresses(readout), addresses(world)
    given, to = addresses(starts), memory(result)
    work = divided(own, sums, within, memory(workspace))
    for n in range(given.number):
        play_once(own, sums, within, given, n, part(to, 3 * n), work)
