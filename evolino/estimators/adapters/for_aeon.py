"""Adapters for aeon: classifier and regressor of collections, channels first.

X is (N, I, T), or a list of (I, T_i); labels or numbers are one a series. Needs aeon:
pip install 'evolino[aeon]'.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from aeon.classification.base import BaseClassifier
from aeon.regression.base import BaseRegressor

from evolino.estimators.classifier import EvolinoClassifier
from evolino.estimators.regressor import EvolinoRegressor
from evolino.vocabulary import Array

TAGS = {
    "X_inner_type": ["np-list", "numpy3D"],
    "capability:multivariate": True,
    "capability:unequal_length": True,
    "capability:multithreading": True,
    "algorithm_type": "convolution",
}
SMALL = {"networks": 2, "cells": 4}  # of aeon's own checks


class AeonClassifier(BaseClassifier):  # type: ignore[misc]
    """`EvolinoClassifier` for aeon. networks, cells, random_state, n_jobs: as there."""

    _tags = TAGS

    def __init__(
        self,
        networks: int = 32,
        cells: int | None = None,
        random_state: int | np.random.RandomState | None = None,
        n_jobs: int = 1,
    ) -> None:
        self.networks, self.cells = networks, cells
        self.random_state, self.n_jobs = random_state, n_jobs
        super().__init__()

    def _fit(self, X: Any, y: Any) -> Self:
        self.estimator_ = EvolinoClassifier(**_parameters(self)).fit(time_first(X), y)
        return self

    def _predict(self, X: Any) -> Any:
        return self.estimator_.predict(time_first(X))

    def _predict_proba(self, X: Any) -> Any:
        return self.estimator_.predict_proba(time_first(X))

    @classmethod
    def _get_test_params(cls, parameter_set: str = "default") -> dict[str, Any]:
        return dict(SMALL)


class AeonRegressor(BaseRegressor):  # type: ignore[misc]
    """`EvolinoRegressor` for aeon. networks, cells, random_state, n_jobs: as there."""

    _tags = TAGS

    def __init__(
        self,
        networks: int = 32,
        cells: int | None = None,
        random_state: int | np.random.RandomState | None = None,
        n_jobs: int = 1,
    ) -> None:
        self.networks, self.cells = networks, cells
        self.random_state, self.n_jobs = random_state, n_jobs
        super().__init__()

    def _fit(self, X: Any, y: Any) -> Self:
        self.estimator_ = EvolinoRegressor(**_parameters(self)).fit(time_first(X), y)
        return self

    def _predict(self, X: Any) -> Any:
        return self.estimator_.predict(time_first(X))

    @classmethod
    def _get_test_params(cls, parameter_set: str = "default") -> dict[str, Any]:
        return dict(SMALL)


def _parameters(adapter: AeonClassifier | AeonRegressor) -> dict[str, Any]:
    """Return the parameters of the estimator behind an adapter."""
    return {**adapter.get_params(), "targets": "sequence"}


def time_first(X: Sequence[Any]) -> list[Array]:
    """Return series (I, T_i) as sequences (T_i, I)."""
    return [np.ascontiguousarray(np.asarray(x, np.float64).T) for x in X]
