"""The kernels' public face: networks packed into lanes, driven and left to themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evolino.network.architecture import LSTM
from evolino.network.kernels import lstm
from evolino.network.kernels.lanes import WIDTH, aligned
from evolino.vocabulary import Array, IntArray

BLOCK = WIDTH  # networks evaluated together


@dataclass(frozen=True, slots=True, eq=False)
class CellStates:
    """Cell outputs and states (P, N, C) of P networks before N rows."""

    outputs: Array
    states: Array


@dataclass(frozen=True, slots=True, eq=False)
class Networks:
    """At most BLOCK networks, laid out for the kernels; made by `pack`.

    count: P. weights, peepholes: in lanes, empty lanes repeat the last network. sources:
    (C, R). flags: the variant, as the kernels read it.
    """

    architecture: LSTM
    count: int
    weights: Array
    peepholes: Array
    sources: IntArray
    flags: int


def pack(architecture: LSTM, genomes: Array) -> Networks:
    """Lay genomes (P, C, G), 1 <= P <= BLOCK, out for the kernels.

    Raises ValueError for another shape or number.
    """
    if not 1 <= len(genomes) <= BLOCK:
        raise ValueError(f"a block has 1 to {BLOCK} networks, got {len(genomes)}")
    parts = architecture.unpack(genomes)
    by_source = np.concatenate(
        [parts.bias[:, :, None], parts.inputs, parts.recurrent], axis=2
    )
    return Networks(
        architecture,
        len(genomes),
        _to_lanes(by_source).reshape(-1),
        _to_lanes(parts.peepholes).reshape(-1),
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
    seen = aligned((steps - first) * columns * WIDTH)
    outputs, states = aligned(len(rows) * cells * WIDTH), aligned(len(rows) * cells * WIDTH)
    lstm.drive(
        networks.weights,
        networks.peepholes,
        networks.sources,
        np.ascontiguousarray(inputs),
        first,
        columns,
        seen,
        np.argsort(rows, kind="stable"),
        rows,
        outputs,
        states,
        networks.flags,
    )
    by_row = seen.reshape(steps - first, columns, WIDTH)
    shape = (len(rows), cells, WIDTH)
    return by_row.transpose(2, 0, 1)[: networks.count], CellStates(
        outputs.reshape(shape).transpose(2, 0, 1)[: networks.count],
        states.reshape(shape).transpose(2, 0, 1)[: networks.count],
    )


def free_run(
    networks: Networks,
    output_weights: Array,
    start: CellStates,
    previous: Array,
    inputs: Array,
    *,
    targets: Array | None = None,
    tolerance: float = float("inf"),
) -> Array:
    """Return (P, N, L, K): outputs of N free runs over L rows.

    output_weights: (P, S, K). start: the cells (P, N, C) before each run. previous: (N, K),
    the output that is heard first. inputs: (N, L, I). targets: (N, L, K), needed for a
    finite tolerance: a run further than that from its target is lost, inf from there on;
    so is one whose output is not finite or beyond 1e12.

    One network with several runs puts the runs into the lanes, to the same bits.
    """
    if networks.count == 1 and len(inputs) > 1:
        return _runs_in_lanes(
            networks, output_weights, start, previous, inputs, targets, tolerance
        )
    return _free_run(
        networks,
        _to_lanes(output_weights),
        _to_lanes(start.outputs),
        _to_lanes(start.states),
        _same_in_lanes(previous),
        _same_in_lanes(inputs),
        None if targets is None else _same_in_lanes(targets),
        tolerance,
    ).transpose(3, 0, 1, 2)[: networks.count]


def _runs_in_lanes(
    networks: Networks,
    output_weights: Array,
    start: CellStates,
    previous: Array,
    inputs: Array,
    targets: Array | None,
    tolerance: float,
) -> Array:
    """Free runs of one network, BLOCK of them in the lanes."""
    runs, cells = len(inputs), networks.architecture.cells
    lanes = -(-runs // BLOCK) * BLOCK
    # Empty lanes repeat the last run.
    order = np.minimum(np.arange(lanes), runs - 1).reshape(-1, BLOCK)

    def spread(values: Array) -> Array:
        """(N, ...) -> (groups, ..., WIDTH)."""
        return _aligned_copy(np.moveaxis(values[order], 1, -1))

    result = _free_run(
        networks,
        _to_lanes(output_weights),
        spread(start.outputs.reshape(runs, cells)),
        spread(start.states.reshape(runs, cells)),
        spread(previous),
        spread(inputs),
        None if targets is None else spread(targets),
        tolerance,
    )
    return np.moveaxis(result, -1, 1).reshape(1, lanes, *result.shape[1:3])[:, :runs]


def _free_run(
    networks: Networks,
    readout: Array,
    outputs: Array,
    states: Array,
    previous: Array,
    inputs: Array,
    targets: Array | None,
    tolerance: float,
) -> Array:
    """Return (N, L, K, WIDTH); all arrays end with an axis over lanes."""
    runs, steps = inputs.shape[:2]
    architecture = networks.architecture
    width = architecture.outputs * WIDTH
    result = aligned(runs * steps * width).reshape(runs, steps, width)
    wanted = result if targets is None else targets.reshape(runs, steps, -1)
    lstm.run_freely(
        networks.weights,
        networks.peepholes,
        networks.sources,
        readout.reshape(-1),
        architecture.readout_width,
        outputs.reshape(runs, -1),
        states.reshape(runs, -1),
        previous.reshape(runs, -1),
        inputs.reshape(runs, steps, inputs.shape[2] * WIDTH),
        architecture.feedback,
        architecture.feedback_scale,
        wanted,
        float("inf") if targets is None else tolerance,
        result,
        networks.flags,
    )
    return result.reshape(runs, steps, architecture.outputs, WIDTH)


def _aligned_copy(values: Array) -> Array:
    copy = aligned(values.size).reshape(values.shape)
    copy[...] = values
    return copy


def _to_lanes(values: Array) -> Array:
    """(P, ...) -> (..., WIDTH), empty lanes repeating the last network."""
    lanes = np.minimum(np.arange(WIDTH), len(values) - 1)
    return _aligned_copy(np.moveaxis(values[lanes], 0, -1))


def _same_in_lanes(values: Array) -> Array:
    """(...) -> (..., WIDTH), the same in every lane."""
    return _aligned_copy(np.broadcast_to(values[..., None], (*values.shape, WIDTH)))


def _flags(architecture: LSTM) -> int:
    chosen = (
        (architecture.forget_gate, lstm.FORGET_GATE),
        (architecture.peepholes, lstm.PEEPHOLES),
        (architecture.cell_input == "tanh", lstm.TANH_INPUT),
        (architecture.cell_output == "o*tanh(s)", lstm.GERS_OUTPUT),
        (architecture.readout_states, lstm.SEE_STATES),
        (architecture.readout_inputs, lstm.SEE_INPUTS),
        (architecture.readout_squares, lstm.SEE_SQUARES),
        (architecture.readout_constant, lstm.SEE_CONSTANT),
    )
    return sum(flag for wanted, flag in chosen if wanted)
