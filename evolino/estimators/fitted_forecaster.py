"""What a forecaster has learnt: members, residuals, the series of the fit; how it runs.

`EvolinoForecaster` is the face of it, `evolino.estimators.saving` writes it to a file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evolino.estimators.choosing_forecasts import Tried, choose, design_of, fitted
from evolino.estimators.forecast_data import SeriesData, read_inputs, read_series
from evolino.estimators.forecast_model import Design, Form, Readout, bridged, free_run
from evolino.estimators.forecast_networks import WindowNetworks
from evolino.estimators.intervals import Residuals
from evolino.estimators.rolling_origins import FIRST, Data, rolling_truths
from evolino.estimators.transforms import transforms_for
from evolino.vocabulary import Array

DRAWS = 4  # times the networks that candidates are compared by, once one is taken
Member = tuple[Design, Readout]


@dataclass(frozen=True, slots=True)
class ForecastSettings:
    """Settings; fields as of `EvolinoForecaster`, season known, networks and cells."""

    horizon: int
    season: int
    networks: int
    cells: int
    seed: int


@dataclass(frozen=True, slots=True, eq=False)
class FittedForecaster:
    """What was fitted. training: the series of the fit. season: steps. members: whose
    forecasts are averaged. residuals: for intervals. errors: over rolling origins, of what
    was taken and of the best without networks."""

    training: SeriesData
    season: int
    members: tuple[Member, ...]
    residuals: Residuals
    errors: dict[str, float]

    @property
    def width(self) -> int:
        """I: the inputs of each step."""
        return int(self.training.inputs[0].shape[1])

    @property
    def before(self) -> int:
        """The steps that are needed before an origin."""
        return max(int(design.form.before) for design, _ in self.members)

    def ahead(self, steps: int, X: Any, y: Any) -> tuple[SeriesData, list[Array]]:
        """Return the series that are gone on from, and their forecasts (H, K)."""
        history = self.training if y is None else read_series(y, None)
        if history.each[0].shape[1] != self.training.each[0].shape[1]:
            raise ValueError(
                f"y must have {self.training.each[0].shape[1]} columns as in fit, got "
                f"{history.each[0].shape[1]}"
            )
        given = [X] if history.single else (X or [None] * len(history.each))
        found = []
        for n, series in enumerate(history.each):
            inputs = self.inputs(given[n], len(series), steps, [len(series)])
            if y is None and X is not None:
                inputs = np.concatenate([history.inputs[n], inputs[-steps:]])
            found.append(self.run(series, inputs, [len(series)], steps)[0])
        return history, found

    def inputs(self, X: Any, rows: int, steps: int, origins: Sequence[int]) -> Array:
        """Return inputs for all rows and those that are forecast."""
        if X is None:
            if self.width:
                raise ValueError(f"X must have the {self.width} inputs of fit, got none")
            return np.zeros((rows + steps, 0))
        array = read_inputs(X)
        if array.shape[1] != self.width:
            raise ValueError(
                f"X has {array.shape[1]} features, but EvolinoForecaster is expecting "
                f"{self.width} features as input"
            )
        needed = max(origins) + steps
        if len(array) == steps and rows != 0 and len(origins) == 1:
            return np.concatenate([np.zeros((rows, self.width)), array])
        if len(array) < needed:
            raise ValueError(
                f"X must reach to the last step that is forecast, {needed} rows, or have "
                f"the {steps} rows that are forecast, got {len(array)}"
            )
        return array

    def run(self, series: Array, inputs: Array, origins: list[int], steps: int) -> Array:
        """Return forecasts (N, steps, K), the mean of all members'."""
        made = []
        for design, readout in self.members:
            short = [row for row in origins if row < design.form.before]
            if short:
                raise ValueError(
                    f"y must have {design.form.before} steps before an origin, got "
                    f"{min(short)}"
                )
            known = bridged(design, readout, series, inputs, origins)
            prepared = design.prepare(known, inputs)
            z = free_run(design, readout, prepared, origins, steps)
            made.append(design.transform.back(z))
        return np.asarray(np.mean(made, axis=0))


def fit_forecaster(given: SeriesData, settings: ForecastSettings) -> FittedForecaster:
    """Return what is taken for series, fitted to all rows."""
    data = Data(given.each, given.inputs)
    networks = settings.networks, settings.cells
    taken, plain = choose(data, settings.horizon, settings.season, networks, settings.seed)
    members = tuple(_member(data, settings, *member) for member in taken.members)
    errors = {"taken": taken.loss, "without networks": plain.loss}
    residuals = _residuals(data, settings.horizon, taken)
    return FittedForecaster(given, settings.season, members, residuals, errors)


def _member(
    data: Data, settings: ForecastSettings, form: Form, penalties: tuple[float, float]
) -> Member:
    """Return a member, fitted to all rows."""
    every = np.concatenate(data.each)
    transform = {t.name: t for t in transforms_for(every)}[form.transform]
    networks = None
    if form.networks:
        width = form.lags * every.shape[1] + data.inputs[0].shape[1]
        rng = np.random.default_rng([settings.seed, DRAWS])
        count = DRAWS * settings.networks
        networks = WindowNetworks.drawn(count, settings.cells, width, rng)
        penalties = penalties[0], DRAWS * penalties[1]
    design = design_of(data, form, transform, networks)
    pairs = zip(data.each, data.inputs, strict=True)
    readouts = fitted(design, [design.prepare(*pair) for pair in pairs], [penalties])
    assert readouts is not None  # the form was tried on fewer rows
    return design, readouts[0]


def _residuals(data: Data, horizon: int, taken: Tried) -> Residuals:
    names = [form.transform for form, _ in taken.members]
    usual = Counter(names).most_common(1)[0][0]
    every = np.concatenate(data.each)
    transform = {t.name: t for t in transforms_for(every)}[usual]
    networks = taken.members[0][0].networks
    truth = rolling_truths(data, horizon, networks=networks)
    span = (1.0 - FIRST) * sum(len(y) for y in data.each)
    apart = max(span / taken.forecasts.shape[1], 1.0)
    return Residuals.of(transform, taken.forecasts, truth, apart)
