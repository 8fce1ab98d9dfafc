"""What a forecaster has learnt: members, residuals, the series of the fit; how it runs.

`EvolinoForecaster` is the face of it, `evolino.estimators.saving` writes it to a file.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from evolino.estimators.candidate_forecasts import Part, design_of, fitted
from evolino.estimators.choosing_forecasts import Chosen, choose
from evolino.estimators.forecast_data import SeriesData, read_inputs, read_series
from evolino.estimators.forecast_model import Design, Readout
from evolino.estimators.forecast_networks import WindowNetworks
from evolino.estimators.forecast_runs import bridged, free_run
from evolino.estimators.forecast_settings import ForecastSettings
from evolino.estimators.intervals import Residuals
from evolino.estimators.rolling_origins import FIRST, Data, truths
from evolino.estimators.transforms import transforms_for
from evolino.training.history import Generation
from evolino.vocabulary import Array

REMEMBERED = 2_000  # rows before the window at an origin that the cells are driven by
CHOSEN = 20_000  # rows, the last ones, that candidates and networks see
FITTED = 200_000  # rows, the last ones, that plain members are fitted to
DRAWS = 4  # times the networks that candidates are compared by, once one is taken
Member = tuple[Design, Readout]


@dataclass(frozen=True, slots=True, eq=False)
class FittedForecaster:
    """What was fitted. training: the series of the fit. season: steps. members: whose
    forecasts are averaged, by weights (M,). residuals: for intervals. errors: over rolling
    origins, of what was taken and of the best without networks. evolved: the networks of an
    evolution that were taken. history: of the evolution."""

    training: SeriesData
    season: int
    members: tuple[Member, ...]
    weights: Array
    residuals: Residuals
    errors: dict[str, float]
    evolved: WindowNetworks | None = None
    history: list[Generation] = field(default_factory=list)

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
        """Return forecasts (N, steps, K), the mean of all members'.

        Rows long before the first origin are left out: the cells have forgotten them.
        """
        first = max(min(origins) - self.before - REMEMBERED, 0)
        series, inputs = series[first:], inputs[first:]
        origins, made = [row - first for row in origins], []
        for design, readout in self.members:
            short = [row for row in origins if row < design.form.before]
            if short:
                raise ValueError(
                    f"y must have {design.form.before} steps before an origin, got "
                    f"{min(short) + first}"
                )
            known = bridged(design, readout, series, inputs, origins)
            prepared = design.prepare(known, inputs)
            z = free_run(design, readout, prepared, origins, steps)
            made.append(design.transform.back(z))
        return np.asarray(np.average(made, axis=0, weights=self.weights))


def fit_forecaster(given: SeriesData, settings: ForecastSettings) -> FittedForecaster:
    """Return what is taken for series, fitted to all rows; of long ones to the last."""
    whole = Data(given.each, given.inputs)
    data, more = whole.last(CHOSEN), whole.last(FITTED)
    chosen = choose(data, settings)
    parts = chosen.taken.parts
    drawn = sum(part.form.networks and part.evolved is None for part in parts)
    draws = max(1, DRAWS // max(drawn, 1))
    members = settings.each(
        lambda pair: [
            _member(data if pair[1].form.networks else more, settings, pair, draws)
        ],
        list(enumerate(parts)),
        always=True,
    )
    longest = max(len(y) for y in given.each)
    if longest > CHOSEN:
        warnings.warn(
            f"y has {longest:,} steps: candidates were compared on the last {CHOSEN:,}; "
            f"they are fitted to the last {FITTED:,} at most, with networks to the former",
            UserWarning,
            stacklevel=3,
        )
    errors = {"taken": chosen.taken.loss, "without networks": chosen.plain.loss}
    evolved = next((p.evolved for p in parts if p.evolved is not None), None)
    return FittedForecaster(
        given, settings.season, tuple(members), chosen.taken.weights,
        _residuals(data, chosen), errors, evolved, chosen.history,
    )  # fmt: skip


def _member(
    data: Data, settings: ForecastSettings, numbered: tuple[int, Part], draws: int
) -> Member:
    """Return a member, fitted to all rows.

    numbered: the part, and its number, by which it draws networks of its own, draws times
    as many as it was compared by.
    """
    number, part = numbered
    form, penalties, networks = part.form, part.penalties, part.evolved
    every = np.concatenate(data.each)
    transform = {t.name: t for t in transforms_for(every)}[form.transform]
    if form.networks and networks is None:
        width = form.lags * every.shape[1] + data.inputs[0].shape[1]
        rng = np.random.default_rng([settings.seed, DRAWS, number])
        count = draws * settings.networks
        networks = WindowNetworks.drawn(count, settings.cells, width, rng)
        penalties = penalties[0], draws * penalties[1]
    design = design_of(data, form, transform, networks)
    pairs = zip(data.each, data.inputs, strict=True)
    readouts = fitted(design, [design.prepare(*pair) for pair in pairs], [penalties])
    assert readouts is not None  # the form was tried on fewer rows
    return design, readouts[0]


def _residuals(data: Data, chosen: Chosen) -> Residuals:
    """Return the residuals over rolling origins, transformed as most of the members."""
    usual = Counter(part.form.transform for part in chosen.taken.parts).most_common(1)[0][0]
    transform = {t.name: t for t in transforms_for(np.concatenate(data.each))}[usual]
    truth, made = truths(data, chosen.origins), chosen.taken.forecasts
    span = (1.0 - FIRST) * sum(len(y) for y in data.each)
    return Residuals.of(transform, made, truth, max(span / made.shape[1], 1.0))
