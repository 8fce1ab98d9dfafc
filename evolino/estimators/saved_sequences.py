"""Serialise what a classifier or a regressor has learnt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from evolino.estimators.drawing import Distribution
from evolino.estimators.plain_records import from_plain, to_plain
from evolino.estimators.whole_readout import WholeReadout
from evolino.estimators.whole_sequences import WholeFeatures
from evolino.models.model import Model
from evolino.training.history import Generation
from evolino.vocabulary import Array

TRIAL = 3  # steps of the sequence of a trial prediction


@dataclass(frozen=True, slots=True, eq=False)
class Whole:
    """What one target a sequence needs: features, their readout, and how networks were
    drawn."""

    features: WholeFeatures
    readout: WholeReadout
    distribution: Distribution


@dataclass(frozen=True, slots=True, eq=False)
class SavedSequences:
    """What was fitted. whole: for one target a sequence, else None. model, lags: for
    targets at every step. classes, class_kind, probability_scale: of a classifier. mean,
    scale, lower, upper, flat: of a regressor's targets."""

    inputs: int
    names: list[str] | None
    outputs: int
    evolved: bool
    history: list[Generation]
    whole: Whole | None
    model: Any
    lags: int | None
    classes: Any
    probability_scale: float | None
    mean: Array | None
    scale: Array | None
    lower: Array | None
    upper: Array | None
    flat: bool | None


def sequences_state(estimator: Any) -> dict[str, Any]:
    """Return what was fitted as plain values and arrays. Raises TypeError for labels that
    a file cannot hold."""
    names = getattr(estimator, "feature_names_in_", None)
    is_whole = not estimator.per_step_
    limits = getattr(estimator, "_range", (None, None))
    saved = SavedSequences(
        inputs=estimator.n_features_in_,
        names=None if names is None else [str(each) for each in names],
        outputs=estimator._n_features_out,
        evolved=estimator.evolved_,
        history=list(estimator.history_),
        whole=Whole(estimator.features_, estimator.model_, estimator.distribution_)
        if is_whole
        else None,
        model=None if is_whole else estimator.model_.as_state(),
        lags=None if is_whole else estimator.lags_,
        classes=_saved_classes(getattr(estimator, "classes_", None)),
        probability_scale=getattr(estimator, "probability_scale_", None),
        mean=getattr(estimator, "_mean", None),
        scale=getattr(estimator, "_scale", None),
        lower=limits[0],
        upper=limits[1],
        flat=getattr(estimator, "_flat", None),
    )
    state: dict[str, Any] = to_plain(saved)
    return state


def restore_sequences(estimator: Any, state: Mapping[str, Any]) -> None:
    """Have an estimator go on from what was saved.

    Raises KeyError, TypeError or ValueError for another state, and for one that cannot
    predict.
    """
    saved = from_plain(SavedSequences, state)
    given = estimator
    given.n_features_in_, given._n_features_out = saved.inputs, saved.outputs
    if saved.names is not None:
        if len(saved.names) != saved.inputs:
            raise ValueError(f"{len(saved.names)} names for {saved.inputs} inputs")
        given.feature_names_in_ = np.array(saved.names, dtype=object)
    given.evolved_, given.history_ = saved.evolved, saved.history
    given.per_step_ = saved.whole is None
    if saved.whole is None:
        given.model_, given.lags_ = Model.from_state(saved.model), saved.lags
        wanted = saved.inputs * (saved.lags or 0) + saved.inputs
        if given.model_.architecture.inputs != wanted or saved.lags is None:
            raise ValueError(f"its network must have {wanted} inputs")
        outputs = given.model_.architecture.outputs
    else:
        given.features_, given.model_ = saved.whole.features, saved.whole.readout
        given.distribution_ = saved.whole.distribution
        if len(saved.whole.features.mean) != saved.inputs:
            raise ValueError(f"its features must be of {saved.inputs} inputs")
        outputs = saved.whole.readout.weights.shape[-1]
    if hasattr(given, "predict_proba"):
        given.classes_ = _classes(saved.classes, outputs)
        given.probability_scale_ = saved.probability_scale
    else:
        given._mean, given._scale, given._flat = saved.mean, saved.scale, saved.flat
        given._range = saved.lower, saved.upper
    _try(given, saved.inputs, outputs)


def _try(estimator: Any, inputs: int, outputs: int) -> None:
    """Raise ValueError for an estimator that does not predict."""
    trial = np.zeros((1, TRIAL, inputs))
    _, found = estimator._outputs(trial)
    rows = TRIAL if estimator.per_step_ else 1
    if found[0].shape != (rows, outputs):
        raise ValueError(f"it predicts {found[0].shape}, not {(rows, outputs)}")
    if hasattr(estimator, "predict_proba"):
        estimator.predict_proba(trial)
    estimator.predict(trial)
    estimator.transform(trial)


def _saved_classes(classes: Any) -> Any:
    """Return labels as an array, or as a list of text or numbers."""
    if classes is None or not classes.dtype.hasobject:
        return classes
    values = [each.item() if isinstance(each, np.generic) else each for each in classes]
    if not all(isinstance(each, str | int | float | bool) for each in values):
        kinds = sorted({type(each).__name__ for each in values})
        raise TypeError(f"labels must be text or numbers to be saved, got {kinds}")
    return values


def _classes(saved: Any, outputs: int) -> Any:
    """Return the labels that were saved."""
    if isinstance(saved, list):
        found = np.empty(len(saved), dtype=object)
        found[:] = saved
    else:
        found = saved
    if not isinstance(found, np.ndarray) or found.shape != (outputs,) or outputs < 2:
        raise ValueError(f"there must be a label for each of {outputs} outputs")
    return found
