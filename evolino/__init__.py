"""Evolino: evolve the hidden memory cells of an LSTM, solve its output layer.

>>> import evolino
>>> result = evolino.train("mso", seed=1)
>>> result.model.generate(50, prime=series)
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evolino.models.ensemble import Ensemble
    from evolino.models.loading import load
    from evolino.models.model import Model
    from evolino.network.initialisers.delay_line import DelayLine
    from evolino.network.initialisers.gaussian import Gaussian
    from evolino.network.initialisers.linear_regime import LinearRegime
    from evolino.network.initialisers.saturated_ternary import SaturatedTernary
    from evolino.network.initialisers.spread import Spread
    from evolino.network.initialisers.uniform import Uniform
    from evolino.network.lstm import LSTM
    from evolino.readout.best_only import BestOnly
    from evolino.readout.kernel import KernelSVM, KernelSVR
    from evolino.readout.linear import PseudoInverse, Ridge
    from evolino.readout.logistic import Logistic
    from evolino.readout.svm import SVM, SVR
    from evolino.tasks.signals.mackey_glass import MackeyGlass
    from evolino.tasks.signals.oscillators import Oscillators
    from evolino.tasks.signals.series import SeriesTask
    from evolino.training.callbacks import Callback
    from evolino.training.experiment import Budget, Curriculum, Experiment, Islands
    from evolino.training.result import Result
    from evolino.training.train import train
    from evolino.training.workers.base import EvaluationError

# name -> module; loaded when first asked for, so that `import evolino` costs nothing.
_HOMES = {
    "BestOnly": "evolino.readout.best_only",
    "Budget": "evolino.training.experiment",
    "Callback": "evolino.training.callbacks",
    "Curriculum": "evolino.training.experiment",
    "DelayLine": "evolino.network.initialisers.delay_line",
    "Ensemble": "evolino.models.ensemble",
    "EvaluationError": "evolino.training.workers.base",
    "Experiment": "evolino.training.experiment",
    "Gaussian": "evolino.network.initialisers.gaussian",
    "Islands": "evolino.training.experiment",
    "KernelSVM": "evolino.readout.kernel",
    "KernelSVR": "evolino.readout.kernel",
    "LSTM": "evolino.network.lstm",
    "LinearRegime": "evolino.network.initialisers.linear_regime",
    "Logistic": "evolino.readout.logistic",
    "MackeyGlass": "evolino.tasks.signals.mackey_glass",
    "Model": "evolino.models.model",
    "Oscillators": "evolino.tasks.signals.oscillators",
    "PseudoInverse": "evolino.readout.linear",
    "Result": "evolino.training.result",
    "Ridge": "evolino.readout.linear",
    "SVM": "evolino.readout.svm",
    "SVR": "evolino.readout.svm",
    "SaturatedTernary": "evolino.network.initialisers.saturated_ternary",
    "SeriesTask": "evolino.tasks.signals.series",
    "Spread": "evolino.network.initialisers.spread",
    "Uniform": "evolino.network.initialisers.uniform",
    "load": "evolino.models.loading",
    "train": "evolino.training.train",
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
