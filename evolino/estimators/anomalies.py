"""Detect anomalies in a series: scores of its values by errors of forecasts one step ahead.

The score of a step is the size of its error by the usual one, the median absolute error of
the series (divided by 0.6745, so that it is a standard deviation where errors are normal;
Hampel 1974, recalled). An anomaly spoils the forecasts after it, so the first of each group
is replaced by its forecast, and the steps after it are scored again. Values that are far
out of the range of nearly all others spoil the fit too: for the scores it is made without
them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from evolino.estimators.fitted_forecaster import FittedForecaster, fit_forecaster
from evolino.estimators.forecast_model import Prepared, Readout, solve
from evolino.estimators.forecast_settings import ForecastSettings
from evolino.vocabulary import Array, BoolArray, IntArray

NORMAL = 0.6745  # the median absolute value of a standard normal
PASSES = 6  # in each, the first anomaly of each group is replaced
BLOCKS = 5  # of training rows, each forecast by a readout of the others
TAIL, FAR = 0.02, 3.0  # the range of nearly all values; how many of it are far out
LEAST = 1e-9  # of a column's deviation: an error below it is rounding


@dataclass(frozen=True, slots=True, eq=False)
class Anomalies:
    """Scores of the steps of a series. values, expected: (T, K), expected one step ahead.
    scores: (T,), the largest of all columns; NaN where a value or those before it are
    missing. threshold: the score above which a step is an anomaly."""

    values: Array
    expected: Array
    scores: Array
    threshold: float

    @property
    def rows(self) -> IntArray:
        """(n,): the steps that are anomalies."""
        return np.flatnonzero(np.nan_to_num(self.scores) > self.threshold)

    def described(self, most: int = 20) -> str:
        """Return the anomalies in plain text, at most so many, the largest first."""
        known = int(np.isfinite(self.scores).sum())
        rows = self.rows
        head = f"{len(rows)} of {known} steps have a score above {self.threshold:g}"
        ranked = rows[np.argsort(-self.scores[rows], kind="stable")][:most]
        lines = [head]
        for row in ranked:
            value, wanted = (_numbers(each[row]) for each in (self.values, self.expected))
            lines.append(
                f"step {row}: {value}, expected {wanted}, score {self.scores[row]:.1f}"
            )
        if len(rows) > most:
            lines.append(f"and {len(rows) - most} others")
        return "\n".join(lines)


def find_anomalies(
    fitted: FittedForecaster, y: Array, inputs: Array, threshold: float, *, own: bool
) -> Anomalies:
    """Return the anomalies of one series (T, K), inputs (T, I).

    own: the series is that of the fit; its blocks are forecast by readouts of the others.
    """
    transform = fitted.residuals.transform
    outside = far_out(y, fitted.training.each[0])
    replaced, clean = outside.copy(), _interpolated(y, outside)
    expected = scores = np.zeros(0)
    for _ in range(PASSES):
        expected = _expected(fitted, clean, inputs, replaced, own=own)
        errors = np.abs(transform.forward(y) - transform.forward(expected))
        scores = _scores(errors, transform.forward(clean))
        clean[outside] = np.where(np.isfinite(expected), expected, clean)[outside]
        first = _first_of_groups(np.nan_to_num(scores) > threshold, replaced, fitted.before)
        if not first.any():
            break
        replaced |= first
        clean[first] = expected[first]
    return Anomalies(y, expected, scores, threshold)


def without_outliers(
    fitted: FittedForecaster, settings: ForecastSettings
) -> FittedForecaster:
    """Return what was fitted; anew, without them, where values of its series are far out.

    Several series are left as they are.
    """
    training = fitted.training
    outside = far_out(training.each[0], training.each[0])
    if len(training.each) > 1 or not outside.any():
        return fitted
    known = np.where(outside[:, None], np.nan, training.each[0])
    given = replace(training, each=(known,), inputs=training.inputs[:1])
    return fit_forecaster(given, replace(settings, evolution=None, before=None))


def far_out(y: Array, training: Array) -> BoolArray:
    """Return the steps (T,) of a series (T, K) where a column is further outside the range
    of nearly all training values than `FAR` such ranges."""
    lower = np.nanquantile(training, TAIL, axis=0, method="higher")
    upper = np.nanquantile(training, 1.0 - TAIL, axis=0, method="lower")
    margin = FAR * (upper - lower)
    with np.errstate(invalid="ignore"):
        outside = (y < lower - margin) | (y > upper + margin)
    return np.asarray((outside & (margin > 0)).any(axis=1))


def _interpolated(y: Array, rows: BoolArray) -> Array:
    """Return a series (T, K) with lines between neighbours in the place of some rows."""
    found = y.copy()
    for column in found.T:
        known = np.flatnonzero(~rows & np.isfinite(column))
        if len(known):
            column[rows] = np.interp(np.flatnonzero(rows), known, column[known])
    return found


def _expected(
    fitted: FittedForecaster, y: Array, inputs: Array, replaced: BoolArray, *, own: bool
) -> Array:
    """Return (T, K): the mean forecast of each step by the members that know those before
    it; NaN where none does."""
    total, count = np.zeros_like(y), np.zeros(len(y))
    for (design, readout), weight in zip(fitted.members, fitted.weights, strict=True):
        prepared = design.prepare(y, inputs)
        before = design.form.before
        missing = np.cumsum(np.isnan(y).any(axis=1))
        known = np.zeros(len(y), np.bool_)
        known[before:] = missing[before - 1 : -1] == np.concatenate(
            [[0], missing[: len(y) - before - 1]]
        )
        w = np.zeros_like(y)
        if own:
            for block, fit in _left_out(prepared, readout, replaced, design.cells):
                w[block] = fit.predict(prepared.features[block])
        else:
            w = readout.predict(prepared.features)
        z = w * design.scale + design.mean
        if design.form.difference:
            z[design.form.difference :] += prepared.z[: -design.form.difference]
        bounded = np.clip(z, design.lower, design.upper)
        total[known] += weight * design.transform.back(bounded)[known]
        count += weight * known
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(total / np.where(count > 0, count, np.nan)[:, None])


def _left_out(
    prepared: Prepared, readout: Readout, replaced: BoolArray, cells: int
) -> list[tuple[slice, Readout]]:
    """Return blocks of rows, each with the readout of the rows outside."""
    edges = np.linspace(0, len(prepared.w), BLOCKS + 1).astype(int)
    found = []
    for k in range(BLOCKS):
        block = slice(int(edges[k]), int(edges[k + 1]))
        kept = prepared.rows & ~replaced
        kept[block] = False
        fit = readout
        if kept.sum() >= 3:
            features, aims = prepared.features[kept], prepared.w[kept]
            fit = solve(features, aims, cells, [readout.penalties])[0]
        found.append((block, fit))
    return found


def _scores(errors: Array, values: Array) -> Array:
    """Return (T,): the largest of the columns' errors (T, K), by their usual ones."""
    spread = np.nanstd(values, axis=0)
    known = np.isfinite(errors).all(axis=1)
    if not known.any():
        return np.full(len(errors), np.nan)
    usual = np.median(errors[known], axis=0) / NORMAL
    floor = np.where(spread > 0, LEAST * spread, np.finfo(float).tiny)
    found = (errors / np.maximum(usual, floor)).max(axis=1)
    return np.asarray(np.where(known, found, np.nan))


def _first_of_groups(above: BoolArray, replaced: BoolArray, before: int) -> BoolArray:
    """Return the steps above the threshold, not replaced so far, that no other such step
    within the reach of a window comes before."""
    first = np.zeros(len(above), np.bool_)
    last = -before - 1
    for row in np.flatnonzero(above & ~replaced):
        if row - last > before:
            first[row] = True
            last = int(row)
    return first


def _numbers(row: Array) -> str:
    return ", ".join(f"{value:.6g}" for value in row)
