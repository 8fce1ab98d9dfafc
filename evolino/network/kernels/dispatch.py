"""The kernels' public face: networks packed into lanes, driven and left to themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evolino.network.architecture import LSTM, THRESHOLD
from evolino.network.kernels import by_cells, cell, lstm
from evolino.network.kernels.memory import Shared, aligned, aligned_copy, width_of
from evolino.vocabulary import Array, IntArray

LARGE = 64  # cells, from which on a network is driven with its cells in the lanes


def block_size(architecture: LSTM) -> int:
    """Return how many networks fill a vector: 8 in float64, 16 in float32."""
    return width_of(architecture.precision)


@dataclass(frozen=True, slots=True, eq=False)
class CellStates:
    """Cell outputs and states (P, N, C) of P networks before N rows."""

    outputs: Array
    states: Array


@dataclass(frozen=True, slots=True, eq=False)
class Networks:
    """At most `block_size` networks, laid out for the kernels; made by `pack`.

    weights: (P, W) over cells, sources (bias, inputs, recurrent) and gates; peepholes:
    (P, 3 C). The same in lanes, one-dimensional: empty lanes repeat the last network.
    sources: (C, R). flags: the variant, as the kernels read it. All in the architecture's
    precision.
    """

    architecture: LSTM
    weights: Array
    peepholes: Array
    weights_in_lanes: Array
    peepholes_in_lanes: Array
    sources: IntArray
    flags: int

    @property
    def count(self) -> int:
        """P."""
        return len(self.weights)

    @property
    def dtype(self) -> Any:
        """float64 or float32."""
        return self.weights.dtype

    @property
    def width(self) -> int:
        """The lanes of a vector."""
        return width_of(self.dtype)


def pack(architecture: LSTM, genomes: Array) -> Networks:
    """Lay genomes (P, C, G), 1 <= P <= `block_size`, out for the kernels.

    Raises ValueError for another shape or number.
    """
    size, dtype = block_size(architecture), np.dtype(architecture.precision)
    if not 1 <= len(genomes) <= size:
        raise ValueError(f"a block has 1 to {size} networks, got {len(genomes)}")
    parts = architecture.unpack(genomes)
    weights = np.concatenate(
        [parts.bias[:, :, None], parts.inputs, parts.recurrent], axis=2
    )
    weights = weights.reshape(len(genomes), -1).astype(dtype)
    peepholes = parts.peepholes.reshape(len(genomes), -1).astype(dtype)
    return Networks(
        architecture,
        weights,
        peepholes,
        _to_lanes(weights, dtype).reshape(-1),
        _to_lanes(peepholes, dtype).reshape(-1),
        np.ascontiguousarray(architecture.recurrent_sources()),
        _flags(architecture),
    )


def input_vectors(architecture: LSTM, inputs: Array, targets: Array) -> Array:
    """Return u (T, U): external inputs (T, I), then the previous targets (T, K), scaled.

    At row 0 the previous target is 0.
    """
    if not architecture.feedback:
        return np.ascontiguousarray(inputs)
    previous = np.zeros_like(targets)
    previous[1:] = targets[:-1]
    return np.concatenate([inputs, architecture.feedback_scale * previous], axis=1)


def teacher_forced(
    networks: Networks, inputs: Array, *, first: int = 0, starts: Sequence[int] = ()
) -> tuple[Array, CellStates]:
    """Drive networks over input vectors (T, U), from cells at rest.

    Returns what the readout sees at rows first .. T-1, (P, T - first, S), a view of lane
    memory; and the cells before each row of starts (any order, 0 <= row <= T).
    """
    steps, cells = len(inputs), networks.architecture.cells
    columns = networks.architecture.readout_width
    rows = np.asarray(starts, dtype=np.int64)
    if len(rows) and not (rows.min() >= 0 and rows.max() <= steps):
        raise ValueError(
            f"starts must be rows 0 to {steps}, got {rows.min()}..{rows.max()}"
        )
    width, dtype = networks.width, networks.dtype
    seen = aligned((steps - first) * columns * width, dtype)
    outputs = aligned(len(rows) * cells * width, dtype)
    states = aligned(len(rows) * cells * width, dtype)
    over = (Shared(np.ascontiguousarray(inputs, dtype).reshape(-1)), steps)
    recorded = (seen, np.argsort(rows, kind="stable"), rows, outputs, states)
    if cells_in_lanes(networks.architecture):
        _drive_by_cells(networks, over, inputs.shape[1], first, recorded)
    else:
        lstm.drive(
            networks.weights_in_lanes,
            networks.peepholes_in_lanes,
            networks.sources,
            *over,
            inputs.shape[1],
            first,
            columns,
            *recorded,
            _room(networks, inputs.shape[1]),
            networks.flags,
        )
    by_row = seen.reshape(steps - first, columns, width)
    shape = (len(rows), cells, width)
    return by_row.transpose(2, 0, 1)[: networks.count], CellStates(
        outputs.reshape(shape).transpose(2, 0, 1)[: networks.count],
        states.reshape(shape).transpose(2, 0, 1)[: networks.count],
    )


def cells_in_lanes(architecture: LSTM) -> bool:
    """Return whether networks are driven one by one, their cells in the lanes: large ones
    that are fully recurrent."""
    return architecture.sources is None and architecture.cells >= LARGE


def _drive_by_cells(
    networks: Networks, over: tuple[Shared, int], width: int, first: int, recorded: Any
) -> None:
    """Drive each of the networks; over: inputs and steps. recorded: what `drive` writes."""
    architecture, lanes = networks.architecture, networks.width
    cells, columns = architecture.cells, architecture.readout_width
    blocks = -(-cells // lanes)
    room = aligned(by_cells.room_for(blocks, width) * lanes, networks.dtype)
    for p in range(networks.count):
        by_cells.drive(
            _by_blocks_of_cells(networks.weights[p], cells, lanes),
            _by_blocks_of_cells(networks.peepholes[p], cells, lanes),
            networks.sources[:blocks],
            cells,
            *over,
            width,
            first,
            columns,
            p,
            lanes,
            *recorded,
            room,
            networks.flags,
        )


def _by_blocks_of_cells(values: Array, cells: int, lanes: int) -> Array:
    """(C W,) -> (blocks W lanes,): cells in lanes, those of empty lanes with weights 0."""
    blocks = -(-cells // lanes)
    padded = np.zeros((blocks * lanes, len(values) // cells), values.dtype)
    padded[:cells] = values.reshape(cells, -1)
    in_blocks = padded.reshape(blocks, lanes, -1).transpose(0, 2, 1)
    return aligned_copy(in_blocks, values.dtype).reshape(-1)


def free_run(
    networks: Networks,
    output_weights: Array,
    start: CellStates,
    previous: Array,
    inputs: Array,
    *,
    targets: Array | None = None,
    tolerance: float = float("inf"),
    noise: Array | None = None,
) -> Array:
    """Return (P, N, L, K): outputs of N free runs over L rows.

    output_weights: (P, S, K). start: the cells (P, N, C) before each run. previous: (N, K),
    the output that is heard first. inputs: (N, L, I). targets: (N, L, K), needed for a
    finite tolerance: a run further than that from its target is lost, inf from there on;
    so is one whose output is not finite or beyond 1e12. noise: (M, 2, C), added to all
    cells' outputs and states after each step, row t modulo M after step t of every run.

    With fewer than `block_size` runs the networks are in the lanes, else the runs of one
    network after another, which keeps its weights near the processor; to the same bits.
    """
    dtype = networks.dtype
    quiet = np.zeros(0) if noise is None else noise
    disturbance = Shared(np.ascontiguousarray(quiet, dtype).reshape(-1))
    if len(inputs) < networks.width:
        result = _free_run(
            networks,
            (networks.weights_in_lanes, networks.peepholes_in_lanes),
            _to_lanes(output_weights, dtype).reshape(-1),
            CellStates(_to_lanes(start.outputs, dtype), _to_lanes(start.states, dtype)),
            _same_in_lanes(previous, dtype),
            _same_in_lanes(inputs, dtype),
            None if targets is None else _same_in_lanes(targets, dtype),
            tolerance,
            disturbance,
        )
        return result.transpose(3, 0, 1, 2)[: networks.count]
    result = np.empty((networks.count, *inputs.shape[:2], networks.architecture.outputs))
    heard, outside = _by_group(previous, dtype), _by_group(inputs, dtype)
    wanted = None if targets is None else _by_group(targets, dtype)
    for p in range(networks.count):
        grouped = _free_run(
            networks,
            (Shared(networks.weights[p]), Shared(networks.peepholes[p])),
            Shared(np.ascontiguousarray(output_weights[p], dtype).reshape(-1)),
            CellStates(
                _by_group(start.outputs[p], dtype), _by_group(start.states[p], dtype)
            ),
            heard,
            outside,
            wanted,
            tolerance,
            disturbance,
        )
        runs = np.moveaxis(grouped, -1, 1).reshape(-1, *grouped.shape[1:3])
        result[p] = runs[: len(inputs)]
    return result


def _free_run(
    networks: Networks,
    weights: tuple[Array, Array] | tuple[Shared, Shared],
    readout: Array | Shared,
    start: CellStates,
    previous: Array,
    inputs: Array,
    targets: Array | None,
    tolerance: float,
    noise: Shared,
) -> Array:
    """Return (N, L, K, lanes); arrays but the weights' and readout end with the lanes."""
    (runs, steps), architecture = inputs.shape[:2], networks.architecture
    result = aligned(runs * steps * architecture.outputs * networks.width, networks.dtype)
    lstm.run_freely(
        *weights,
        networks.sources,
        readout,
        architecture.readout_width,
        start.outputs.reshape(-1),
        start.states.reshape(-1),
        previous.reshape(-1),
        inputs.reshape(-1),
        runs,
        steps,
        inputs.shape[2],
        architecture.outputs,
        architecture.feedback,
        architecture.feedback_scale,
        THRESHOLD if architecture.output == "threshold" else -float("inf"),
        THRESHOLD if architecture.output == "threshold in feedback" else -float("inf"),
        noise,
        len(noise.values) // (2 * architecture.cells),
        result if targets is None else targets.reshape(-1),
        float("inf") if targets is None else tolerance,
        result,
        _room(networks, architecture.input_width),
        networks.flags,
    )
    return result.reshape(runs, steps, architecture.outputs, networks.width)


def _room(networks: Networks, width: int) -> Array:
    """Return what the kernels work in; width: of an input vector."""
    architecture = networks.architecture
    vectors = lstm.room_for(
        architecture.cells, width, architecture.readout_width, architecture.outputs
    )
    return aligned(vectors * networks.width, networks.dtype)


def _by_group(values: Array, dtype: Any) -> Array:
    """(N, ...) -> (groups, ..., lanes): runs in lanes, empty lanes repeating the last."""
    width = width_of(dtype)
    groups = -(-len(values) // width)
    order = np.minimum(np.arange(groups * width), len(values) - 1).reshape(groups, width)
    return aligned_copy(np.moveaxis(values[order], 1, -1), dtype)


def _to_lanes(values: Array, dtype: Any) -> Array:
    """(P, ...) -> (..., lanes), empty lanes repeating the last network."""
    order = np.minimum(np.arange(width_of(dtype)), len(values) - 1)
    return aligned_copy(np.moveaxis(values[order], 0, -1), dtype)


def _same_in_lanes(values: Array, dtype: Any) -> Array:
    """(...) -> (..., lanes), the same in every lane."""
    shape = (*values.shape, width_of(dtype))
    return aligned_copy(np.broadcast_to(values[..., None], shape), dtype)


def _flags(architecture: LSTM) -> int:
    chosen = (
        (architecture.forget_gate, cell.FORGET_GATE),
        (architecture.peepholes, cell.PEEPHOLES),
        (architecture.cell_input == "tanh", cell.TANH_INPUT),
        (architecture.cell_output == "o*tanh(s)", cell.GERS_OUTPUT),
        (architecture.cell_output == "o*s", cell.LINEAR_OUTPUT),
        (architecture.readout_states, cell.SEE_STATES),
        (architecture.readout_inputs, cell.SEE_INPUTS),
        (architecture.readout_squares, cell.SEE_SQUARES),
        (architecture.readout_constant, cell.SEE_CONSTANT),
    )
    return sum(flag for wanted, flag in chosen if wanted)
