"""A user's table on the command line: read, checked, written."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import typer

from evolino.storage.plain_text import shown

SEPARATORS = (",", ";", "\t", "|")
YEARS = (1000, 2999)  # numbers of four digits in a column of dates


@dataclass(frozen=True, slots=True)
class Written:
    """Files for rows and their picture, None for none."""

    csv: Path | None
    png: Path | None


def read_table(file: Path, time: str | None) -> Any:
    """Return the table of a file, its dates as index; print what was read."""
    import pandas as pd

    if not file.is_file():
        raise ValueError(f"there is no file {shown(file)}")
    try:
        if file.suffix.lower() in (".parquet", ".pq"):
            table = pd.read_parquet(file)
        else:
            table = _read_text(file)
    except (
        pd.errors.ParserError,
        pd.errors.EmptyDataError,
        csv.Error,
        UnicodeDecodeError,
    ) as error:
        raise ValueError(f"{shown(file)} is no table: {shown(error)}") from None
    table.columns = table.columns.astype(str)
    columns = ", ".join(map(shown, table.columns))
    typer.echo(
        f"{shown(file)}: {len(table):,} rows, {len(table.columns)} columns: {columns}"
    )
    if time is not None:
        check_columns(table, [time])
        dates = _dates(table[time], time)
        table = table.drop(columns=time).set_index(pd.DatetimeIndex(dates))
        between = pd.Series(table.index).diff().dropna()
        if len(between):
            usual = between.mode().iloc[0]
            gaps = int((between > 1.5 * usual).sum())
            typer.echo(
                f"{table.index[0]} to {table.index[-1]}, mostly {usual}, {gaps} gaps"
            )
    return table


def _read_text(file: Path) -> Any:
    """Return the table of a text file; say what becomes of blank lines within it.

    In a table of one column a blank line is a missing value; in others it is left out.
    Raises ValueError, naming the line, for one with other fields than the first has.
    """
    import pandas as pd

    separator = _separator(file)
    _check_fields(file, separator)
    with file.open(encoding="utf-8-sig") as lines:
        filled = [k for k, line in enumerate(lines) if line.strip()]
    blank = filled[-1] - filled[0] + 1 - len(filled) if filled else 0
    table = pd.read_csv(file, sep=separator, encoding="utf-8-sig")
    if blank and len(table.columns) == 1:
        table = pd.read_csv(
            file,
            sep=separator,
            encoding="utf-8-sig",
            skiprows=filled[0],
            skip_blank_lines=False,
            nrows=filled[-1] - filled[0],
        )
        are = "line is a missing value" if blank == 1 else "lines are missing values"
        typer.echo(f"{shown(file)}: {blank} blank {are}")
    elif blank:
        are = "line is" if blank == 1 else "lines are"
        typer.echo(f"{shown(file)}: {blank} blank {are} left out")
    return table


def _check_fields(file: Path, separator: str) -> None:
    """Raise ValueError for a line with more or fewer fields than the first.

    pandas fills up a short line, and takes a column for names of rows where all are longer.
    """
    count = 0
    with file.open(encoding="utf-8-sig", newline="") as lines:
        rows = csv.reader(lines, delimiter=separator)
        for fields in rows:
            if not "".join(fields).strip() and len(fields) <= 1:
                continue  # a blank line
            count = count or len(fields)
            if len(fields) != count:
                raise ValueError(
                    f"{shown(file)}: line {rows.line_num} has {len(fields)} fields, the "
                    f"first line has {count}"
                )


def _dates(column: Any, name: str) -> Any:
    """Return a column as dates: text, or years of four digits.

    Raises ValueError for other numbers, which pandas would take for nanoseconds since 1970.
    """
    import pandas as pd
    from pandas.api.types import is_numeric_dtype

    if is_numeric_dtype(column.dtype):
        years = ((column % 1 == 0) & column.between(*YEARS)).all()
        if not years:
            raise ValueError(
                f"column {name!r} must hold dates or years, got numbers such as "
                f"{column.iloc[0]}: leave --time out where rows are steps in order"
            )
        return pd.to_datetime(column.astype("int64").astype(str), format="%Y")
    try:
        return pd.to_datetime(column)
    except (ValueError, TypeError) as error:
        raise ValueError(f"column {name!r} holds no dates: {shown(error)}") from None


def check_order(index: Any, what: str) -> None:
    """Raise ValueError unless dates are all there and in order. index: of rows; one that
    has no dates is in order."""
    import pandas as pd

    if not isinstance(index, pd.DatetimeIndex):
        return
    if index.isna().any():
        raise ValueError(f"{what} has a row without a date")
    if not index.is_monotonic_increasing:
        later = int(np.flatnonzero(np.diff(index.asi8) < 0)[0]) + 1
        raise ValueError(
            f"{what} must have its dates in order, got {index[later]} after "
            f"{index[later - 1]}"
        )


def _separator(file: Path) -> str:
    """Return what stands between columns: of several, the most frequent in the first line;
    a table of one column has none."""
    with file.open(encoding="utf-8-sig") as lines:
        first = lines.readline()
    return max(SEPARATORS, key=first.count)


def check_columns(table: Any, names: list[str]) -> None:
    """Raise ValueError, naming the nearest, for columns that the table lacks."""
    from evolino.vocabulary import unknown_name

    for name in names:
        if name not in table.columns:
            raise unknown_name("column", name, list(table.columns))


def check_numbers(table: Any, names: list[str]) -> None:
    """Raise ValueError for columns that are not numbers, naming the first value that is
    none and its row, counted from 1."""
    import pandas as pd
    from pandas.api.types import is_numeric_dtype

    for name in names:
        column = table[name]
        if not is_numeric_dtype(column.dtype):
            read = pd.to_numeric(column.astype(str), errors="coerce")
            row = int((column.notna() & read.isna()).to_numpy().argmax())
            raise ValueError(
                f"column {name!r} must be numbers, got {shown(column.iloc[row])!r} in row "
                f"{row + 1}: mend it, leave the column out with --inputs, or name it with "
                "--time if it holds dates"
            )


def write_text(path: Path, text: str) -> None:
    """Write a file, whole or not at all, and say where."""
    from evolino.storage.files import replace_file, user_path

    replace_file(user_path(path), text.encode())
    typer.echo(f"written to {shown(path)}")
