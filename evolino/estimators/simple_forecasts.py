"""Simple forecasts that stand beside every result: naive, autoregression, ETS.

Exponential smoothing needs statsmodels, which is an extra; without it there is none.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from importlib.util import find_spec

import numpy as np

from evolino.estimators.candidate_forecasts import design_of, fitted
from evolino.estimators.forecast_model import Form
from evolino.estimators.forecast_runs import free_run
from evolino.estimators.rolling_origins import Data
from evolino.estimators.transforms import transforms_for
from evolino.vocabulary import Array

SLIGHT = 1e-6  # penalty of the plain autoregression
FEWEST = 12  # its lags


def simple_forecasts(
    series: Array, fitted_rows: int, origins: Sequence[int], steps: int, season: int
) -> dict[str, Array]:
    """Return forecasts (N, steps, K) by method, from each of N origins of a series (T, K).

    fitted_rows: the rows that an autoregression is fitted to. season: steps, 1 for none.
    Exponential smoothing is fitted anew to the rows before each origin.
    """
    known = _carried(series)
    found = {"last value": _seasonal(known, origins, steps, 1)}
    if season > 1:
        found["seasonal naive"] = _seasonal(known, origins, steps, season)
    regression = _autoregression(known, fitted_rows, origins, steps, season)
    if regression is not None:
        found["autoregression"] = regression
    if find_spec("statsmodels") is not None:
        found["exponential smoothing"] = np.stack(
            [_smoothed(known[:row], steps, season) for row in origins]
        )
    return found


def _carried(series: Array) -> Array:
    """Return a series whose missing values are the last ones before: 0 before the first."""
    rows = np.where(np.isnan(series), 0, np.arange(len(series))[:, None])
    last = np.maximum.accumulate(rows, axis=0)
    return np.nan_to_num(np.take_along_axis(series, last, axis=0))


def _seasonal(series: Array, origins: Sequence[int], steps: int, season: int) -> Array:
    rows = np.arange(steps) % season
    return np.stack([series[max(origin - season, 0) + rows] for origin in origins])


def _autoregression(
    series: Array, rows: int, origins: Sequence[int], steps: int, season: int
) -> Array | None:
    """Return the forecasts of a plain autoregression by least squares; None where the rows
    are too few."""
    lags = min(max(FEWEST, season + 1), rows // 4, min(origins))
    if lags < 1:
        return None
    data = Data((series[:rows],), (np.zeros((rows, 0)),))
    transform = transforms_for(series[:rows])[0]
    design = design_of(data, Form("none", 0, lags), transform, None)
    inputs = np.zeros((len(series) + steps, 0))
    prepared = design.prepare(series, inputs)
    readouts = fitted(design, [design.prepare(series[:rows], inputs)], [(SLIGHT, SLIGHT)])
    if readouts is None:
        return None
    return transform.back(free_run(design, readouts[0], prepared, origins, steps))


def _smoothed(series: Array, steps: int, season: int) -> Array:
    """Return (steps, K): each column by exponential smoothing with a trend and, where there
    are two seasons and more, seasons; multiplied where all values are above 0."""
    from statsmodels.tsa.holtwinters import ExponentialSmoothing

    found = []
    for column in series.T:
        settings: dict[str, object] = {"trend": "add"} if len(column) > 10 else {}
        if season > 1 and len(column) >= 2 * season + 2:
            kind = "mul" if column.min() > 0 else "add"
            settings |= {"seasonal": kind, "seasonal_periods": season}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of fits that did not converge
            forecast = ExponentialSmoothing(column, **settings).fit().forecast(steps)
        found.append(np.where(np.isfinite(forecast), forecast, column[-1]))
    return np.stack(found, axis=1)
