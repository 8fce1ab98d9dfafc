"""Load an estimator of any class from the folder that `save` or `evolino run csv` wrote."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from evolino.estimators.classifier import EvolinoClassifier
from evolino.estimators.forecaster import EvolinoForecaster
from evolino.estimators.regressor import EvolinoRegressor
from evolino.estimators.saving import read_state, restored

AnyEstimator = EvolinoClassifier | EvolinoRegressor | EvolinoForecaster
CLASSES = {
    each.__name__: each for each in (EvolinoClassifier, EvolinoRegressor, EvolinoForecaster)
}


def load_estimator(path: str | Path, *, trust: bool = False) -> AnyEstimator:
    """Read an estimator from a folder of `save`, or from its file.

    path: of either. trust: let its settings name classes in Python files, which are then
    run. Raises FileNotFoundError where there is none, ValueError for a file that is damaged
    or no complete estimator.

    >>> import evolino
    >>> import numpy as np
    >>> forecaster = evolino.EvolinoForecaster(networks=0).fit(np.arange(50.0))
    >>> _ = forecaster.save("saved")
    >>> evolino.load_estimator("saved").predict(2).round()
    array([50., 51.])
    """
    return load_with_columns(path, trust=trust)[0]


def load_with_columns(
    path: str | Path, *, trust: bool = False
) -> tuple[AnyEstimator, dict[str, Any]]:
    """Return the estimator, and the columns that it was saved with."""
    state = read_state(path)
    kind = CLASSES.get(str(state.get("estimator")))
    if kind is None:
        raise ValueError(f"{path} holds no estimator of {', '.join(CLASSES)}")
    found: AnyEstimator = restored(kind, state, path, trust=trust)
    return found, dict(state["columns"])
