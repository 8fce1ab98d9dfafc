"""The readout of whole sequences: ridge regression on their pooled features."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evolino.estimators.ridge import fit_ridge
from evolino.vocabulary import Array

CONSTANT = 1e-6  # deviation, by the size of its values, below which a feature is constant
LIMIT = 20.0  # deviations of training, to which features of other sequences are cut


@dataclass(frozen=True, slots=True, eq=False)
class WholeReadout:
    """Weights (M, K) for features that are standardised by mean and scale, (M,) each.

    intercept: (K,). penalty: of the ridge regression. left_out: (N, K), the prediction of
    each training sequence by all the others.
    """

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


def solve_whole(features: Array, targets: Array) -> WholeReadout:
    """Return the readout of features (N, M) for targets (N, K)."""
    mean, scale = features.mean(axis=0), features.std(axis=0)
    constant = scale <= CONSTANT * np.maximum(np.abs(features).max(axis=0), 1e-3)
    scale = np.where(constant, np.inf, scale)
    z = (features - mean) / scale
    fit = fit_ridge(z, targets)
    return WholeReadout(mean, scale, fit.weights, fit.intercept, fit.penalty, fit.left_out)
