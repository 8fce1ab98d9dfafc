"""Free runs of networks whose outputs are kernel expansions, eight runs at a time.

As `evolino.network.kernels.run_freely`, whose runs these are, but for the readout. Every
network has its own support vectors, so one is run after another; with fewer runs than lanes
all lanes do the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from evolino.network.kernel_expansion import KernelExpansion
from evolino.network.kernels.free_run import disturb, hear, tell
from evolino.network.kernels.networks import CellStates, Networks
from evolino.network.kernels.run_freely import FreeRuns, thresholds
from evolino.network.kernels.support_vectors import WIDTH, expand, expansion_for, in_doubles
from evolino.network.kernels.teacher_forced import copy, room_for, see, step
from evolino.simd.compiled import compiled
from evolino.simd.memory import aligned, aligned_copy, load, memory, part, store
from evolino.simd.vectors import largest_lane, like
from evolino.vocabulary import Array


@compiled
def run_freely(
    weights: Any,
    peepholes: Any,
    sources: Any,
    columns: int,
    supports: Any,
    count: int,
    coefficients: Any,
    intercepts: Any,
    scales: Any,
    factor: float,
    start_outputs: Any,
    start_states: Any,
    previous: Any,
    inputs: Any,
    groups: int,
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
    """Free runs of one network over L = `steps` rows, one group of lanes after another.

    Arguments as of `free_run.run_freely` and of `expand`. room: of
    `room_for`, and a row more.
    """
    cells, recurrent = sources.shape
    width = outside + (outputs if feedback else 0)
    w, p, r = memory(weights), memory(peepholes), memory(sources)
    v, c, b, d = memory(supports), memory(coefficients), memory(intercepts), memory(scales)
    h0, s0, y0 = memory(start_outputs), memory(start_states), memory(previous)
    x, wanted, y = memory(inputs), memory(targets), memory(result)
    disturbance, u = memory(noise), memory(room)
    row = part(u, width)
    scaled = part(row, columns)
    heard = part(scaled, columns)
    states = part(heard, outputs)
    before, after = part(states, cells), part(states, 2 * cells)
    net = part(states, 3 * cells)
    for n in range(groups):
        copy(part(h0, n * cells), before, cells)
        copy(part(s0, n * cells), states, cells)
        copy(part(y0, n * outputs), heard, outputs)
        alive = like(load(u, 0), 1.0)
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
            expand(row, scaled, columns, v, count, c, b, d, outputs, factor, heard)
            alive = tell(
                heard, outputs, alive, threshold, part(wanted, now * outputs), tolerance,
                part(y, now * outputs),
            )  # fmt: skip
            if largest_lane(alive) == 0.0:
                for j in range((now + 1) * outputs, (n + 1) * steps * outputs):
                    store(y, j, float("inf"))
                break
            before, after = after, before


def free_runs_expanded(
    networks: Networks,
    expansions: Sequence[KernelExpansion],
    start: CellStates,
    runs: FreeRuns,
) -> Array:
    """Return (P, N, L, K): outputs of free runs, as `free_runs_of`, in float64."""
    layout, architecture = networks.layout, networks.architecture
    outputs, columns, steps = architecture.outputs, architecture.readout_width, runs.steps
    order = np.arange(runs.count)[:, None].repeat(WIDTH, axis=1)
    if runs.in_lanes:
        groups = -(-runs.count // WIDTH)
        order = np.minimum(np.arange(groups * WIDTH), runs.count - 1).reshape(-1, WIDTH)
    vectors = room_for(architecture.cells, architecture.input_width, columns, outputs)
    room = aligned((vectors + columns) * WIDTH)
    previous, inputs, targets = (
        _in_eights(values, runs, layout.width, len(order))
        for values in (runs.previous, runs.inputs, runs.targets)
    )
    made = []
    for p, expansion in enumerate(expansions):
        result = aligned(len(order) * steps * outputs * WIDTH)
        run_freely(
            in_doubles(networks.weights[p]),
            in_doubles(networks.peepholes[p]),
            layout.sources,
            columns,
            *expansion_for(expansion),
            *(
                aligned_copy(values[p][order].swapaxes(1, 2)).reshape(-1)
                for values in (start.outputs, start.states)
            ),
            previous,
            inputs,
            len(order),
            steps,
            architecture.inputs,
            outputs,
            architecture.feedback,
            architecture.feedback_scale,
            *thresholds(architecture),
            in_doubles(runs.noise.values),
            len(runs.noise.values) // (2 * architecture.cells),
            targets,
            runs.tolerance,
            result,
            room,
            layout.flags,
        )
        ran = result.reshape(len(order), steps, outputs, WIDTH)
        if runs.in_lanes:
            made.append(np.moveaxis(ran, -1, 1).reshape(-1, steps, outputs)[: runs.count])
        else:
            made.append(ran[..., 0])
    return np.stack(made)


def _in_eights(values: Array, runs: FreeRuns, width: int, groups: int) -> Array:
    """Return what lies in vectors of `width` lanes in so many groups of eight."""
    if width == WIDTH or not values.size:
        return aligned_copy(values)
    parts = values.reshape(runs.groups(width), -1, width // WIDTH, WIDTH).swapaxes(1, 2)
    taken = parts if runs.in_lanes else parts[:, :1]
    return aligned_copy(taken.reshape(-1, taken.shape[2], WIDTH)[:groups]).reshape(-1)
