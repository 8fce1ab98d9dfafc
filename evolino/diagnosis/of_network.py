"""Diagnose a network: its cells, free run, memory of its beginning, readout, and peers.

The series is the user's: the first rows drive the network, the next fit, the last ones tell
how good that is.
"""

from __future__ import annotations

import warnings

import numpy as np

from evolino.diagnosis.findings import (
    Finding,
    exploding_free_run,
    ill_conditioned,
    overfitting,
    saturated_cells,
    short_washout,
    simpler_method,
)
from evolino.models.driving import one_step_ahead
from evolino.models.model import Model
from evolino.network.base import Traces
from evolino.task.series import Segment, Series
from evolino.vocabulary import Array

FITTED = 0.6  # the share of the rows that fit; the others tell how good that is
LONGEST = 500  # steps of a free run
LAGS = 8  # of the autoregression beside
SLIGHT = 1e-8  # its penalty
FEWEST = 20  # rows that can tell anything
NULL = 1e-10  # singular values below this share of the largest are left out


def network_findings(
    model: Model, targets: Array, inputs: Array | None, washout: int | None
) -> list[Finding]:
    """Return the findings on a network. targets: (T, K); inputs: (T, I), None for none.

    washout: None is a tenth of the rows. Raises ValueError for too few rows.
    """
    rows = len(targets)
    before = rows // 10 if washout is None else washout
    if rows - before < FEWEST:
        raise ValueError(
            f"a diagnosis needs {FEWEST} rows after the washout of {before}, got "
            f"{rows - before}"
        )
    found = []
    if isinstance(model.architecture.driver(), Traces):
        states = model.states(inputs, targets).states[before:]
        found.append(saturated_cells(states))
    if getattr(model.architecture, "feedback", False):
        found.append(exploding_free_run(_free_run(model, targets, inputs, before), targets))
    found.append(short_washout(_memory(model, targets, inputs), before))
    plain = getattr(model.architecture, "output", "identity") == "identity"
    if plain and isinstance(model.output, np.ndarray):
        features = _features(model, targets, inputs)[before:]
        found.append(ill_conditioned(features, model.output_weights))
        found.append(_overfitting(features, targets[before:]))
    found.append(_simpler(model, targets, inputs, before))
    return found


def _free_run(model: Model, targets: Array, inputs: Array | None, before: int) -> Array:
    """Return the outputs (n, K) of a free run from the washout on."""
    stop = min(len(targets), before + LONGEST)
    series = _series(targets, inputs)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        segment = Segment(series, max(before, 1), stop)
        return model.respond([segment], free_running=True)[0]


def _memory(model: Model, targets: Array, inputs: Array | None) -> Array:
    """Return how far two passes differ, one of which begins in the middle, (n,)."""
    middle = len(targets) // 2
    later = None if inputs is None else inputs[middle:]
    whole = model.predict(inputs, targets)[middle:]
    part = model.predict(later, targets[middle:])
    scale = _spread(targets)
    return np.asarray((np.abs(whole - part) / scale).max(axis=1))


def _features(model: Model, targets: Array, inputs: Array | None) -> Array:
    """Return the features (T, S) of a teacher-forced pass."""
    driver = model.architecture.driver()
    segment = Segment(_series(targets, inputs), 0, len(targets))
    segments = [segment] if model.scaling is None else model.scaling.segments([segment])
    passed = one_step_ahead(driver, driver.pack(model.genome[None]), segments)
    return np.asarray(passed.features[0], np.float64)


def _overfitting(features: Array, targets: Array) -> Finding:
    """Return what a readout of the first rows does on the last ones."""
    first = int(FITTED * len(targets))
    mean, aim = features[:first].mean(axis=0), targets[:first].mean(axis=0)
    spread = features[:first].std(axis=0)
    z = (features - mean) / np.where(spread > 0, spread, 1.0)
    weights = np.linalg.lstsq(z[:first], targets[:first] - aim, rcond=NULL)[0]
    errors = (z @ weights + aim - targets) / _spread(targets)
    # Errors at rounding say nothing; as many weights as rows leave none.
    inside = max(_size(errors[:first]), 1e-9)
    return overfitting(_size(errors[first:]), inside)


def _simpler(model: Model, targets: Array, inputs: Array | None, before: int) -> Finding:
    """Return how the model compares with linear regression and the last value."""
    first = before + int(FITTED * (len(targets) - before))
    scale = _spread(targets)
    own = _size((model.predict(inputs, targets) - targets)[first:] / scale)
    fed_back = getattr(model.architecture, "feedback", False)
    sources = [targets[LAGS - k - 1 : -k - 1] for k in range(LAGS)] if fed_back else []
    if inputs is not None:
        sources += [inputs[LAGS - k : len(inputs) - k] for k in range(LAGS)]
    rows = np.concatenate(sources, axis=1)
    fit = max(first - LAGS, 1)
    mean, aim = rows[:fit].mean(axis=0), targets[LAGS:first].mean(axis=0)
    spread = rows[:fit].std(axis=0)
    z = (rows - mean) / np.where(spread > 0, spread, 1.0)
    squares = z[:fit].T @ z[:fit] + SLIGHT * fit * np.eye(z.shape[1])
    weights = np.linalg.solve(squares, z[:fit].T @ (targets[LAGS:first] - aim))
    linear = _size((z[fit:] @ weights + aim - targets[first:]) / scale)
    simple = {"linear regression on the last 8 steps": linear}
    if fed_back:
        simple["the last value"] = _size(
            (targets[first - 1 : -1] - targets[first:]) / scale
        )
    else:
        simple["the mean"] = _size((targets[:first].mean(axis=0) - targets[first:]) / scale)
    return simpler_method(own, simple)


def _series(targets: Array, inputs: Array | None) -> Series:
    return Series(np.zeros((len(targets), 0)) if inputs is None else inputs, targets)


def _spread(targets: Array) -> Array:
    spread = targets.std(axis=0)
    return np.asarray(np.where(spread > 0, spread, 1.0))


def _size(errors: Array) -> float:
    return float(np.sqrt(np.square(errors).mean()))
