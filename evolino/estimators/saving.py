"""Save estimators: folders with estimator.npz, checksummed, no pickle.

All that was fitted is written, a forecaster's series included; what is read predicts the
same bits. A file of a stranger is data: its types and sizes are checked, and it predicts
once before it is given out.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from evolino.estimators.saved_forecaster import forecaster_state, restore_forecaster
from evolino.estimators.saved_parameters import parameters_from_state, parameters_to_state
from evolino.estimators.saved_sequences import restore_sequences, sequences_state
from evolino.storage.archive import load_state, save_state
from evolino.storage.files import user_path
from evolino.training.callbacks import Callback

FILE, KIND = "estimator.npz", "estimator"
FORECASTER = "EvolinoForecaster"
NAMES = ("EvolinoClassifier", "EvolinoRegressor", FORECASTER)


class Saving:
    """Estimators that `save` writes into a folder, and `load` reads from there."""

    _listeners: tuple[Callback, ...] = ()  # of the evolution, given by the command line

    def save(self, folder: str | Path) -> None:
        """Write all that was fitted into a folder, which is made if there is none; a
        forecaster's series too.

        Raises scikit-learn's NotFittedError before `fit`, TypeError for labels or settings
        that a file cannot hold, OSError where it cannot be written.
        """
        save_with_columns(folder, self, {})

    @classmethod
    def load(cls, path: str | Path, *, trust: bool = False) -> Self:
        """Read an estimator of this class from a folder of `save`, or from its file.

        trust: let its settings name classes in Python files, which are then run. Raises
        ValueError for a damaged file, and for an estimator of another class.
        """
        state = read_state(path)
        if state.get("estimator") != cls.__name__:
            raise ValueError(f"{path} holds {state.get('estimator')}, not {cls.__name__}")
        found: Self = restored(cls, state, path, trust=trust)
        return found


def save_with_columns(
    folder: str | Path, estimator: Any, columns: Mapping[str, Any]
) -> None:
    """Write a fitted estimator into a folder.

    columns: text and lists of text that say which columns of a table it was fitted to.
    """
    check_is_fitted(estimator)
    name = type(estimator).__name__
    if name not in NAMES:
        raise TypeError(f"estimator must be one of {', '.join(NAMES)}, got {name}")
    write = forecaster_state if name == FORECASTER else sequences_state
    state = {
        "estimator": name,
        "parameters": parameters_to_state(estimator),
        "fitted": write(estimator),
        "columns": dict(columns),
    }
    place = user_path(folder)
    place.mkdir(parents=True, exist_ok=True)
    save_state(place / FILE, state, kind=KIND)


def read_state(path: str | Path) -> dict[str, Any]:
    """Return what a folder or file of `save` holds. Raises ValueError for others."""
    path = user_path(path)
    file = path / FILE if path.is_dir() else path
    if path.is_dir() and not file.is_file():
        raise ValueError(
            f"{path} holds no {FILE}: it is no folder of `evolino run csv` or save"
        )
    return load_state(file, kind=KIND)


def restored(kind: type, state: Mapping[str, Any], path: Any, *, trust: bool) -> Any:
    """Return the estimator of a class that a state stands for. path: for the error.

    Raises ValueError, in one line, for a state that is not complete.
    """
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")  # of the numbers of a stranger's file
            given = parameters_from_state(kind, state["parameters"], trust=trust)
            estimator = kind(**given)
            estimator._check_parameters()
            forecasts = state["estimator"] == FORECASTER
            restore = restore_forecaster if forecasts else restore_sequences
            restore(estimator, state["fitted"])
            check_columns(state["columns"])
    except Exception as error:  # a stranger's file may hold anything under these names
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ValueError(f"{path} is not a complete estimator: {reason:.300}") from None
    return estimator


def check_columns(given: Mapping[str, Any]) -> None:
    """Raise TypeError unless all entries are text or lists of text."""
    for key, value in dict(given).items():
        entries = value if isinstance(value, list) else [value]
        if not all(each is None or isinstance(each, str) for each in entries):
            raise TypeError(f"column {key} must be text")
