"""Forecast series: `EvolinoForecaster`, whose defaults are found by rolling origins."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from evolino.estimators.anomalies import Anomalies, find_anomalies, without_outliers
from evolino.estimators.evolution_options import Evolution, check_evolution, jobs_of
from evolino.estimators.fitted_forecaster import FittedForecaster, fit_forecaster
from evolino.estimators.forecast_data import (
    Forecast,
    SeriesData,
    given_back,
    read_series,
)
from evolino.estimators.forecast_evaluation import (
    Evaluated,
    Evaluation,
    evaluation,
    origins_from,
)
from evolino.estimators.forecast_settings import ForecastSettings
from evolino.estimators.saving import Saving
from evolino.estimators.seasons import season_of_dates, season_of_values
from evolino.gradient.descent import Descent
from evolino.network.initialisers.base import Initialiser
from evolino.search.base import SearchSettings
from evolino.storage.plain_text import say
from evolino.vocabulary import Array, check_count, check_number

SERIES = ArrayLike | Sequence[ArrayLike]


class EvolinoForecaster(Saving, BaseEstimator):  # type: ignore[misc]
    """Forecasts of one or several columns, of one or several series.

    y is a series (T,) or (T, K), of pandas with its dates, or a list of series; NaN is a
    missing value. X has inputs (T, I) that are known in the future too. Everything is in
    the units of y: columns are transformed and standardised inside.

    Candidates are autoregressions of several lags, on values, roots or logarithms where
    these exist, on differences from the last value or from a season ago, and the same with
    the cells of unevolved networks beside the lags, with a penalty of their own. They are
    compared over rolling origins in the last part of y as far as `horizon`; the mean of the
    plain ones that come near the best is taken; networks, or the mean of both, only where
    they are better by two standard errors; for short horizons, of which more forms are
    tried, by three and a tenth of the error. Of longer series the last 20,000 rows are
    compared on and the last 200,000 fitted, which a warning says. Free runs are kept in the
    range of y and a share of it.

    horizon: steps that forecasts are chosen for. season: steps after which a series comes
    again; None takes it from the dates or the autocorrelation. networks, cells: how many
    unevolved networks, 0 for none, and the memory cells of every network. evaluations: of
    networks that evolve beside those, on the rows before the first rolling origin; one step
    ahead for horizon 1, else in free runs. They are taken only where they are better than
    all without evolution.
    seconds: of the whole fit, but what was taken is fitted to its end: candidates that it
    does not reach are left out, and what is left of it is for the evolution, which it
    begins without evaluations too. search, initialiser, refine: of the evolution, as of
    `train`. n_jobs: threads; results do not depend on it. random_state: a seed, of all
    randomness. verbose: 1 prints how candidates do, and the evolution's progress.
    warm_start: the evolved networks that the last fit took are candidates of the next, and
    its evolution begins from them.

    After `fit`: season_, members_ (text: what was taken), uses_networks_, evolved_ (whether
    evolved networks were taken), history_ (of the evolution), errors_ (rolling origins:
    what was taken and the best without networks), model_ (a `FittedForecaster` of
    evolino.estimators.fitted_forecaster: all that was fitted), n_features_in_.

    >>> import evolino
    >>> import numpy as np
    >>> forecaster = evolino.EvolinoForecaster(horizon=5, networks=0)
    >>> forecaster.fit(np.sin(0.3 * np.arange(200))).predict().shape
    (5,)
    """

    _robust: FittedForecaster | None  # for anomalies, where values are far out

    def __init__(
        self,
        horizon: int = 1,
        *,
        season: int | None = None,
        networks: int = 64,
        cells: int = 25,
        evaluations: int = 0,
        seconds: float | None = None,
        search: str | SearchSettings | None = None,
        initialiser: str | Initialiser[Any] | None = None,
        refine: Descent | None = None,
        n_jobs: int | None = None,
        random_state: int = 0,
        verbose: int = 0,
        warm_start: bool = False,
    ) -> None:
        self.horizon = horizon
        self.season = season
        self.networks = networks
        self.cells = cells
        self.evaluations = evaluations
        self.seconds = seconds
        self.search = search
        self.initialiser = initialiser
        self.refine = refine
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose
        self.warm_start = warm_start

    def fit(self, y: SERIES, X: SERIES | None = None) -> Self:
        """Fit to series y with inputs X. Raises TypeError or ValueError, naming series, row
        and column, for what cannot be read."""
        self._check_parameters()
        given = read_series(y, X)
        season = self.season or self._season_of(given)
        self._take(fit_forecaster(given, self._settings(season)))
        return self

    def predict(
        self,
        horizon: int | None = None,
        X: SERIES | None = None,
        y: SERIES | None = None,
    ) -> Forecast:
        """Return forecasts (H,) or (H, K), of pandas with dates where y is; of several
        series a list.

        horizon: H, that of the forecaster if not given. X: inputs (H, I) of the steps that
        are forecast; with y, of all its steps and then those. y: other series to go on
        from; None are those of `fit`.
        """
        steps = self._steps(horizon)
        history, forecasts = self.model_.ahead(steps, X, y)
        return given_back(history, forecasts)

    def predict_interval(
        self,
        coverage: float = 0.8,
        horizon: int | None = None,
        X: SERIES | None = None,
        y: SERIES | None = None,
    ) -> tuple[Forecast, Forecast]:
        """Return a lower and an upper bound, each like `predict`: between them lies the
        series with a probability of `coverage` at each step."""
        check_number("coverage", coverage, above=0)
        if coverage >= 1:
            raise ValueError(f"coverage must be < 1, got {coverage:g}")
        steps = self._steps(horizon)
        history, forecasts = self.model_.ahead(steps, X, y)
        bounds = [
            self.model_.residuals.interval(each[None], coverage) for each in forecasts
        ]
        lower, upper = ([pair[side][0] for pair in bounds] for side in (0, 1))
        return given_back(history, lower), given_back(history, upper)

    def forecasts(
        self,
        y: ArrayLike,
        origins: Sequence[int],
        horizon: int | None = None,
        X: ArrayLike | None = None,
    ) -> Array:
        """Return forecasts (N, H, K) from each of N origins of one series y.

        An origin is the first row that is forecast; the rows before it are known. X:
        (T, I), reaching as far as the forecasts. Raises ValueError for an origin with too
        few rows before it.
        """
        steps = self._steps(horizon)
        history = read_series(y, None)
        inputs = self.model_.inputs(X, len(history.each[0]), steps, origins)
        return self.model_.run(history.each[0], inputs, list(origins), steps)

    def evaluate(
        self,
        y: ArrayLike,
        *,
        first: int | None = None,
        origins: int = 20,
        horizon: int | None = None,
        X: ArrayLike | None = None,
        coverage: Sequence[float] = (0.8, 0.95),
    ) -> Evaluation:
        """Return errors over rolling origins of one series y, simple forecasts beside.

        first: the first origin; None is the length of the training series. Nothing is
        fitted anew but exponential smoothing (with statsmodels). Raises ValueError where no
        whole horizon lies after the first origin.
        """
        steps = self._steps(horizon)
        series = read_series(y, None).each[0]
        trained = self.model_.training.each[0]
        begin = len(trained) if first is None else first
        rows = origins_from(series, begin, origins, steps)
        inputs = self.model_.inputs(X, len(series), steps, rows)
        made = self.model_.run(series, inputs, rows, steps)
        intervals = {c: self.model_.residuals.interval(made, float(c)) for c in coverage}
        known = Evaluated(series, trained, min(len(trained), begin), self.season_)
        return evaluation(known, rows, made, intervals)

    def anomalies(
        self, y: ArrayLike | None = None, X: ArrayLike | None = None, threshold: float = 6.0
    ) -> Anomalies:
        """Return the scores of the steps of a series, by errors one step ahead.

        y: one series; None is that of `fit`, whose steps are forecast by readouts that did
        not have them. X: (T, I). threshold: the score above which a step is an anomaly, in
        usual errors. Raises ValueError for several series.
        """
        self._steps(1)
        check_number("threshold", threshold, above=0)
        fitted = self._robust or without_outliers(
            self.model_, self._settings(self.model_.season)
        )
        self._robust = fitted
        given = self.model_.training if y is None else read_series(y, None)
        if len(given.each) > 1:
            raise ValueError("anomalies are those of one series: pass one as y")
        series = given.each[0]
        if series.shape[1] != fitted.training.each[0].shape[1]:
            raise ValueError(
                f"y must have {fitted.training.each[0].shape[1]} columns as in fit, got "
                f"{series.shape[1]}"
            )
        own = y is None
        inputs = given.inputs[0] if own else fitted.inputs(X, len(series), 0, [len(series)])
        return find_anomalies(fitted, series, inputs, threshold, own=own)

    def score(self, y: ArrayLike, X: ArrayLike | None = None) -> float:
        """Return minus the MASE over rolling origins of a series y that goes on after that
        of `fit`: higher is better."""
        return -self.evaluate(y, X=X, coverage=()).errors["evolino"].row()["mase"]

    def _season_of(self, given: SeriesData) -> int:
        season = None if given.dates is None else season_of_dates(given.dates)
        longest = max(given.each, key=len)
        if season is None or 2 * season > len(longest):
            return season_of_values(longest)
        return season

    def _check_parameters(self) -> None:
        check_count("horizon", self.horizon)
        check_count("networks", self.networks, least=0)
        check_count("cells", self.cells)
        if self.season is not None:
            check_count("season", self.season)
        check_evolution(self)
        if isinstance(self.random_state, bool) or not isinstance(
            self.random_state, int | np.integer
        ):
            raise TypeError(f"random_state must be a seed, got {self.random_state!r}")

    def _settings(self, season: int) -> ForecastSettings:
        before = getattr(self, "model_", None) if self.warm_start else None
        return ForecastSettings(
            horizon=self.horizon,
            season=season,
            networks=self.networks,
            cells=self.cells,
            seed=int(self.random_state),
            evolution=Evolution.of(self),
            before=None if before is None else before.evolved,
            jobs=jobs_of(self.n_jobs),
            began=time.monotonic(),
            seconds=self.seconds,
            report=_printed if self.verbose else lambda line: None,
        )

    def _take(self, fitted: FittedForecaster) -> None:
        """Have what was fitted, or read from a file."""
        self.model_ = fitted
        self._robust = None
        forms = [design.form for design, _ in fitted.members]
        self.season_ = fitted.season
        self.uses_networks_ = any(form.networks for form in forms)
        self.evolved_ = any(form.evolved for form in forms)
        self.history_ = list(fitted.history)
        self.members_ = [form.described() for form in forms]
        self.errors_ = dict(fitted.errors)
        self.n_features_in_ = fitted.width

    def _steps(self, horizon: int | None) -> int:
        check_is_fitted(self)
        if horizon is not None:
            check_count("horizon", horizon)
        return horizon or self.horizon


def _printed(line: str) -> None:
    say(line, sys.stdout)
