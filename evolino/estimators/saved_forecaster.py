"""Serialise what a forecaster has learnt: members, residuals, series and their dates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from evolino.estimators.fitted_forecaster import FittedForecaster
from evolino.estimators.forecast_data import SeriesData
from evolino.estimators.forecast_model import Design, Readout
from evolino.estimators.forecast_networks import WindowNetworks
from evolino.estimators.intervals import Residuals
from evolino.estimators.plain_records import from_plain, to_plain
from evolino.estimators.seasons import spacing_of
from evolino.training.history import Generation
from evolino.vocabulary import Array, IntArray

TRIAL = 8  # steps beyond those that an origin needs, of a trial forecast


@dataclass(frozen=True, slots=True, eq=False)
class SavedDates:
    """An index of dates. values: (T,), units since 1970. periods: whether they are spans,
    not points in time. unit: of NumPy. zone: of time. spacing: as pandas has it."""

    values: IntArray
    periods: bool
    unit: str
    zone: str | None
    spacing: str | None


@dataclass(frozen=True, slots=True, eq=False)
class SavedForecaster:
    """Fields as of `FittedForecaster` and `SeriesData`."""

    each: tuple[Array, ...]
    inputs: tuple[Array, ...]
    single: bool
    flat: bool
    names: tuple[str, ...] | None
    dates: SavedDates | None
    season: int
    members: tuple[tuple[Design, Readout], ...]
    weights: Array
    residuals: Residuals
    errors: dict[str, float]
    evolved: WindowNetworks | None
    history: list[Generation]


def forecaster_state(forecaster: Any) -> dict[str, Any]:
    """Return what was fitted as plain values and arrays."""
    fitted: FittedForecaster = forecaster.model_
    given = fitted.training
    saved = SavedForecaster(
        given.each, given.inputs, given.single, given.flat, given.names,
        _saved_dates(given.dates), fitted.season, fitted.members, fitted.weights,
        fitted.residuals, fitted.errors, fitted.evolved, list(fitted.history),
    )  # fmt: skip
    state: dict[str, Any] = to_plain(saved)
    return state


def restore_forecaster(forecaster: Any, state: Mapping[str, Any]) -> None:
    """Have a forecaster go on from what was saved.

    Raises KeyError, TypeError or ValueError for another state, and for one that cannot
    forecast.
    """
    saved = from_plain(SavedForecaster, state)
    _check(saved)
    dates = None if saved.dates is None else _index(saved.dates)
    if dates is not None and len(dates) != len(saved.each[0]):
        raise ValueError(f"{len(dates)} dates for {len(saved.each[0])} steps")
    series = SeriesData(
        saved.each, saved.inputs, saved.single, saved.flat, saved.names, dates
    )
    fitted = FittedForecaster(
        series,
        saved.season,
        saved.members,
        saved.weights,
        saved.residuals,
        saved.errors,
        saved.evolved,
        saved.history,
    )
    tail = np.nan_to_num(saved.each[0][-(fitted.before + TRIAL) :])
    x = np.zeros((len(tail) + 1, fitted.width))
    made = fitted.run(tail, x, [len(tail)], 1)
    saved.residuals.interval(made, 0.8)
    forecaster._take(fitted)


def _check(saved: SavedForecaster) -> None:
    """Raise ValueError for shapes that do not go together."""
    if not saved.each or not saved.members or (saved.single and len(saved.each) > 1):
        raise ValueError("it has no series or no members")
    if saved.season < 1:
        raise ValueError(f"season must be >= 1, got {saved.season}")
    if saved.weights.shape != (len(saved.members),) or not (saved.weights > 0).all():
        raise ValueError(f"there must be {len(saved.members)} weights above 0")
    columns, width = saved.each[0].shape[-1], saved.inputs[0].shape[-1]
    if columns < 1 or (saved.flat and columns > 1):
        raise ValueError(f"series must have columns, one where they are flat: {columns}")
    transform, absolute = saved.residuals.transform, saved.residuals.absolute
    shapes = {each.shape for each in (transform.fits, transform.base, transform.unit)}
    if shapes != {(columns,)} or absolute.ndim != 3 or absolute.shape[2] != columns:
        raise ValueError(f"residuals must be of {columns} columns")
    if len(saved.inputs) != len(saved.each):
        raise ValueError("inputs must be there for each series")
    for y, x in zip(saved.each, saved.inputs, strict=True):
        if y.ndim != 2 or x.ndim != 2 or y.shape[1] != columns or x.shape[1] != width:
            raise ValueError(f"series must be (T, {columns}), inputs (T, {width})")
        if not np.isfinite(x).all() or np.isinf(y).any() or len(x) < len(y):
            raise ValueError("inputs must be finite and as long as their series")
    if saved.names is not None and len(saved.names) != columns:
        raise ValueError(f"{len(saved.names)} names for {columns} columns")
    for design, _ in saved.members:
        sizes = [len(design.mean), len(design.input_mean)]
        if sizes != [columns, width]:
            raise ValueError(f"a member is for {sizes}, the series are {columns, width}")


def _saved_dates(index: Any) -> SavedDates | None:
    if index is None:
        return None
    values = np.asarray(index.asi8, np.int64)
    spacing = spacing_of(index)
    text = None if spacing is None else str(getattr(spacing, "freqstr", spacing))
    if hasattr(index, "to_timestamp"):
        kind = str(index.dtype).removeprefix("period[").removesuffix("]")
        return SavedDates(values, True, "", None, kind)
    zone = None if index.tz is None else str(index.tz)
    return SavedDates(values, False, str(index.unit), zone, text)


def _index(saved: SavedDates) -> Any:
    """Return the index of saved dates."""
    import pandas as pd

    if saved.periods:
        return pd.PeriodIndex.from_ordinals(saved.values, freq=saved.spacing)
    if saved.unit not in ("s", "ms", "us", "ns"):
        raise ValueError(f"no unit of dates {saved.unit!r:.20}")
    index = pd.DatetimeIndex(saved.values.view(f"M8[{saved.unit}]"))
    if saved.zone is not None:
        index = index.tz_localize("UTC").tz_convert(saved.zone)
    if saved.spacing is not None:
        index.freq = saved.spacing
    return index
