"""Adapter for sktime: a forecaster with `fit(y, X, fh)` and `predict(fh, X)`.

Needs sktime: pip install 'evolino[sktime]'.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import pandas as pd
from sktime.forecasting.base import BaseForecaster

from evolino.estimators.forecaster import EvolinoForecaster
from evolino.estimators.seasons import season_of_dates
from evolino.gradient.descent import Descent
from evolino.network.initialisers.base import Initialiser
from evolino.search.base import SearchSettings


class SktimeForecaster(BaseForecaster):  # type: ignore[misc]
    """`EvolinoForecaster` for sktime, intervals too.

    horizon: steps that forecasts are chosen for; None takes the last of fh, or 1 where
    `fit` has none. All others: as there. warm_start: `update` begins from the evolved
    networks of the last fit; sktime's `fit` begins anew.

    >>> from sktime.datasets import load_airline
    >>> from evolino.estimators.adapters.for_sktime import SktimeForecaster
    >>> SktimeForecaster(networks=0).fit(load_airline(), fh=[1, 2, 3]).predict().shape
    (3,)
    """

    _tags = {  # noqa: RUF012 (sktime's own form)
        "capability:multivariate": True,
        "capability:exogenous": True,
        "capability:insample": False,
        "capability:random_state": True,
        "capability:pred_int": True,
        "capability:pred_int:insample": False,
        "capability:update": True,
        "capability:missing_values": False,
        "capability:non_contiguous_X": False,
        "capability:categorical_in_X": False,
        "y_inner_mtype": "pd.DataFrame",
        "X_inner_mtype": "pd.DataFrame",
        "requires-fh-in-fit": False,
        "X-y-must-have-same-index": True,
    }

    def __init__(
        self,
        horizon: int | None = None,
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
        self.horizon, self.season = horizon, season
        self.networks, self.cells = networks, cells
        self.evaluations, self.seconds = evaluations, seconds
        self.search, self.initialiser, self.refine = search, initialiser, refine
        self.n_jobs, self.random_state = n_jobs, random_state
        self.verbose, self.warm_start = verbose, warm_start
        super().__init__()

    def _fit(self, y: Any, X: Any, fh: Any) -> Self:
        last = 1 if fh is None else int(max(fh.to_relative(self.cutoff)))
        parameters = self.get_params(deep=False)
        parameters["horizon"] = self.horizon or max(last, 1)
        parameters["season"] = self.season or season_of_dates(y.index)
        estimator = EvolinoForecaster(**parameters)
        self.estimator_ = estimator.fit(_numbers(y), _numbers(X))
        self._seen_y, self._seen_X = y, X
        return self

    def _update(self, y: Any, X: Any = None, update_params: bool = True) -> Self:
        self._seen_y = y.combine_first(self._seen_y)  # forecasts go on from its end
        if X is not None:
            self._seen_X = X.combine_first(self._seen_X)
        if update_params:
            self.estimator_.fit(_numbers(self._seen_y), _numbers(self._seen_X))
        return self

    def _predict(self, fh: Any, X: Any) -> Any:
        steps, rows = self._steps(fh)
        found = np.asarray(self.estimator_.predict(steps, *self._known(X, steps)))
        index = fh.to_absolute_index(self.cutoff)
        return pd.DataFrame(found[rows], index=index, columns=self._seen_y.columns)

    def _predict_interval(self, fh: Any, X: Any, coverage: list[float]) -> Any:
        steps, rows = self._steps(fh)
        names, known = self._get_varnames(), self._known(X, steps)
        index = fh.to_absolute_index(self.cutoff)
        columns = pd.MultiIndex.from_product([names, coverage, ["lower", "upper"]])
        found = pd.DataFrame(index=index, columns=columns, dtype=np.float64)
        for share in coverage:
            bounds = self.estimator_.predict_interval(share, steps, *known)
            for side, each in zip(("lower", "upper"), bounds, strict=True):
                for k, name in enumerate(names):
                    found[(name, share, side)] = np.asarray(each)[rows, k]
        return found

    def _steps(self, fh: Any) -> tuple[int, Any]:
        """Return how many steps are forecast, and which rows of them are wanted."""
        relative = np.asarray(fh.to_relative(self.cutoff), dtype=int)
        return int(relative.max()), relative - 1

    def _known(self, X: Any, steps: int) -> tuple[Any, Any]:
        """Return the inputs, and the series to go on from where it is longer than that of
        the last fit."""
        ahead = None if X is None else _numbers(X)[:steps]
        if len(self._seen_y) == len(self.estimator_.model_.training.each[0]):
            return ahead, None
        if ahead is not None:
            ahead = np.concatenate([_numbers(self._seen_X), ahead])
        return ahead, _numbers(self._seen_y)

    @classmethod
    def get_test_params(cls, parameter_set: str = "default") -> list[dict[str, Any]]:
        """Return small settings, for sktime's own checks."""
        return [{"networks": 0}, {"networks": 2, "cells": 3, "horizon": 3}]


def _numbers(X: Any) -> Any:
    return None if X is None else X.to_numpy(np.float64)
