"""The readout of whole sequences: ridge regression on their pooled features.

Which kinds of pooled features serve depends on the data: shares above thresholds alone
where the shape of a sequence tells, all of them where its level does. The kinds with the
least leave-one-out error are taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from evolino.estimators.ridge import fit_ridge
from evolino.vocabulary import Array, BoolArray

CONSTANT = 1e-6  # deviation, by the size of its values, below which a feature is constant
LIMIT = 20.0  # deviations of training, to which features of other sequences are cut


@dataclass(frozen=True, slots=True, eq=False)
class WholeReadout:
    """Weights (M, K) for features that are standardised by mean and scale, (M,) each.

    family: the name of the kinds of features that are taken; the others have weights 0.
    intercept: (K,). penalty: of the ridge regression. left_out: (N, K), the prediction of
    each training sequence by all the others.
    """

    family: str
    mean: Array
    scale: Array
    weights: Array
    intercept: Array
    penalty: float
    left_out: Array

    def predict(self, features: Array) -> Array:
        """Return (N, K)."""
        z = np.clip((features - self.mean) / self.scale, -LIMIT, LIMIT)
        return np.asarray(z @ self.weights + self.intercept)


def solve_whole(
    features: Array, targets: Array, columns: Mapping[str, BoolArray]
) -> WholeReadout:
    """Return the readout of features (N, M) for targets (N, K).

    columns: by name, the features (M,) that a readout may be of.
    """
    mean, scale = features.mean(axis=0), features.std(axis=0)
    constant = scale <= CONSTANT * np.maximum(np.abs(features).max(axis=0), 1e-3)
    scale = np.where(constant, np.inf, scale)
    z = (features - mean) / scale
    best, family, lowest = None, "", np.inf
    for name, chosen in columns.items():
        fit = fit_ridge(z[:, chosen], targets)
        loss = float(np.square(fit.left_out - targets).mean())
        if best is None or loss < lowest:
            best, family, lowest = fit, name, loss
    if best is None:
        raise ValueError("columns must name some features, got none")
    weights = np.zeros((features.shape[1], targets.shape[1]))
    weights[columns[family]] = best.weights
    return WholeReadout(
        family, mean, scale, weights, best.intercept, best.penalty, best.left_out
    )
