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


class SktimeForecaster(BaseForecaster):  # type: ignore[misc]
    """`EvolinoForecaster` for sktime, intervals too.

    horizon: steps that forecasts are chosen for; None takes the last of fh, or 1 where
    `fit` has none. season, networks, cells, random_state: as there.

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
        season: int | None = None,
        networks: int = 64,
        cells: int = 25,
        random_state: int = 0,
    ) -> None:
        self.horizon, self.season = horizon, season
        self.networks, self.cells, self.random_state = networks, cells, random_state
        super().__init__()

    def _fit(self, y: Any, X: Any, fh: Any) -> Self:
        last = 1 if fh is None else int(max(fh.to_relative(self.cutoff)))
        self.estimator_ = EvolinoForecaster(
            self.horizon or max(last, 1),
            season=self.season or season_of_dates(y.index),
            networks=self.networks,
            cells=self.cells,
            random_state=self.random_state,
        ).fit(y.to_numpy(np.float64), _numbers(X))
        return self

    def _predict(self, fh: Any, X: Any) -> Any:
        steps, rows = self._steps(fh)
        found = np.asarray(self.estimator_.predict(steps, _first(X, steps)))
        index = fh.to_absolute_index(self.cutoff)
        return pd.DataFrame(found[rows], index=index, columns=self._y.columns)

    def _predict_interval(self, fh: Any, X: Any, coverage: list[float]) -> Any:
        steps, rows = self._steps(fh)
        names = self._get_varnames()
        index = fh.to_absolute_index(self.cutoff)
        columns = pd.MultiIndex.from_product([names, coverage, ["lower", "upper"]])
        found = pd.DataFrame(index=index, columns=columns, dtype=np.float64)
        for share in coverage:
            bounds = self.estimator_.predict_interval(share, steps, _first(X, steps))
            for side, each in zip(("lower", "upper"), bounds, strict=True):
                for k, name in enumerate(names):
                    found[(name, share, side)] = np.asarray(each)[rows, k]
        return found

    def _steps(self, fh: Any) -> tuple[int, Any]:
        """Return how many steps are forecast, and which rows of them are asked for."""
        relative = np.asarray(fh.to_relative(self.cutoff), dtype=int)
        return int(relative.max()), relative - 1

    @classmethod
    def get_test_params(cls, parameter_set: str = "default") -> list[dict[str, Any]]:
        """Return small settings, for sktime's own checks."""
        return [{"networks": 0}, {"networks": 2, "cells": 3, "horizon": 3}]


def _numbers(X: Any) -> Any:
    return None if X is None else X.to_numpy(np.float64)


def _first(X: Any, steps: int) -> Any:
    """Return the inputs of the steps that are forecast."""
    return None if X is None else X.to_numpy(np.float64)[:steps]
