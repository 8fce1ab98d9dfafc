"""Columns of a logistic readout's features: their scales, and weights to begin with."""

from __future__ import annotations

import numpy as np

from evolino.vocabulary import Array

FREE = 1e-2  # by which a constant is divided, so that its penalty does not count


def scaled_columns(features: Array, unnormalised: bool) -> tuple[Array, Array]:
    """Return features (T, S) with columns divided by scales (S,), and these."""
    scales, _, _ = column_scales(features, unnormalised)
    return np.asarray(features / scales, dtype=np.float64), scales


def column_scales(features: Array, unnormalised: bool) -> tuple[Array, Array, Array]:
    """Return (S,) each: D of columns (T, S), and what their squares depend on, f and c.

    The derivative of D^2 with respect to a number x of its column is 2/T f (x - c).
    """
    mean, root = features.mean(axis=0), np.sqrt(np.square(features).mean(axis=0))
    deviation = features.std(axis=0)
    constant = (deviation <= 1e-12 * root) & (root > 0)
    scales = deviation if constant.any() else root
    centre = np.where(constant, 0.0, mean if constant.any() else 0.0)
    scales = np.ones_like(root) if unnormalised else scales.copy()
    scales[constant] = FREE * np.abs(mean[constant])
    share = np.where(constant, FREE**2, 0.0 if unnormalised else 1.0)
    share[scales == 0] = 0.0
    scales[scales == 0] = 1.0
    return scales, share, centre


def constant_odds(scaled: Array, targets: Array, exclusive: bool) -> Array:
    """Return weights (S, K) that give each output its frequency; 0 without a constant."""
    weights = np.zeros((scaled.shape[1], targets.shape[1]))
    constants = np.flatnonzero((scaled == scaled[:1]).all(axis=0) & (scaled[0] != 0))
    if len(constants):
        share = (targets.sum(axis=0) + 0.5) / (len(targets) + 1.0)
        odds = np.log(share) if exclusive else np.log(share) - np.log1p(-share)
        weights[constants[0]] = odds / scaled[0, constants[0]]
    return weights
