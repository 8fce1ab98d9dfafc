"""Diagnose a classifier or regressor of whole sequences, by the sequences of its fit."""

from __future__ import annotations

from typing import Any

import numpy as np

from evolino.diagnosis.findings import (
    Finding,
    ill_conditioned,
    overfitting,
    saturated_cells,
    simpler_method,
)
from evolino.estimators.ridge import fit_ridge
from evolino.estimators.sequences import read_sequences
from evolino.estimators.targets import read_targets
from evolino.network.base import ForcedRuns
from evolino.simd.workspace import Workspace
from evolino.vocabulary import Array

DRIVEN = 50  # sequences that the cells are looked at on
LEAST = 0.02  # error that counts as at least this: fewer mistakes than that are chance


def whole_findings(estimator: Any, X: Any, y: Any) -> list[Finding]:
    """Return the findings on an estimator of whole sequences, fitted to X and y.

    Raises ValueError for other sequences than those of the fit.
    """
    sequences = read_sequences(X)
    targets = read_targets(y, sequences, "sequence")
    left_out = estimator.model_.left_out
    if len(sequences.each) != len(left_out):
        raise ValueError(
            f"a diagnosis needs the {len(left_out)} sequences of the fit, got "
            f"{len(sequences.each)}"
        )
    features = estimator.transform(X)
    readout = estimator.model_
    outputs = readout.predict(features)
    if hasattr(estimator, "classes_"):
        aims = np.searchsorted(estimator.classes_, np.asarray(targets.all))
        rows = np.where(aims[:, None] == np.arange(len(estimator.classes_)), 1.0, -1.0)

        def error(found: Array) -> float:
            return float((found.argmax(axis=1) != aims).mean())
    else:
        rows = np.asarray(targets.all, np.float64).reshape(len(outputs), -1)
        rows = (rows - estimator._mean) / estimator._scale

        def error(found: Array) -> float:
            return float(np.sqrt(np.square(found - rows).mean()))

    kept = np.isfinite(readout.scale)
    z = (features[:, kept] - readout.mean[kept]) / readout.scale[kept]
    simple = fit_ridge(_summaries(sequences.each), rows)
    return [
        saturated_cells(_states(estimator.features_, sequences.each)),
        ill_conditioned(z, readout.weights[kept]),
        overfitting(max(error(left_out), LEAST), max(error(outputs), LEAST)),
        simpler_method(
            error(left_out),
            {"ridge regression on mean, deviation, ends and range": error(simple.left_out)},
        ),
    ]


def _states(features: Any, sequences: Any) -> Array:
    """Return the states (N, P C) of the cells of the first networks at the ends."""
    chosen = list(sequences[:DRIVEN])
    direction = features.directions[0]
    vectors = tuple(features.prepared(x, direction.backwards) for x in chosen)
    ends = tuple((n, len(x)) for n, x in enumerate(vectors))
    driver = features.architecture.driver()
    runs = ForcedRuns(vectors, (0,) * len(vectors), ends)
    packed = driver.pack(direction.genomes[0])
    _, kept = driver.teacher_forcing(runs)(packed, Workspace())
    return np.concatenate(list(np.asarray(kept[1], np.float64)), axis=1)


def _summaries(sequences: Any) -> Array:
    """Return (N, 6 I): simple summaries of each sequence, standardised."""
    rows = np.array(
        [
            np.concatenate(
                [x.mean(axis=0), x.std(axis=0), x.min(axis=0), x.max(axis=0), x[0], x[-1]]
            )
            for x in sequences
        ]
    )
    spread = rows.std(axis=0)
    return np.asarray((rows - rows.mean(axis=0)) / np.where(spread > 0, spread, 1.0))
