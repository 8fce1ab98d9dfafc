"""Read tables of numbers: CSV and other text, gzip, Parquet, NumPy; by pandas.

A byte-order mark, a header, separators, a decimal comma and columns of dates are seen by
themselves; what could be read in two ways, and a blank or ragged line, is an error that
names the line.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from evolino.storage.archive import check_npy
from evolino.storage.files import user_path
from evolino.storage.text_tables import Layout, layout_of, lines_of, split
from evolino.vocabulary import Array, IntArray, unknown_name

PARQUET = (".parquet", ".pq")
OTHERS = (".xlsx", ".xls", ".ods", ".json", ".npz", ".h5", ".hdf5", ".mat", ".feather")
NUMBER = r"(?:[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|inf|infinity))"
THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(?:[,.'   ]\d{3})+(?:[.,]\d+)?")
TIME = re.compile(r"\s*\d{1,2}:\d{2}(?::\d{2}(?:\.\d*)?)?\s*")
MISSING = ("", "na", "n/a", "nan", "null", "none", "-", "?")


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """values: (T, n), NaN where one is missing. names: of the n columns.

    left_out: what was read and is not in it, such as "when: dates". lines: (T,), the line
    of the file that a row stands in, None where there are no lines.
    """

    values: Array
    names: tuple[str, ...]
    left_out: tuple[str, ...] = ()
    lines: IntArray | None = None

    def chosen(self, columns: Sequence[str | int]) -> Table:
        """Return some columns, by name or number from 1. Raises ValueError for others."""
        places = [self._place(column) for column in columns]
        names = tuple(self.names[place] for place in places)
        return replace(self, values=self.values[:, places], names=names)

    def without(self, columns: Sequence[str | int]) -> Table:
        """Return the other columns."""
        places = {self._place(column) for column in columns}
        return self.chosen([k + 1 for k in range(len(self.names)) if k not in places])

    def where(self, row: int) -> str:
        """Return how to call a row: its step, from 0, and its line."""
        line = "" if self.lines is None else f" (line {self.lines[row]})"
        return f"step {row}{line}"

    def described(self) -> str:
        """Return "700 rows, 2 columns: temperature, pressure"."""
        rows, count = self.values.shape
        names = list(self.names) if count <= 20 else [*self.names[:20], ".."]
        said = f"{rows:,} rows, {count} column{'s' * (count != 1)}: {', '.join(names)}"
        return "; left out ".join([said, *self.left_out])

    def _place(self, column: str | int) -> int:
        if isinstance(column, str) and column in self.names:
            if self.names.count(column) > 1:
                raise ValueError(f"there are several columns {column!r}: name its number")
            return self.names.index(column)
        text = str(column)
        if text.isdecimal():
            if 1 <= int(text) <= len(self.names):
                return int(text) - 1
            raise ValueError(
                f"columns are numbered from 1 to {len(self.names)}, got {column}"
            )
        raise unknown_name("column", text, self.names)


def read_table(
    path: str | Path, *, separator: str | None = None, decimal: str | None = None
) -> Table:
    """Read a file of numbers. separator, decimal: of text; None is found out.

    Raises ValueError, naming file and line, for what is no table of numbers or could be
    read in two ways, and OSError for a file that cannot be opened.
    """
    path = user_path(path)
    ending = path.suffix.lower()
    if ending in OTHERS:
        raise ValueError(f"{path} must be .csv, .txt, .npy or .parquet: save it as .csv")
    if ending == ".npy":
        return _of_numpy(path)
    if ending in PARQUET:
        return _of_parquet(path)
    lines = lines_of(path)
    layout = layout_of(path, [text for _, text in lines], separator, decimal)
    return _of_text(path, lines, layout)


def table_of_frame(frame: Any, what: str) -> Table:
    """Return the table of a pandas DataFrame or Series; what: it is, for errors."""
    import pandas as pd

    if isinstance(frame, pd.Series):
        frame = frame.to_frame(name="1" if frame.name is None else frame.name)
    left_out = []
    if isinstance(frame.index, pd.DatetimeIndex | pd.PeriodIndex):
        if not frame.index.is_monotonic_increasing:
            raise ValueError(
                f"{what}: the dates of its index are not in order: {what}.sort_index()"
            )
        left_out.append(_dates(what, str(frame.index.name or "index"), frame.index))
    columns, names = [], []
    for k, name in enumerate(map(str, frame.columns)):
        column = frame.iloc[:, k]
        if pd.api.types.is_datetime64_any_dtype(column.dtype):
            left_out.append(_dates(what, name, column))
        elif pd.api.types.is_numeric_dtype(
            column.dtype
        ) and not pd.api.types.is_complex_dtype(column.dtype):
            columns.append(column.to_numpy(dtype=np.float64, na_value=np.nan))
            names.append(name)
        else:
            raise ValueError(
                f"{what}: column {name!r} is {column.dtype}, not numbers: choose columns"
            )
    return _table(what, columns, names, left_out, None)


def _of_numpy(path: Path) -> Table:
    """Read an array (T,) or (T, n)."""
    try:
        content = path.read_bytes()
        if not content:
            raise ValueError("it is empty")
        check_npy(content)  # what a header claims is held to the length of the file
        array = np.load(io.BytesIO(content), allow_pickle=False)
        if array.dtype.kind not in "fiub":
            raise ValueError(f"it holds {array.dtype}")
        values = np.array(array, dtype=np.float64)
    except (ValueError, TypeError, EOFError, SyntaxError, OverflowError) as error:
        raise ValueError(f"{path} is not a file of numbers: {error}") from None
    if not values.size:
        raise ValueError(f"{path} is not a file of numbers: it is empty")
    if values.ndim == 1:
        values = values[:, None]
    if values.ndim != 2:
        raise ValueError(
            f"{path} must hold an array (T,) or (T, n), got shape {array.shape}"
        )
    return Table(values, tuple(str(k + 1) for k in range(values.shape[1])))


def _of_parquet(path: Path) -> Table:
    import pandas as pd

    try:
        with path.open("rb") as file:
            frame = pd.read_parquet(file)
    except ImportError:
        raise ValueError(
            f'{path}: Parquet needs an extra: pip install "evolino[parquet]"'
        ) from None
    except ValueError as error:  # Arrow's errors are ValueErrors too
        raise ValueError(f"{path} is not a Parquet file: {error}") from None
    return table_of_frame(frame, str(path))


def _of_text(path: Path, lines: Sequence[tuple[int, str]], layout: Layout) -> Table:
    """Return the table of lines, each with its number."""
    import pandas as pd

    rows: list[list[str]] = []
    for number, text in lines:
        fields = split(text, layout.separator)
        if rows and len(fields) != len(rows[0]):
            raise ValueError(
                f"{path}: line {number} has {len(fields)} fields, the lines before have "
                f"{len(rows[0])}"
            )
        rows.append(fields)
    names = list(rows.pop(0)) if layout.header else []
    numbers = np.array([number for number, _ in lines[int(layout.header) :]])
    if not rows:
        raise ValueError(f"{path} has no rows of numbers")
    frame = pd.DataFrame(rows, dtype=str)
    columns, kept, left_out = [], [], []
    for k in range(frame.shape[1]):
        name = names[k].strip() if layout.header else str(k + 1)
        column = frame.iloc[:, k].str.strip()
        if layout.decimal == ",":
            column = column.str.replace(",", ".", regex=False)
        missing = column.str.lower().isin(MISSING)
        if missing.all() and not (layout.header and name):
            left_out.append(f"column {k + 1}, which is empty")
            continue
        wrong = ~(column.str.fullmatch(NUMBER, case=False) | missing)
        if wrong.any():
            _refuse_thousands(path, name, frame.iloc[:, k], numbers)
            texts = frame.iloc[:, k]
            dates = _as_dates(texts)
            if dates is None:
                row = int(np.argmax(wrong.to_numpy()))
                raise ValueError(
                    f"{path}: line {numbers[row]}, column {name!r}: "
                    f"{frame.iloc[row, k]!r} is neither a number nor a date"
                )
            said = _dates(str(path), name, dates)
            left_out.append(said if _in_order(texts, dates) else f"{said}, not in order")
            continue
        values = column.mask(missing, "nan").to_numpy(dtype=object).astype(np.float64)
        if layout.header and not name and (np.diff(values) == 1).all():
            left_out.append(f"column {k + 1}, which has no name and counts the rows")
            continue
        columns.append(values)
        kept.append(name or str(k + 1))
    return _table(str(path), columns, kept, left_out, numbers)


def _table(
    what: str,
    columns: Sequence[Array],
    names: Sequence[str],
    left_out: Sequence[str],
    lines: IntArray | None,
) -> Table:
    if not columns or not len(columns[0]):
        raise ValueError(f"{what} has no column of numbers")
    return Table(np.stack(columns, axis=1), tuple(names), tuple(left_out), lines)


def _refuse_thousands(path: Path, name: str, column: Any, numbers: IntArray) -> None:
    """Raise ValueError, naming the line, for numbers such as 5,100.0: pandas would take
    them for dates."""
    grouped = column.str.strip().str.fullmatch(THOUSANDS)
    if grouped.any():
        row = int(np.argmax(grouped.to_numpy()))
        raise ValueError(
            f"{path}: line {numbers[row]}, column {name!r}: {column.iloc[row]!r} is "
            "neither a number nor a date: take separators of thousands out"
        )


def _in_order(texts: Any, dates: Any) -> bool:
    """Return whether time never runs backwards, whichever of day and month comes first; a
    time of day begins again every day."""
    if dates.is_monotonic_increasing or texts.str.fullmatch(TIME).all():
        return True
    other = _as_dates(texts, dayfirst=True)
    return other is not None and bool(other.is_monotonic_increasing)


def _as_dates(column: Any, *, dayfirst: bool = False) -> Any:
    """Return a column of text as dates, None if it has others."""
    import pandas as pd

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of formats that differ from row to row
        try:
            return pd.to_datetime(column, format="mixed", utc=True, dayfirst=dayfirst)
        except (ValueError, TypeError, OverflowError):
            return None


def _dates(what: str, name: str, dates: Any) -> str:
    """Return what to say of a column of dates. Raises ValueError if time runs backwards."""
    if len(dates) > 1 and dates.is_monotonic_decreasing and dates.nunique() > 1:
        raise ValueError(f"{what}: the dates of {name!r} run backwards: sort the rows")
    return f"{name} (dates)"
