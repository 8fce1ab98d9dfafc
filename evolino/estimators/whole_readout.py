"""The readout of whole sequences: ridge regression on their pooled features.

Which kinds of pooled features serve depends on the data: shares above thresholds alone
where the shape of a sequence tells, all of them where its level does. The kinds with the
least leave-one-out error are taken; of many sequences a part decides that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from evolino.estimators.given_readout import solved_in_rows
from evolino.estimators.ridge import fit_ridge
from evolino.readout.base import Readout
from evolino.vocabulary import Array, BoolArray

CONSTANT = 1e-6  # deviation, by the size of its values, below which a feature is constant
SAMPLED = 3_000  # sequences at most that decide which kinds of features are taken
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
    features: Array,
    targets: Array,
    columns: Mapping[str, BoolArray],
    readout: Readout | None = None,
) -> WholeReadout:
    """Return the readout of features (N, M) for targets (N, K).

    columns: by name, the features (M,) that a readout may be of. readout: in the place of
    ridge regression; its outputs are held out by folds.
    """
    mean, scale = features.mean(axis=0), features.std(axis=0)
    constant = scale <= CONSTANT * np.maximum(np.abs(features).max(axis=0), 1e-3)
    scale = np.where(constant, np.inf, scale)
    z = (features - mean) / scale
    if not columns:
        raise ValueError("columns must name some features, got none")
    stride = -(-len(z) // SAMPLED)
    found = {
        family: _solved(z[::stride, chosen], targets[::stride], readout)
        for family, chosen in columns.items()
    }
    aims = targets[::stride]
    losses = {name: float(np.square(f[2] - aims).mean()) for name, f in found.items()}
    family = min(losses, key=lambda name: losses[name])
    if stride > 1:
        found[family] = _solved(z[:, columns[family]], targets, readout)
    of_chosen, intercept, left_out, penalty = found[family]
    weights = np.zeros((features.shape[1], targets.shape[1]))
    weights[columns[family]] = of_chosen
    return WholeReadout(family, mean, scale, weights, intercept, penalty, left_out)


def _solved(
    z: Array, targets: Array, readout: Readout | None
) -> tuple[Array, Array, Array, float]:
    """Return weights, intercept, outputs left out and the penalty, of standardised
    features."""
    if readout is not None:
        return solved_in_rows(readout, z, targets)
    fit = fit_ridge(z, targets)
    return fit.weights, fit.intercept, fit.left_out, fit.penalty
