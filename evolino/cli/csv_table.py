"""A user's table on the command line: read, checked, written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from evolino.storage.plain_text import shown

SEPARATORS = (",", ";", "\t", "|")


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
            table = pd.read_csv(file, sep=_separator(file), encoding="utf-8-sig")
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise ValueError(f"{shown(file)} is no table: {shown(error)}") from None
    table.columns = table.columns.astype(str)
    columns = ", ".join(map(shown, table.columns))
    typer.echo(
        f"{shown(file)}: {len(table):,} rows, {len(table.columns)} columns: {columns}"
    )
    if time is not None:
        check_columns(table, [time])
        try:
            dates = pd.to_datetime(table[time])
        except (ValueError, TypeError) as error:
            raise ValueError(f"column {time!r} holds no dates: {shown(error)}") from None
        table = table.drop(columns=time).set_index(pd.DatetimeIndex(dates))
        between = pd.Series(table.index).diff().dropna()
        if len(between):
            usual = between.mode().iloc[0]
            gaps = int((between > 1.5 * usual).sum())
            typer.echo(
                f"{table.index[0]} to {table.index[-1]}, mostly {usual}, {gaps} gaps"
            )
    return table


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
    """Raise ValueError for columns that are not numbers."""
    from pandas.api.types import is_numeric_dtype

    for name in names:
        if not is_numeric_dtype(table[name].dtype):
            example = shown(table[name].dropna().iloc[0])
            raise ValueError(
                f"column {name!r} must be numbers, got {example!r}: leave it out with "
                "--inputs, or name it with --time if it holds dates"
            )


def write_text(path: Path, text: str) -> None:
    """Write a file, whole or not at all, and say where."""
    from evolino.storage.files import replace_file, user_path

    replace_file(user_path(path), text.encode())
    typer.echo(f"written to {shown(path)}")
