"""Load a model from model.npz or from the folder of a run."""

from __future__ import annotations

from pathlib import Path

from evolino.models.ensemble import Ensemble, Trained, best_network
from evolino.models.model import Model
from evolino.storage.archive import load_state
from evolino.storage.files import user_path


def load(path: str | Path, *, trust: bool = False) -> Trained:
    """Read a model from model.npz, or from the folder of a run.

    path: of the file or the folder. trust: run a Python file that the model names as its
    network. Raises ValueError for a file that is not a model or was damaged, and for such a
    file without trust.

    >>> import evolino
    >>> import numpy as np
    >>> _ = evolino.train("mso", out="mine", budget=evolino.Budget(evaluations=20))
    >>> evolino.load("mine").generate(3).shape
    (3, 1)
    """
    path = user_path(path)
    file = path / "model.npz" if path.is_dir() else path
    if not file.is_file() and (path / "estimator.npz").is_file():
        raise ValueError(f"{path} holds an estimator: read it with load_estimator")
    state = load_state(file, kind="model")
    try:
        if "members" in state:
            members = (Model.from_state(each, trust=trust) for each in state["members"])
            return Ensemble(tuple(members))
        return Model.from_state(state, trust=trust)
    except Exception as error:  # a stranger's file may hold anything under these names
        raise ValueError(f"{file} is not a complete model: {error}") from error


def load_network(path: str | Path) -> Model:
    """Read the best network of a model: itself, or the first member of an ensemble."""
    return best_network(load(path))
