"""A user's series as arrays: files, frames, columns by name, missing values, parts.

Nothing is read in two ways: what is not clear is refused with a hint.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from evolino.storage.files import user_path
from evolino.storage.tables import Table, read_table, table_of_frame
from evolino.vocabulary import Array, as_series, unknown_name

MISSING = ("refuse", "previous", "linear")
WASHOUT = 100  # steps at most, where none are given
SHARES = (0.6, 0.2)  # of the rows after the washout: train, validation


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """series: (T, K). inputs: (T, I). names: of the K columns. read: what was read from
    files, a line each."""

    series: Array
    inputs: Array
    names: tuple[str, ...]
    read: tuple[str, ...]


def read_columns(
    series: Any,
    inputs: Any = None,
    *,
    columns: Any = None,
    missing: str = "refuse",
    separator: str | None = None,
    decimal: str | None = None,
) -> Columns:
    """Return what a user gave as series and inputs.

    series: array, DataFrame or file. inputs: the same, or columns of the series' own table
    by name or number from 1. columns: which of the table are the series; default: all that
    are no inputs. missing: what becomes of missing values: "refuse", "previous" takes the
    last one before, "linear" the straight line between both sides.

    Raises TypeError or ValueError, naming the argument and the step.
    """
    if missing not in MISSING:
        raise unknown_name("missing", missing, MISSING)
    table = _table("series", series, separator, decimal)
    whole = table
    if columns is not None:
        table = table.chosen(_listed("columns", columns))
    driving: Table | None = None
    if _names_columns(inputs):
        listed = _listed("inputs", inputs)
        driving = whole.chosen(listed)
        if columns is None:
            table = table.without(listed)
        elif both := set(driving.names) & set(table.names):
            raise ValueError(
                f"inputs and columns both have {', '.join(sorted(both))}: the network "
                "would be given what it is to learn"
            )
    elif inputs is not None:
        driving = _table("inputs", inputs, separator, decimal)
    if not table.names:
        raise ValueError("columns leaves none for the series")
    read = [f"{series}: {whole.described()}"] if _is_path(series) else []
    if _is_path(inputs) and driving is not None and not _names_columns(inputs):
        read.append(f"{inputs}: {driving.described()}")
    found = _filled("series", table, missing, read)
    steps = len(found)
    driven = (
        np.zeros((steps, 0))
        if driving is None
        else _filled("inputs", driving, missing, read)
    )
    if len(driven) != steps:
        raise ValueError(f"inputs must have {steps} steps like series, got {len(driven)}")
    return Columns(found, driven, table.names, tuple(read))


def parts_of(
    steps: int,
    washout: int | None,
    train: int | None,
    validation: int | None,
    test: int | None,
) -> tuple[int, int, int, int]:
    """Return how many steps each part has; those that are None are shares of the series.

    The washout is a tenth, 100 steps at most; of the others train is 60 % and validation
    20 %, but no more than is left; the test is what is left.
    """
    washout = min(WASHOUT, steps // 10) if washout is None else washout
    shared = steps - washout - (test or 0) if test else steps - washout
    if train is None:
        left = shared - (validation or 0)
        train = max(1, min(round(SHARES[0] * (steps - washout)), left - 1))
    if validation is None:
        left = shared - train
        share = min(round(SHARES[1] * (steps - washout)), left if test else left // 2)
        validation = max(1, share)
    return washout, train, validation, steps - washout - train - validation


def hint_of(series: Array) -> str:
    """Return what a series with fewer steps than columns could mean, else nothing."""
    steps, columns = series.shape
    if steps >= columns or columns < 2:
        return ""
    if steps == 1:
        return (
            f"; it has 1 step of {columns} columns: time comes first, pass series.T if it "
            "is one series"
        )
    return (
        f"; it has {steps} steps of {columns} columns: time comes first, pass series.T if "
        f"it is one series of {steps} columns; {steps} separate series need a task of "
        "their own (examples/own_sequences.py)"
    )


def _table(name: str, values: Any, separator: str | None, decimal: str | None) -> Table:
    if _is_path(values):
        if not str(values):
            raise ValueError(f"{name} must be an array or a file, got no name")
        return read_table(values, separator=separator, decimal=decimal)
    if hasattr(values, "iloc"):  # of pandas, which is not imported for this
        return table_of_frame(values, name)
    _refuse_several(name, values)
    if isinstance(values, np.ma.MaskedArray):
        values = np.ma.filled(values.astype(np.float64), np.nan)
    array = as_series(name, values, finite=False)
    return Table(array, tuple(str(k + 1) for k in range(array.shape[1])))


def _refuse_several(name: str, values: Any) -> None:
    """Raise ValueError for a list of series of different lengths."""
    if not isinstance(values, list | tuple) or not len(values):
        return
    lengths = {np.shape(each)[0] if np.ndim(each) else None for each in values}
    if len(lengths) > 1 and None not in lengths:
        raise ValueError(
            f"{name} must be one series, got {len(values)} of different lengths: several "
            "series need a task of their own (examples/own_sequences.py)"
        )


def _filled(name: str, table: Table, missing: str, read: list[str]) -> Array:
    """Return a table's values, missing ones filled. Raises ValueError, naming the step."""
    values = table.values
    if np.isinf(values).any():
        row, column = (int(place[0]) for place in np.nonzero(np.isinf(values)))
        raise ValueError(f"{name} is not finite at {table.where(row)}")
    gaps = np.isnan(values)
    if not gaps.any():
        return np.ascontiguousarray(values)
    row, column = (int(place[0]) for place in np.nonzero(gaps))
    if missing == "refuse":
        raise ValueError(
            f"{name} is not finite at {table.where(row)}, column {table.names[column]}: "
            "choose what becomes of missing values, missing='previous' or 'linear' "
            "(--missing previous)"
        )
    values = values.copy()
    rows = np.arange(len(values))
    for k in np.flatnonzero(gaps.any(axis=0)):
        known = rows[~gaps[:, k]]
        if not len(known):
            raise ValueError(f"{name} has no value at all in column {table.names[k]}")
        if missing == "linear":
            values[:, k] = np.interp(rows, known, values[known, k])
        elif known[0] > 0:
            raise ValueError(
                f"{name} begins with a missing value in column {table.names[k]}, and no "
                "value is before it: cut the first rows or take missing='linear'"
            )
        else:
            last = np.maximum.accumulate(np.where(gaps[:, k], 0, rows))
            values[:, k] = values[last, k]
    read.append(f"{name}: {int(gaps.sum()):,} missing values filled ({missing})")
    return np.ascontiguousarray(values)


def _is_path(values: Any) -> bool:
    return isinstance(values, str | Path)


def _names_columns(inputs: Any) -> bool:
    """Return whether inputs are columns of the series' table and no data or file."""
    if isinstance(inputs, str):
        return not (Path(inputs).suffix or user_path(inputs, "inputs").is_file())
    texts = isinstance(inputs, list | tuple) and len(inputs) > 0
    return texts and all(isinstance(each, str) for each in inputs)


def _listed(name: str, columns: Any) -> Sequence[str | int]:
    """Return columns as a list: of a name, a number, several, or text between commas."""
    if isinstance(columns, str):
        columns = [each.strip() for each in columns.split(",")]
    if isinstance(columns, int | np.integer):
        columns = [columns]
    if not isinstance(columns, list | tuple) or not columns:
        raise TypeError(f"{name} must be names or numbers from 1, got {columns!r}")
    for each in columns:
        if isinstance(each, bool) or not isinstance(each, str | int | np.integer):
            raise TypeError(f"{name} must be names or numbers from 1, got {each!r}")
    if len({str(each) for each in columns}) < len(columns):
        raise ValueError(f"{name} names a column twice: {columns}")
    return list(columns)


def names_of(given: Sequence[str] | None, found: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of the columns, each once. Raises ValueError for another number."""
    names = found if given is None else tuple(given)
    if len(names) != len(found):
        raise ValueError(f"names must be {len(found)}, one a column, got {len(names)}")
    each = ["_".join(str(name).split()) for name in names]
    if len(set(each)) < len(each):
        each = [f"{name}_{k}" for k, name in enumerate(each, start=1)]
    return tuple(each)
