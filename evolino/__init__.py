"""Evolino: evolve the hidden memory cells of an LSTM, solve its output layer.

>>> import evolino
>>> result = evolino.train("mso", seed=1)
>>> result.model.generate(50, prime=series)
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evolino.ensemble import Ensemble, load
    from evolino.model import Model
    from evolino.network.architecture import LSTM
    from evolino.network.delay_line import DelayLine
    from evolino.network.initialise import Gaussian, LinearRegime, SaturatedTernary, Uniform
    from evolino.network.spread import Spread
    from evolino.readout.best_only import BestOnly
    from evolino.readout.kernel import KernelSVM, KernelSVR
    from evolino.readout.linear import PseudoInverse, Ridge
    from evolino.readout.logistic import Logistic
    from evolino.readout.svm import SVM, SVR
    from evolino.tasks.mackey_glass import MackeyGlass
    from evolino.tasks.oscillators import Oscillators
    from evolino.tasks.series import SeriesTask
    from evolino.training.api import train
    from evolino.training.callbacks import Callback
    from evolino.training.experiment import Budget, Curriculum, Experiment, Islands
    from evolino.training.result import Result
    from evolino.training.workers.base import EvaluationError

# name -> module; loaded when first asked for, so that `import evolino` costs nothing.
_HOMES = {
    "BestOnly": "evolino.readout.best_only",
    "Budget": "evolino.training.experiment",
    "Callback": "evolino.training.callbacks",
    "Curriculum": "evolino.training.experiment",
    "DelayLine": "evolino.network.delay_line",
    "Ensemble": "evolino.ensemble",
    "EvaluationError": "evolino.training.workers.base",
    "Experiment": "evolino.training.experiment",
    "Gaussian": "evolino.network.initialise",
    "Islands": "evolino.training.experiment",
    "KernelSVM": "evolino.readout.kernel",
    "KernelSVR": "evolino.readout.kernel",
    "LSTM": "evolino.network.architecture",
    "LinearRegime": "evolino.network.initialise",
    "Logistic": "evolino.readout.logistic",
    "MackeyGlass": "evolino.tasks.mackey_glass",
    "Model": "evolino.model",
    "Oscillators": "evolino.tasks.oscillators",
    "PseudoInverse": "evolino.readout.linear",
    "Result": "evolino.training.result",
    "Ridge": "evolino.readout.linear",
    "SVM": "evolino.readout.svm",
    "SVR": "evolino.readout.svm",
    "SaturatedTernary": "evolino.network.initialise",
    "SeriesTask": "evolino.tasks.series",
    "Spread": "evolino.network.spread",
    "Uniform": "evolino.network.initialise",
    "load": "evolino.ensemble",
    "train": "evolino.training.api",
}

__all__ = [
    "LSTM",
    "SVM",
    "SVR",
    "BestOnly",
    "Budget",
    "Callback",
    "Curriculum",
    "DelayLine",
    "Ensemble",
    "EvaluationError",
    "Experiment",
    "Gaussian",
    "Islands",
    "KernelSVM",
    "KernelSVR",
    "LinearRegime",
    "Logistic",
    "MackeyGlass",
    "Model",
    "Oscillators",
    "PseudoInverse",
    "Result",
    "Ridge",
    "SaturatedTernary",
    "SeriesTask",
    "Spread",
    "Uniform",
    "load",
    "train",
]


def __getattr__(name: str) -> Any:
    """Load a public name. Raises AttributeError for others."""
    if name == "__version__":
        from importlib.metadata import version

        return version("evolino")
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'evolino' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
