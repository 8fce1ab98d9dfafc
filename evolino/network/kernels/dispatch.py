"""Drive networks by the kernels: teacher-forced over a course, or in free run.

What is the same for every block of networks, a `Course` or `FreeRuns`, is made once. With
a workspace the results lie in it, and are lost when it serves the next block.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from evolino.network.kernels import by_cells, by_series
from evolino.network.kernels import teacher_forced as in_lanes
from evolino.network.kernels.free_run_lanes import (
    FreeRuns,
    free_run,
    free_runs_from,
    free_runs_of,
)
from evolino.network.kernels.networks import (
    Layout,
    Networks,
    block_size,
    layout_of,
    pack,
)
from evolino.network.kernels.readouts import expanded
from evolino.network.kernels.records import CellStates, Course, Layer, Recording
from evolino.network.lstm import LSTM
from evolino.simd.memory import Shared, aligned, aligned_copy, out_of_lanes
from evolino.simd.workspace import Workspace
from evolino.task.symbols import SymbolVectors
from evolino.vocabulary import Array, IntArray

__all__ = [
    "LARGE",
    "CellStates",
    "Course",
    "FreeRuns",
    "Layout",
    "Networks",
    "Workspace",
    "block_size",
    "cells_in_lanes",
    "course_over",
    "drive_over",
    "expanded",
    "free_run",
    "free_runs_from",
    "free_runs_of",
    "layout_of",
    "pack",
    "teacher_forced",
]

LARGE = 64  # cells, from which on a network is driven with its cells in the lanes


def course_over(
    architecture: LSTM,
    series: Sequence[Array | SymbolVectors],
    *,
    firsts: Sequence[int] | None = None,
    starts: Sequence[tuple[int, int]] = (),
) -> Course:
    """Return the course over the input vectors (T_n, U) of each series.

    Symbols are looked up where all series have them, else they are written out.

    firsts: the first recorded row of each, 0 if not given. starts: series and row of each,
    in any order, 0 <= row <= T_n; raises ValueError for another.
    """
    steps = np.array([len(each) for each in series], dtype=np.int64)
    for n, row in starts:
        if not 0 <= row <= steps[n]:
            raise ValueError(f"starts must be rows 0 to {steps[n]}, got {row}")
    before = np.concatenate([[0], np.cumsum(steps + 1)])
    rows = np.array([before[n] + row for n, row in starts], dtype=np.int64)
    begin = np.zeros_like(steps) if firsts is None else np.array(firsts, dtype=np.int64)
    vectors, symbols, count = _joined(series)
    return Course(
        Shared(np.ascontiguousarray(vectors, architecture.precision).reshape(-1)),
        vectors.shape[1],
        symbols,
        count,
        len(steps),
        steps,
        begin,
        len(rows),
        rows,
        np.argsort(rows, kind="stable"),
        int((steps - begin).sum()),
    )


def _joined(
    series: Sequence[Array | SymbolVectors],
) -> tuple[Array, IntArray | None, int]:
    """Return the input vectors of all series, the symbols before them, and how many symbols
    there are."""
    given = [each for each in series if isinstance(each, SymbolVectors)]
    if len(given) < len(series):
        rows = [e.written_out() if isinstance(e, SymbolVectors) else e for e in series]
        return np.concatenate(rows), None, 0
    symbols = np.concatenate([each.symbols.indices for each in given])
    return np.concatenate([each.others for each in given]), symbols, given[0].symbols.count


def drive_over(
    networks: Networks, course: Course, workspace: Workspace | None = None
) -> tuple[Array, CellStates]:
    """Drive networks over a course, from cells at rest at the beginning of each series.

    Returns the features at the recorded rows of all series, one after another, (P, T, S),
    and the cells before each start. Of networks in the lanes they are views of lane memory.
    """
    held = workspace or Workspace()
    if cells_in_lanes(networks.architecture):
        return _drive_by_cells(networks, course, held)
    return _drive_in_lanes(networks, course, held)


def _drive_in_lanes(
    networks: Networks, course: Course, held: Workspace
) -> tuple[Array, CellStates]:
    """Drive all networks together."""
    layout, cells, kept = networks.layout, networks.architecture.cells, course.kept
    columns, lanes, dtype = layout.columns, layout.width, layout.dtype
    recording = Recording(
        held.take("features", course.recorded * columns * lanes, dtype),
        columns,
        held.take("kept outputs", kept * cells * lanes, dtype),
        held.take("kept states", kept * cells * lanes, dtype),
    )
    work = held.take("drive", in_lanes.workspace_size(cells) * lanes, dtype)
    in_lanes.drive(networks.layer, course, recording, work)
    features = recording.features.reshape(course.recorded, columns, lanes)
    outputs = recording.outputs.reshape(kept, cells, lanes)
    states = recording.states.reshape(kept, cells, lanes)
    count = networks.count
    return out_of_lanes(features, count), CellStates(
        out_of_lanes(outputs, count), out_of_lanes(states, count)
    )


def teacher_forced(
    networks: Networks, inputs: Array, *, first: int = 0, starts: Sequence[int] = ()
) -> tuple[Array, CellStates]:
    """Drive networks over the input vectors (T, U) of one series, as `drive_over` does.

    first: the first recorded row. starts: rows, in any order, 0 <= row <= T.
    """
    course = course_over(
        networks.architecture,
        [inputs],
        firsts=[first],
        starts=[(0, int(row)) for row in starts],
    )
    return drive_over(networks, course)


def cells_in_lanes(architecture: LSTM) -> bool:
    """Return whether networks are driven one by one, their cells in the lanes: large ones
    that are fully recurrent."""
    return architecture.sources is None and architecture.cells >= LARGE


def _drive_by_cells(
    networks: Networks, course: Course, held: Workspace
) -> tuple[Array, CellStates]:
    """Drive each of the networks, over several series at once if there are."""
    layout, dtype, count = networks.layout, networks.dtype, networks.count
    cells, kept = networks.architecture.cells, course.kept
    blocks = -(-cells // networks.width)
    features = _taken(held, "features", (count, course.recorded, layout.columns), dtype)
    outputs = _taken(held, "kept outputs", (count, kept, cells), dtype)
    states = _taken(held, "kept states", (count, kept, cells), dtype)
    together = course.series >= by_series.AT_ONCE
    sizes = by_series if together else in_lanes
    work = aligned(sizes.workspace_size(blocks) * networks.width, dtype)
    for p in range(count):
        layer = _by_blocks_of_cells(networks, p)
        recording = Recording(
            features[p].reshape(-1),
            layout.columns,
            outputs[p].reshape(-1),
            states[p].reshape(-1),
        )
        if together:
            places = by_series.places_of(course)
            by_series.drive(layer, course, places, recording, work)
        else:
            by_cells.drive(layer, course, recording, work)
    return features, CellStates(outputs, states)


def _taken(held: Workspace, name: str, shape: tuple[int, ...], dtype: Any) -> Array:
    """Return an array of a shape; empty ones have a number behind them, for an address."""
    count = math.prod(shape)
    return held.take(name, max(count, 1), dtype)[:count].reshape(shape)


def _by_blocks_of_cells(networks: Networks, p: int) -> Layer:
    """Return one of the networks, its cells in the lanes."""
    layout = networks.layout
    cells, lanes = networks.architecture.cells, layout.width
    weights = _in_blocks(networks.weights[p], cells, lanes)
    peepholes = _in_blocks(networks.peepholes[p], cells, lanes)
    blocks = -(-cells // lanes)
    return layout.layer(weights, peepholes)._replace(cells=blocks)


def _in_blocks(values: Array, cells: int, lanes: int) -> Array:
    """(C W,) -> (blocks W lanes,): cells in lanes, those of empty lanes with weights 0."""
    blocks = -(-cells // lanes)
    padded = np.zeros((blocks * lanes, len(values) // cells), values.dtype)
    padded[:cells] = values.reshape(cells, -1)
    in_blocks = padded.reshape(blocks, lanes, -1).transpose(0, 2, 1)
    return aligned_copy(in_blocks, values.dtype).reshape(-1)
