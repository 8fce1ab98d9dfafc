"""Series that users pass to forecast: arrays or pandas, dates, gaps, missing values.

y is one series (T,) or (T, K), or a list of several; X the inputs of the same rows, known
in the future too. NaN in y is a missing value, which is left out of fits; NaN in X is
refused.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evolino.estimators.seasons import spacing_of
from evolino.estimators.sequences import check_dates, read_sequences
from evolino.vocabulary import Array

Forecast = Array | list[Array]  # or a table of pandas
FEWEST = 8  # steps of a series
TRIED = 50  # places whose three dates may tell the spacing
MOST_GAPS = 10  # times as many rows as there are may be put in for missing dates


@dataclass(frozen=True, slots=True, eq=False)
class SeriesData:
    """Series as they were read. each: (T_n, K). inputs: (T'_n, I) of each, I may be 0.
    single: one series, not a list. flat: given without columns. names: of columns. dates:
    of the rows of one series, None without."""

    each: tuple[Array, ...]
    inputs: tuple[Array, ...]
    single: bool
    flat: bool
    names: tuple[str, ...] | None
    dates: Any = None


def read_series(y: Any, X: Any, ahead: int = 0) -> SeriesData:
    """Return what a user passed as series y and inputs X.

    ahead: rows that X has beyond those of y. Raises TypeError or ValueError, naming series,
    row and column.
    """
    several = isinstance(y, list | tuple) and y and np.ndim(y[0]) >= 1
    given = list(y) if several else [y]
    called = [f"y[{n}]" for n in range(len(given))] if several else ["y"]
    given = [_without_gaps(*pair) for pair in zip(given, called, strict=True)]
    columns = [_with_columns(each) for each in given]
    read = [
        read_sequences(each, f"y[{n}]" if several else "y", missing=True)
        for n, each in enumerate(columns)
    ]
    arrays = [each.each[0] for each in read]
    for n, array in enumerate(arrays):
        name = f"y[{n}]" if several else "y"
        if array.shape[1] != arrays[0].shape[1]:
            raise ValueError(
                f"{name} has {array.shape[1]} columns, y[0] has {arrays[0].shape[1]}"
            )
        if np.isnan(array).all(axis=0).any():
            column = int(np.argmax(np.isnan(array).all(axis=0)))
            raise ValueError(f"{name} has no value at all in column {column}")
    inputs = _inputs(X, arrays, ahead, bool(several))
    dates = None if several else _dates(given[0])
    flat = all(np.ndim(each) == 1 for each in given)
    return SeriesData(tuple(arrays), inputs, not several, flat, read[0].names, dates)


def _with_columns(y: Any) -> Any:
    if hasattr(y, "to_frame") and np.ndim(y) == 1:
        return y
    return np.asarray(y)[:, None] if np.ndim(y) == 1 else y


def _inputs(
    X: Any, arrays: Sequence[Array], ahead: int, several: bool
) -> tuple[Array, ...]:
    if X is None:
        return tuple(np.zeros((len(y) + ahead, 0)) for y in arrays)
    given = list(X) if several else [X]
    if len(given) != len(arrays):
        raise ValueError(f"X must have {len(arrays)} series like y, got {len(given)}")
    found = []
    for n, (each, y) in enumerate(zip(given, arrays, strict=True)):
        name = f"X[{n}]" if several else "X"
        array = read_sequences(_with_columns(each), name).each[0]
        if len(array) != len(y) + ahead:
            raise ValueError(
                f"{name} must have {len(y) + ahead} rows, one for each step of y"
                f"{f' and of the {ahead} that are forecast' if ahead else ''}, got "
                f"{len(array)}"
            )
        found.append(array)
    return tuple(found)


def _dates(y: Any) -> Any:
    index = getattr(y, "index", None)
    if index is None or callable(index):  # of a list, a method
        return None
    are_periods = hasattr(index, "to_timestamp")
    return index if index.dtype.kind == "M" or are_periods else None


def _without_gaps(y: Any, name: str) -> Any:
    """Return a table of pandas with a row of NaN for each date that is left out.

    Warns of how many. Raises ValueError for dates that lie on no even spacing.
    """
    dates = _dates(y)
    if dates is None or len(dates) < 3:
        return y
    check_dates(dates, name)
    if dates.dtype.kind == "M" and spacing_of(dates) is not None:
        return y
    whole = _every_period(dates) if dates.dtype.kind != "M" else _every_date(dates, name)
    if len(whole) == len(dates):
        return y
    gaps = len(whole) - len(dates)
    warnings.warn(
        f"{name}: {gaps} dates are left out, the first after "
        f"{dates[int(np.argmax(~whole.isin(dates)[: len(dates)])) - 1]}; they are missing "
        "values",
        UserWarning,
        stacklevel=4,
    )
    return y.reindex(whole)


def _every_period(dates: Any) -> Any:
    import pandas as pd

    return pd.period_range(dates[0], dates[-1], freq=dates.freq)


def _every_date(dates: Any, name: str) -> Any:
    import pandas as pd

    for first in range(min(len(dates) - 2, TRIED)):
        spacing = spacing_of(dates[first : first + 3])
        if spacing is None:
            continue
        whole = pd.date_range(dates[0], dates[-1], freq=spacing)
        if dates.isin(whole).all() and len(whole) <= MOST_GAPS * len(dates):
            return whole
    steps = np.diff(dates.asi8)
    row = int(np.argmax(steps != np.median(steps))) + 1
    raise ValueError(
        f"the dates of {name} are not evenly spaced: row {row}, {dates[row]}; resample "
        "them first"
    )


def dates_after(dates: Any, steps: int) -> Any:
    """Return the index of the steps after one of dates, None if its spacing is unknown."""
    import pandas as pd

    if dates is None:
        return None
    if hasattr(dates, "to_timestamp"):  # periods
        return pd.period_range(dates[-1] + 1, periods=steps, freq=dates.freq)
    spacing = spacing_of(dates)
    if spacing is None:
        return None
    return pd.date_range(dates[-1], periods=steps + 1, freq=spacing)[1:]


def read_inputs(X: Any) -> Array:
    """Return inputs (T, I) of one series; (T,) is read as (T, 1)."""
    return read_sequences(_with_columns(X), "X").each[0]


def in_table(rows: Array, dates: Any, like: SeriesData) -> Any:
    """Return rows (H, K) at dates as a Series or DataFrame, named as the series are."""
    import pandas as pd

    if like.flat:
        name = None if like.names is None else like.names[0]
        return pd.Series(rows[:, 0], index=dates, name=name)
    columns = None if like.names is None else list(like.names)
    return pd.DataFrame(rows, index=dates, columns=columns)


def given_back(history: SeriesData, forecasts: list[Array]) -> Forecast:
    """Return forecasts (H, K), one of each series, in the form of y."""
    flat = [each[:, 0] if history.flat else each for each in forecasts]
    if not history.single:
        return flat
    dates = dates_after(history.dates, len(flat[0]))
    if dates is None:
        return flat[0]
    found: Forecast = in_table(forecasts[0], dates, history)
    return found
