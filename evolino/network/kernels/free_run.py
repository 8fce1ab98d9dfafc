"""Free runs in the lanes of a vector: networks that hear their own outputs.

Layouts as of `evolino.network.kernels.teacher_forced`, whose step it takes.
"""

from __future__ import annotations

from typing import Any

import numba

from evolino.network.kernels.net_input import GATES
from evolino.network.kernels.teacher_forced import PEEPHOLES, copy, see, step
from evolino.simd.compiled import compiled
from evolino.simd.memory import load, memory, part, store
from evolino.simd.vectors import beyond, fma, largest_lane, like, within

njit: Any = numba.njit

EXPLODED = 1e12  # an output beyond it has lost its network


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


@njit(inline="always")
def hear(
    u: Any, heard: Any, outside: int, outputs: int, scale: float, threshold: float
) -> None:
    """Write the fed-back outputs to an input vector, behind the external inputs.

    heard: the last outputs. threshold: those above it are heard as 1, others as 0; -inf
    leaves them as they are.
    """
    for j in range(outputs):
        value = load(heard, j)
        if threshold > -float("inf"):
            value = beyond(value, threshold, like(value, 1.0), 0.0)
        store(u, outside + j, value * scale)


@njit(inline="always")
def tell(
    heard: Any,
    outputs: int,
    alive: Any,
    threshold: float,
    wanted: Any,
    tolerance: float,
    y: Any,
) -> Any:
    """Write what the readout gave, `heard`, to y; return the lanes that are still alive.

    A lane whose output is not finite, beyond EXPLODED or further than the tolerance from
    what is wanted is lost: inf is told, and 0 heard. Other arguments as of `run_freely`.
    """
    for j in range(outputs):
        value = load(heard, j)
        alive = within(value, EXPLODED, alive, 0.0)
        if threshold > -float("inf"):
            value = beyond(value, threshold, like(value, 1.0), 0.0)
            store(heard, j, value)
        if tolerance < float("inf"):
            alive = within(value - load(wanted, j), tolerance, alive, 0.0)
    for j in range(outputs):
        value = load(heard, j)
        store(y, j, within(alive, 0.0, float("inf"), value))
        store(heard, j, within(alive, 0.0, 0.0, value))
    return alive


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

    A lane that is lost (`tell`) stays so: inf from this row on, and 0 is fed back.
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
                    hear(u, heard, outside, outputs, scale, heard_threshold)
                step(w, p, r, cells, recurrent, u, width, before, after, states, net, flags)
                if noise_rows:
                    its = part(disturbance, t % noise_rows * 2 * cells)
                    disturb(its, after, states, cells)
                see(row, after, states, u, width, cells, flags)
                for j in range(outputs):
                    store(heard, j, read_out(v, row, columns, outputs, j))
                alive = tell(
                    heard, outputs, alive, threshold, part(wanted, now * outputs),
                    tolerance, part(y, now * outputs),
                )  # fmt: skip
                if largest_lane(alive) == 0.0:
                    for j in range((now + 1) * outputs, (n + 1) * steps * outputs):
                        store(y, j, float("inf"))
                    break
                before, after = after, before
        w = part(w, cells * (1 + width + recurrent) * GATES)
        p, v = part(p, cells * PEEPHOLES), part(v, columns * outputs)
        h0, s0 = part(h0, runs * cells), part(s0, runs * cells)
        y = part(y, runs * steps * outputs)
