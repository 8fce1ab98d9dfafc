"""Kernel expansions in the lanes of a vector: eight rows, or eight free runs, at a time.

The equations are those of `evolino.network.expansion` and of the LSTM's own kernels, which
are called here step by step. All of it is in float64: coefficients of thousands that nearly
cancel would lose in float32 what the cells do not.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from evolino.network.expansion import KernelExpansion
from evolino.network.kernels.activations import exp_parts
from evolino.network.kernels.compiled import compiled
from evolino.network.kernels.dispatch import CellStates, Networks
from evolino.network.kernels.lanes import fma, higher, largest_lane, like, within
from evolino.network.kernels.lstm import EXPLODED, copy, room_for, see, step
from evolino.network.kernels.memory import (
    Shared,
    aligned,
    aligned_copy,
    load,
    memory,
    part,
    store,
)
from evolino.vocabulary import Array

njit: Any = numba.njit
WIDTH = 8
LEAST = -700.0  # exp of it is 1e-304


@njit(inline="always")
def expand(
    row: Any,
    scaled: Any,
    columns: int,
    supports: Any,
    count: int,
    coefficients: Any,
    intercepts: Any,
    scales: Any,
    outputs: int,
    factor: float,
    y: Any,
) -> None:
    """Write the outputs for what a readout sees, row, to y.

    scaled: room for a row. factor: -1 / (2 width^2), 0 for a linear kernel.
    """
    for s in range(columns):
        store(scaled, s, load(row, s) / load(scales, s))
    for j in range(outputs):
        store(y, j, load(intercepts, j))
    for v in range(count):
        at = part(supports, v * columns)
        value = like(load(row, 0), 0.0)
        if factor == 0.0:
            for s in range(columns):
                value = fma(load(scaled, s), load(at, s), value)
        else:
            for s in range(columns):
                apart = load(scaled, s) - load(at, s)
                value = fma(apart, apart, value)
            power, rest = exp_parts(higher(value * factor, LEAST))
            value = fma(power, rest, power)
        for j in range(outputs):
            store(y, j, fma(value, load(coefficients, v * outputs + j), load(y, j)))


@compiled
def expand_rows(
    rows: Any,
    blocks: int,
    columns: int,
    supports: Any,
    count: int,
    coefficients: Any,
    intercepts: Any,
    scales: Any,
    outputs: int,
    factor: float,
    result: Any,
    room: Any,
) -> None:
    """Expand rows, S = `columns` vectors for each of the blocks, to K = `outputs`.

    supports, coefficients, intercepts, scales: `Shared`, of `expand`. room: S vectors.
    """
    x, y, scaled = memory(rows), memory(result), memory(room)
    v, c, b, d = memory(supports), memory(coefficients), memory(intercepts), memory(scales)
    for k in range(blocks):
        at, to = part(x, k * columns), part(y, k * outputs)
        expand(at, scaled, columns, v, count, c, b, d, outputs, factor, to)


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
    steps: int,
    outside: int,
    outputs: int,
    feedback: bool,
    scale: float,
    targets: Any,
    tolerance: float,
    result: Any,
    room: Any,
    flags: int,
) -> None:
    """Eight free runs of one network over L = `steps` rows, whose outputs are expanded.

    As `evolino.network.kernels.lstm.run_freely` with one start in each lane; weights,
    peepholes and the expansion are `Shared`. room: of `lstm.room_for`, and a row more.
    """
    cells, recurrent = sources.shape
    width = outside + (outputs if feedback else 0)
    w, p, r = memory(weights), memory(peepholes), memory(sources)
    v, c, b, d = memory(supports), memory(coefficients), memory(intercepts), memory(scales)
    x, wanted, y = memory(inputs), memory(targets), memory(result)
    u = memory(room)
    row = part(u, width)
    scaled = part(row, columns)
    heard = part(scaled, columns)
    states = part(heard, outputs)
    before, after = part(states, cells), part(states, 2 * cells)
    net = part(states, 3 * cells)
    copy(memory(start_outputs), before, cells)
    copy(memory(start_states), states, cells)
    copy(memory(previous), heard, outputs)
    alive = like(load(u, 0), 1.0)
    for t in range(steps):
        copy(part(x, t * outside), u, outside)
        if feedback:
            for j in range(outputs):
                store(u, outside + j, load(heard, j) * scale)
        step(w, p, r, cells, recurrent, u, width, before, after, states, net, flags)
        see(row, after, states, u, width, cells, flags)
        expand(row, scaled, columns, v, count, c, b, d, outputs, factor, heard)
        for j in range(outputs):
            value = load(heard, j)
            alive = within(value, EXPLODED, alive, 0.0)
            if tolerance < float("inf"):
                error = value - load(wanted, t * outputs + j)
                alive = within(error, tolerance, alive, 0.0)
        for j in range(outputs):
            value = load(heard, j)
            store(y, t * outputs + j, within(alive, 0.0, float("inf"), value))
            store(heard, j, within(alive, 0.0, 0.0, value))
        if largest_lane(alive) == 0.0:
            for j in range((t + 1) * outputs, steps * outputs):
                store(y, j, float("inf"))
            return
        before, after = after, before


def expanded(expansion: KernelExpansion, seen: Array) -> Array:
    """Return (T, K), the outputs for what a readout sees, (T, S)."""
    (rows, columns), outputs = seen.shape, len(expansion.intercepts)
    blocks = -(-rows // WIDTH)
    padded = np.zeros((blocks * WIDTH, columns))
    padded[:rows] = seen
    lanes = aligned_copy(padded.reshape(blocks, WIDTH, columns).transpose(0, 2, 1))
    result = aligned(blocks * outputs * WIDTH)
    expand_rows(
        lanes.reshape(-1),
        blocks,
        columns,
        *_shared(expansion),
        outputs,
        _factor(expansion),
        result,
        aligned(columns * WIDTH),
    )
    by_row = result.reshape(blocks, outputs, WIDTH).transpose(0, 2, 1)
    return by_row.reshape(-1, outputs)[:rows]


def free_run_expanded(
    networks: Networks,
    p: int,
    expansion: KernelExpansion,
    start: CellStates,
    previous: Array,
    inputs: Array,
    *,
    targets: Array | None = None,
    tolerance: float = float("inf"),
) -> Array:
    """Return (N, L, K): outputs of N free runs of network p over L rows.

    start: the cells (N, C) before each run; the rest as for
    `evolino.network.kernels.dispatch.free_run`.
    """
    (runs, steps, outside), architecture = inputs.shape, networks.architecture
    outputs, columns = architecture.outputs, architecture.readout_width
    result = np.empty((runs, steps, outputs))
    width = architecture.input_width
    vectors = room_for(architecture.cells, width, columns, outputs) + columns
    room = aligned(vectors * WIDTH)
    for first in range(0, runs, WIDTH):
        lanes = np.minimum(np.arange(first, first + WIDTH), runs - 1)
        grouped = aligned(steps * outputs * WIDTH)
        run_freely(
            _numbers(networks.weights[p]),
            _numbers(networks.peepholes[p]),
            networks.sources,
            columns,
            *_shared(expansion),
            _factor(expansion),
            _in_lanes(start.outputs[lanes]),
            _in_lanes(start.states[lanes]),
            _in_lanes(previous[lanes]),
            _in_lanes(inputs[lanes]),
            steps,
            outside,
            outputs,
            architecture.feedback,
            architecture.feedback_scale,
            grouped if targets is None else _in_lanes(targets[lanes]),
            float("inf") if targets is None else tolerance,
            grouped,
            room,
            networks.flags,
        )
        by_run = np.moveaxis(grouped.reshape(steps, outputs, WIDTH), -1, 0)
        result[first : first + WIDTH] = by_run[: runs - first]
    return result


def _in_lanes(values: Array) -> Array:
    """(WIDTH, ...) -> one-dimensional, the runs in lanes."""
    return aligned_copy(np.moveaxis(values, 0, -1)).reshape(-1)


def _numbers(values: Array) -> Shared:
    return Shared(np.ascontiguousarray(values, dtype=np.float64).reshape(-1))


def _shared(expansion: KernelExpansion) -> tuple[Shared, int, Shared, Shared, Shared]:
    return (
        _numbers(expansion.supports),
        len(expansion.supports),
        _numbers(expansion.coefficients),
        _numbers(expansion.intercepts),
        _numbers(expansion.scales),
    )


def _factor(expansion: KernelExpansion) -> float:
    return 0.0 if expansion.kernel == "linear" else -0.5 / expansion.width**2
