"""The kernels' public face: networks packed into lanes, driven and left to themselves.

What is the same for every block of networks, a `Course` or `FreeRuns`, is made once. With
a workspace the results lie in it, and are lost when it serves the next block.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evolino.network.kernels import by_cells, by_series
from evolino.network.kernels import teacher_forced as lstm
from evolino.network.kernels.networks import (
    CellStates,
    Layout,
    Networks,
    block_size,
    layout_of,
    pack,
    room_to_work,
)
from evolino.network.kernels.run_freely import (
    FreeRuns,
    free_run,
    free_runs_from,
    free_runs_of,
)
from evolino.network.lstm import LSTM
from evolino.simd.memory import Shared, aligned, aligned_copy, out_of_lanes
from evolino.simd.workspace import Workspace
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
    "free_run",
    "free_runs_from",
    "free_runs_of",
    "layout_of",
    "pack",
    "teacher_forced",
]

LARGE = 64  # cells, from which on a network is driven with its cells in the lanes


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """N series to drive networks over, each from cells at rest; made by `course_over`.

    inputs: all input vectors, one-dimensional. width: U of a vector. steps, firsts: (N,),
    how many there are of each series, and the row from which on what the readout sees is
    recorded. starts: (M,), rows before which the cells are kept, counted over series of
    T + 1 rows; order: their positions in ascending order.
    """

    inputs: Shared
    width: int
    steps: IntArray
    firsts: IntArray
    starts: IntArray
    order: IntArray

    @property
    def recorded(self) -> int:
        """How many rows are recorded in all."""
        return int((self.steps - self.firsts).sum())


def course_over(
    architecture: LSTM,
    series: Sequence[Array],
    *,
    firsts: Sequence[int] | None = None,
    starts: Sequence[tuple[int, int]] = (),
) -> Course:
    """Return the course over the input vectors (T_n, U) of each series.

    firsts: the first recorded row of each, 0 if not given. starts: series and row of each,
    in any order, 0 <= row <= T_n; raises ValueError for another.
    """
    steps = np.array([len(each) for each in series], dtype=np.int64)
    for n, row in starts:
        if not 0 <= row <= steps[n]:
            raise ValueError(f"starts must be rows 0 to {steps[n]}, got {row}")
    before = np.concatenate([[0], np.cumsum(steps + 1)])
    rows = np.array([before[n] + row for n, row in starts], dtype=np.int64)
    vectors = np.concatenate(series)
    return Course(
        Shared(np.ascontiguousarray(vectors, architecture.precision).reshape(-1)),
        vectors.shape[1],
        steps,
        np.zeros_like(steps) if firsts is None else np.array(firsts, dtype=np.int64),
        rows,
        np.argsort(rows, kind="stable"),
    )


def drive_over(
    networks: Networks, course: Course, workspace: Workspace | None = None
) -> tuple[Array, CellStates]:
    """Drive networks over a course, from cells at rest at the beginning of each series.

    Returns what the readout sees at the recorded rows of all series, one after another,
    (P, T, S), and the cells before each start. Of networks in the lanes they are views of
    lane memory.
    """
    room = workspace or Workspace()
    if cells_in_lanes(networks.architecture):
        return _drive_by_cells(networks, course, room)
    return _drive_in_lanes(networks, course, room)


def _drive_in_lanes(
    networks: Networks, course: Course, room: Workspace
) -> tuple[Array, CellStates]:
    """Drive all networks together."""
    layout, architecture = networks.layout, networks.architecture
    cells, columns, lanes = architecture.cells, architecture.readout_width, layout.width
    rows, starts = course.recorded, len(course.starts)
    seen = room.take("seen", rows * columns * lanes, layout.dtype)
    outputs = room.take("start outputs", starts * cells * lanes, layout.dtype)
    states = room.take("start states", starts * cells * lanes, layout.dtype)
    lstm.drive(
        networks.weights_in_lanes,
        networks.peepholes_in_lanes,
        layout.sources,
        course.inputs,
        course.steps,
        course.firsts,
        course.width,
        columns,
        seen,
        course.order,
        course.starts,
        outputs,
        states,
        room_to_work(layout, room),
        layout.flags,
    )
    return out_of_lanes(seen.reshape(rows, columns, lanes), networks.count), CellStates(
        out_of_lanes(outputs.reshape(starts, cells, lanes), networks.count),
        out_of_lanes(states.reshape(starts, cells, lanes), networks.count),
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
    networks: Networks, course: Course, room: Workspace
) -> tuple[Array, CellStates]:
    """Drive each of the networks, over several series at once if there are."""
    layout, lanes = networks.layout, networks.width
    architecture = layout.architecture
    cells, blocks = architecture.cells, -(-architecture.cells // lanes)
    together = len(course.steps) >= by_series.AT_ONCE
    vectors = (
        by_series.room_for(blocks)
        if together
        else by_cells.room_for(blocks, architecture.input_width)
    )
    work = aligned(vectors * lanes, layout.dtype)
    count, starts = networks.count, len(course.starts)
    width = architecture.readout_width
    seen = _taken(room, "seen", (count, course.recorded, width), layout.dtype)
    outputs = _taken(room, "start outputs", (count, starts, cells), layout.dtype)
    states = _taken(room, "start states", (count, starts, cells), layout.dtype)
    over = (course.inputs, course.steps, course.firsts, course.width)
    offsets = by_series.offsets(course.steps, course.firsts, course.starts)
    for p in range(count):
        weights = _by_blocks_of_cells(networks.weights[p], cells, lanes)
        peepholes = _by_blocks_of_cells(networks.peepholes[p], cells, lanes)
        kept = (outputs[p].reshape(-1), states[p].reshape(-1), work, layout.flags)
        written = (seen[p].reshape(-1), course.order, course.starts, *kept)
        if together:
            by_series.drive(
                weights, peepholes, offsets, cells, *over, width, lanes, *written
            )
        else:
            sources = layout.sources[:blocks]
            by_cells.drive(
                weights, peepholes, sources, cells, *over, width, lanes, *written
            )
    return seen, CellStates(outputs, states)


def _taken(room: Workspace, name: str, shape: tuple[int, ...], dtype: Any) -> Array:
    """Return room of a shape; empty ones have a number behind them, for an address."""
    count = math.prod(shape)
    return room.take(name, max(count, 1), dtype)[:count].reshape(shape)


def _by_blocks_of_cells(values: Array, cells: int, lanes: int) -> Array:
    """(C W,) -> (blocks W lanes,): cells in lanes, those of empty lanes with weights 0."""
    blocks = -(-cells // lanes)
    padded = np.zeros((blocks * lanes, len(values) // cells), values.dtype)
    padded[:cells] = values.reshape(cells, -1)
    in_blocks = padded.reshape(blocks, lanes, -1).transpose(0, 2, 1)
    return aligned_copy(in_blocks, values.dtype).reshape(-1)
