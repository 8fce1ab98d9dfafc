"""What networks do on the segments of a task: teacher-forced, and left to themselves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evolino.network.kernels.dispatch import (
    CellStates,
    Networks,
    free_run,
    input_vectors,
    teacher_forced,
)
from evolino.task import Segment, Series
from evolino.vocabulary import Array


def drive(
    networks: Networks, fitted: Sequence[Segment], started: Sequence[Segment]
) -> tuple[Array, Array, CellStates]:
    """Drive networks by teacher forcing; record what the fit and the free runs need.

    Returns the readout's states (P, T, S) on the rows of the fitted segments, one after
    another, their targets (T, K), and the cells (P, N, C) before each started segment.
    A series that several segments share is driven once.
    """
    states: dict[int, Array] = {}
    cells: dict[int, CellStates] = {}
    for series in distinct_series([*fitted, *started]):
        rows = [k for k, s in enumerate(fitted) if s.series is series]
        starts = [k for k, s in enumerate(started) if s.series is series]
        first = min((fitted[k].start for k in rows), default=None)
        stop = max([fitted[k].stop for k in rows] + [started[k].start for k in starts])
        first = stop if first is None else first
        recorded, snapshots = teacher_forced(
            networks,
            _vectors(networks, series)[:stop],
            first=first,
            starts=[started[k].start for k in starts],
        )
        for k in rows:
            states[k] = recorded[:, fitted[k].start - first : fitted[k].stop - first]
        for position, k in enumerate(starts):
            cells[k] = CellStates(
                snapshots.outputs[:, position], snapshots.states[:, position]
            )
    targets = [segment.targets for segment in fitted]
    return (
        _join([states[k] for k in range(len(fitted))]),
        np.concatenate(targets)
        if targets
        else np.zeros((0, networks.architecture.outputs)),
        CellStates(
            _stack([cells[k].outputs for k in range(len(started))]),
            _stack([cells[k].states for k in range(len(started))]),
        ),
    )


def run_freely(
    networks: Networks,
    output_weights: Array,
    segments: Sequence[Segment],
    starts: CellStates,
    tolerance: float = float("inf"),
    noise: Array | None = None,
) -> Array:
    """Return (P, N, L, K): free runs from the starts, L rows of the longest segment.

    output_weights: (P, S, K). starts: (P, N, C) before each of the N segments. Rows past a
    shorter segment's end continue it and have no target. tolerance, noise:
    as of `free_run`.
    """
    previous = np.stack([_target_before(segment) for segment in segments])
    inputs = np.nan_to_num(
        stack_rows([s.series.inputs[s.start : s.stop] for s in segments])
    )
    if np.isinf(tolerance):
        return free_run(networks, output_weights, starts, previous, inputs, noise=noise)
    wanted = stack_rows([segment.targets for segment in segments])
    return free_run(
        networks,
        output_weights,
        starts,
        previous,
        inputs,
        targets=wanted,
        tolerance=tolerance,
        noise=noise,
    )


def respond_one_step(
    networks: Networks, output_weights: Array, segments: Sequence[Segment]
) -> Array:
    """Return (P, N, L, K): outputs under teacher forcing, NaN past a segment's end."""
    rows = []
    for segment in segments:
        states, _, _ = drive(networks, (segment,), ())
        sums = np.stack([s @ w for s, w in zip(states, output_weights, strict=True)])
        rows.append(networks.architecture.outputs_of(sums))
    longest = max(row.shape[1] for row in rows)
    padded = np.full((len(rows), rows[0].shape[0], longest, rows[0].shape[2]), np.nan)
    for k, row in enumerate(rows):
        padded[k, :, : row.shape[1]] = row
    return padded.transpose(1, 0, 2, 3)


def distinct_series(segments: Sequence[Segment]) -> list[Series]:
    """Return the series of the segments, each once, in order of first appearance."""
    return list({id(segment.series): segment.series for segment in segments}.values())


def stack_rows(rows: Sequence[Array]) -> Array:
    """Return (N, L, K) of N arrays (L_n, K), NaN past the end of shorter ones."""
    longest = max(len(row) for row in rows)
    stacked = np.full((len(rows), longest, rows[0].shape[1]), np.nan)
    for k, row in enumerate(rows):
        stacked[k, : len(row)] = row
    return stacked


def _vectors(networks: Networks, series: Series) -> Array:
    return input_vectors(networks.architecture, series.inputs, series.fed_back)


def _target_before(segment: Segment) -> Array:
    """Return (K,): the target that a free run hears first, zeros at row 0."""
    if segment.start == 0:
        return np.zeros(segment.series.targets.shape[1])
    return np.asarray(segment.series.fed_back[segment.start - 1])


def _join(rows: list[Array]) -> Array:
    """Concatenate (P, T_n, S) over time; one array is handed on as it lies in memory."""
    if not rows:
        return np.zeros((0, 0, 0))
    return rows[0] if len(rows) == 1 else np.concatenate(rows, axis=1)


def _stack(rows: list[Array]) -> Array:
    return np.stack(rows, axis=1) if rows else np.zeros((0, 0, 0))
