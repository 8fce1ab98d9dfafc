"""Diagnose what limits a model: cells, free run, washout, conditioning, overfitting."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from evolino.diagnosis.findings import Finding
from evolino.diagnosis.of_forecaster import forecaster_findings
from evolino.diagnosis.of_network import network_findings
from evolino.diagnosis.of_sequences import whole_findings
from evolino.estimators.classifier import EvolinoClassifier
from evolino.estimators.forecaster import EvolinoForecaster
from evolino.estimators.lagged_inputs import lagged
from evolino.estimators.regressor import EvolinoRegressor
from evolino.estimators.sequences import SequencesLike, read_sequences
from evolino.estimators.targets import TargetsLike, read_targets
from evolino.models.ensemble import Ensemble
from evolino.models.model import Model
from evolino.vocabulary import Array, as_series, check_count

Diagnosed = Model | Ensemble | EvolinoForecaster | EvolinoClassifier | EvolinoRegressor


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What limits a model. findings: all checks that apply to it, those that fire first.
    part: what of the model was looked at, where it was not all of it.

    >>> import evolino
    >>> import numpy as np
    >>> series = np.sin(0.3 * np.arange(200))
    >>> forecaster = evolino.EvolinoForecaster(horizon=5, networks=1).fit(series)
    >>> len(evolino.diagnose(forecaster).findings) > 0
    True
    """

    findings: tuple[Finding, ...]
    part: str = ""

    @property
    def fired(self) -> tuple[Finding, ...]:
        """The findings whose value is above its limit."""
        return tuple(each for each in self.findings if each.fires)

    def described(self) -> str:
        """Return the findings in words, a line each; of those that fire what helps, too."""
        of_part = f", of {self.part}" if self.part else ""
        lines = [f"{len(self.fired)} of {len(self.findings)} checks find a limit{of_part}"]
        for each in self.findings:
            mark = "!" if each.fires else "-"
            lines.append(
                f"{mark} {each.name}: {each.text} ({each.value:.3g}, limit {each.limit:g})"
                + (f"; {each.advice}" if each.fires and each.advice else "")
            )
        return "\n".join(lines)

    def draw(self, path: str | Path) -> Path:
        """Draw every check's value by its limit. Raises ValueError for another ending than
        .png and .svg."""
        from evolino.plots.canvas import save
        from evolino.plots.limits import limits_figure

        names = [each.name for each in self.findings]
        values = np.array([each.value for each in self.findings])
        limits = np.array([each.limit for each in self.findings])
        return save(limits_figure(names, values, limits), Path(path))


def diagnose(
    model: Diagnosed,
    data: SequencesLike | None = None,
    targets: TargetsLike | None = None,
    *,
    inputs: ArrayLike | None = None,
    washout: int | None = None,
) -> Diagnosis:
    """Return what limits a model or an estimator.

    model: a network, an ensemble or a fitted estimator. data: of a model its series (T, K);
    of a forecaster the series of the fit and at least `horizon` steps after it, None for
    that of the fit alone; of a classifier or regressor the X of the fit. targets: its y.
    inputs: (T, I), of a model or a forecaster that has some. washout: rows of a model's
    series that only drive it; None is a tenth of them. Raises ValueError for data that do
    not fit the model.

    >>> import evolino
    >>> import numpy as np
    >>> series = np.sin(0.2 * np.arange(600))
    >>> result = evolino.train(evolino.SeriesTask(series),
    ...     budget=evolino.Budget(evaluations=20))
    >>> evolino.diagnose(result.model, series).findings[0].limit > 0
    True
    """
    if washout is not None:
        check_count("washout", washout, least=0)
    if isinstance(model, EvolinoForecaster):
        model._steps(None)
        found = forecaster_findings(model, data, inputs)
    elif data is None:
        raise ValueError("data is missing: a diagnosis needs the series, or X and targets")
    elif isinstance(model, EvolinoClassifier | EvolinoRegressor):
        if targets is None:
            raise ValueError("targets are missing: pass the y of the fit")
        found = _of_sequences(model, data, targets, washout)
    elif isinstance(model, Model | Ensemble):
        best = model.members[0] if isinstance(model, Ensemble) else model
        width = best.architecture.inputs
        series = as_series("data", np.asarray(data), width=best.architecture.outputs)
        given = None if inputs is None else as_series("inputs", inputs, width=width)
        _check_inputs(width, given, len(series))
        found = network_findings(best, series, given, washout)
    else:
        raise TypeError(
            f"model must be a model or an estimator, got {type(model).__name__}"
        )
    ordered = sorted(found, key=lambda each: not each.fires)
    return Diagnosis(tuple(ordered), _part_of(model))


def _part_of(model: Diagnosed) -> str:
    """Return what of a model is looked at, "" for all of it."""
    if isinstance(model, Ensemble):
        return f"the first of {len(model.members)} networks"
    if isinstance(model, EvolinoForecaster):
        series = len(model.model_.training.each)
        return f"the first of {series} series" if series > 1 else ""
    return ""


def _of_sequences(
    model: EvolinoClassifier | EvolinoRegressor, X: Any, y: Any, washout: int | None
) -> list[Finding]:
    model._read(X)
    if not model.per_step_:
        return whole_findings(model, X, y)
    # A network a step: its longest sequence is looked at.
    sequences = read_sequences(X)
    given = read_targets(y, sequences, "step")
    longest = int(np.argmax([len(x) for x in sequences.each]))
    aims = np.asarray(given.each[longest])
    if isinstance(model, EvolinoClassifier):
        places = np.searchsorted(model.classes_, aims)
        aims = np.where(places[:, None] == np.arange(len(model.classes_)), 1.0, -1.0)
    rows = np.asarray(aims, np.float64).reshape(len(aims), -1)
    x = lagged([sequences.each[longest]], model.lags_)[0][:]
    before = model.washout if washout is None else washout
    return network_findings(model.model_, rows, x, before or None)


def _check_inputs(width: int, inputs: Array | None, rows: int) -> None:
    if width and inputs is None:
        raise ValueError(f"inputs are missing: the model has {width}")
    if inputs is not None and (inputs.shape[1] != width or len(inputs) != rows):
        raise ValueError(f"inputs must have shape {(rows, width)}, got {inputs.shape}")
