"""How far forecasts are off: NRMSE, MASE, sMAPE and MAPE, for each column.

MASE: Hyndman & Koehler 2006, International Journal of Forecasting 22(4) (recalled): the
mean absolute error, by that of the seasonal naive forecast a season ahead within the
training series. sMAPE: of the M3 competition, 200 |f - y| / (|f| + |y|) in per cent
(recalled).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evolino.vocabulary import Array


@dataclass(frozen=True, slots=True, eq=False)
class ForecastErrors:
    """Errors of forecasts, (K,) each. nrmse: by the standard deviation of what came. mase:
    by the seasonal naive forecast in training. smape, mape: in per cent; mape is inf where
    a value is 0."""

    nrmse: Array
    mase: Array
    smape: Array
    mape: Array

    def row(self) -> dict[str, float]:
        """Return the mean of all columns of each."""
        return {
            name: float(getattr(self, name).mean())
            for name in ("nrmse", "mase", "smape", "mape")
        }


def forecast_errors(
    forecasts: Array, truth: Array, training: Array, season: int
) -> ForecastErrors:
    """Return the errors of forecasts (N, H, K); truth (N, H, K), NaN where missing.

    training: (T, K), the series that the forecaster was fitted to.
    """
    error = forecasts - truth
    axes = (0, 1)
    rows = truth.reshape(-1, truth.shape[-1])
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.nanstd(rows, axis=0)
        nrmse = np.sqrt(np.nanmean(np.square(error), axis=axes)) / spread
        lag = season if len(training) > season else 1
        naive = np.nanmean(np.abs(training[lag:] - training[:-lag]), axis=0)
        mase = np.nanmean(np.abs(error), axis=axes) / naive
        size = np.abs(forecasts) + np.abs(truth)
        shares = np.where(size == 0, 0.0, np.abs(error) / size)
        smape = 200.0 * np.nanmean(shares, axis=axes)
        mape = 100.0 * np.nanmean(np.abs(error) / np.abs(truth), axis=axes)
    return ForecastErrors(*(np.asarray(each) for each in (nrmse, mase, smape, mape)))
