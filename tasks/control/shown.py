"""Trajectories of a user's file: joints by columns, several by a column `trajectory`."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from evolino.storage.files import user_path
from evolino.storage.tables import Table, read_table
from evolino.tasks.control.knots import PHASES, Course
from evolino.vocabulary import Array, IntArray

LEAST = 10  # steps of a trajectory


def read_courses(path: str) -> tuple[list[Course], tuple[str, ...]]:
    """Return the trajectories of a file, in order, and the names of the joints.

    A row is a step, a column a joint. `trajectory`: a column of this name numbers them;
    rows of one stand together. `phase`: one of this name gives the target phase, counted
    from 0; without it a trajectory has three phases of equal length. Raises ValueError,
    naming the file and the row, for values that are missing, and for what cannot be one.
    """
    file = user_path(path, "path")
    try:
        version = file.stat().st_mtime_ns
    except OSError as error:
        raise ValueError(f"path {path} cannot be read: {error.strerror}") from error
    return _courses_of(path, version)


@lru_cache(maxsize=8)
def _courses_of(path: str, version: int) -> tuple[list[Course], tuple[str, ...]]:
    """Return `read_courses`, once for each version of a file."""
    table = read_table(user_path(path, "path"))
    names = tuple(name for name in table.names if name not in ("trajectory", "phase"))
    if not names:
        raise ValueError(f"path {path}: there is no column of a joint")
    _refuse_missing(path, table)
    number = _whole(path, table, "trajectory")
    phase = _whole(path, table, "phase")
    positions = table.chosen(names).values
    steps = len(positions)
    starts = [0] if number is None else [0, *(np.flatnonzero(np.diff(number)) + 1).tolist()]
    if number is not None and len(set(number[starts])) < len(starts):
        raise ValueError(f"path {path}: rows of a trajectory must stand together")
    courses = []
    for first, stop in zip(starts, [*starts[1:], steps], strict=True):
        if stop - first < LEAST:
            raise ValueError(
                f"path {path}: a trajectory needs {LEAST} steps or more, the one at "
                f"{table.where(first)} has {stop - first}"
            )
        own = _thirds(stop - first) if phase is None else phase[first:stop]
        courses.append(Course(np.ascontiguousarray(positions[first:stop]), own))
    if not max(course.extent for course in courses):
        raise ValueError(f"path {path}: no joint moves")
    return courses, names


def _thirds(steps: int) -> IntArray:
    return np.arange(steps) * PHASES // steps


def _refuse_missing(path: str, table: Table) -> None:
    missing = np.argwhere(~np.isfinite(table.values))
    if len(missing):
        row, column = missing[0].tolist()
        raise ValueError(
            f"path {path}: {table.names[column]} has no number at {table.where(row)}"
        )


def _whole(path: str, table: Table, name: str) -> IntArray | None:
    """Return a column of whole numbers from 0, None where there is no such column."""
    if name not in table.names:
        return None
    values: Array = table.chosen([name]).values[:, 0]
    wrong = np.flatnonzero((values != np.round(values)) | (values < 0) | (values > 1e6))
    if len(wrong):
        row = int(wrong[0])
        raise ValueError(
            f"path {path}: {name} must be a whole number from 0, got {values[row]:g} at "
            f"{table.where(row)}"
        )
    return np.asarray(values, np.int64)
