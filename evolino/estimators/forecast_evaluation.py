"""Forecasts over rolling origins, measured beside simple methods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evolino.estimators.forecast_errors import ForecastErrors, forecast_errors
from evolino.estimators.simple_forecasts import simple_forecasts
from evolino.vocabulary import Array


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """Errors over rolling origins. method: best first by MASE, among them "evolino".
    coverage: share of what came inside the intervals, by their coverage."""

    origins: tuple[int, ...]
    errors: dict[str, ForecastErrors]
    coverage: dict[float, float]

    def described(self) -> str:
        """Return a table in plain text, the best method first."""
        head = f"{'':24}{'NRMSE':>9}{'MASE':>9}{'sMAPE':>9}{'MAPE':>9}"
        lines = [f"{len(self.origins)} origins", head]
        for name, errors in self.errors.items():
            row = errors.row()
            lines.append(f"{name:24}" + "".join(f"{value:9.3f}" for value in row.values()))
        for asked, got in self.coverage.items():
            lines.append(f"intervals of {asked:.0%} held {got:.1%} of what came")
        best = next(iter(self.errors))
        if best != "evolino":
            lines.insert(0, f"{best} is better than evolino on this series")
        return "\n".join(lines)


@dataclass(frozen=True, slots=True, eq=False)
class Evaluated:
    """What is forecast. series: (T, K). training: (T', K), that of the fit. fitted_rows: of
    the series, for simple methods. season: steps, 1 for none."""

    series: Array
    training: Array
    fitted_rows: int
    season: int


def origins_from(series: Array, begin: int, count: int, steps: int) -> list[int]:
    """Return at most `count` origins from a row on, evenly spaced.

    Raises ValueError where none has so many steps after it.
    """
    if not 0 < begin <= len(series) - steps:
        raise ValueError(
            f"y has {len(series)} steps, none of its origins from {begin} on has {steps} "
            "steps after it"
        )
    rows = np.linspace(begin, len(series) - steps, count).astype(int)
    return [int(row) for row in np.unique(rows)]


def evaluation(
    known: Evaluated,
    rows: Sequence[int],
    made: Array,
    intervals: Mapping[float, tuple[Array, Array]],
) -> Evaluation:
    """Return the errors of forecasts (N, H, K) from N origins, simple ones beside.

    intervals: lower and upper bounds (N, H, K) by coverage.
    """
    steps = made.shape[1]
    truth = known.series[np.array(rows)[:, None] + np.arange(steps)]
    found = {"evolino": made}
    found |= simple_forecasts(known.series, known.fitted_rows, rows, steps, known.season)
    errors = {
        name: forecast_errors(each, truth, known.training, known.season)
        for name, each in found.items()
    }
    ranked = sorted(errors, key=lambda name: errors[name].row()["mase"])
    inside = {}
    for coverage, (lower, upper) in intervals.items():
        held = (truth >= lower) & (truth <= upper)
        inside[float(coverage)] = float(held[np.isfinite(truth)].mean())
    return Evaluation(tuple(rows), {name: errors[name] for name in ranked}, inside)
