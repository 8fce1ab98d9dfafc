"""Ridge regression whose penalty is found by leaving each row out in turn.

With the centred features X = U diag(s) V', the fit at penalty a is H y with
H = 1 1'/n + U diag(s^2/(s^2 + a)) U', and the error of a row that is left out is its error
in the fit divided by 1 - H_ii (Allen's PRESS; Hastie, Tibshirani & Friedman 2009, eq. 7.64,
recalled). One decomposition serves all penalties.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh

from evolino.vocabulary import Array

PENALTIES = tuple(np.logspace(-3, 5, 17).tolist())
NULL = 1e-11  # eigenvalues below this share of the largest are rounding


@dataclass(frozen=True, slots=True, eq=False)
class RidgeFit:
    """A solved ridge regression. weights: (S, K). intercept: (K,). penalty: the one that
    was taken. left_out: (n, K), the prediction of each row by all the others."""

    weights: Array
    intercept: Array
    penalty: float
    left_out: Array

    def predict(self, features: Array) -> Array:
        """Return (n, K)."""
        return features @ self.weights + self.intercept


def fit_ridge(
    features: Array, targets: Array, penalties: tuple[float, ...] = PENALTIES
) -> RidgeFit:
    """Return the fit whose squared error on rows left out is least.

    features: (n, S), standardised. targets: (n, K). Of equal penalties the largest is
    taken.
    """
    rows, columns = features.shape
    centre, mean = features.mean(axis=0), targets.mean(axis=0)
    centred, aimed = features - centre, targets - mean
    if rows <= columns:
        squares, left = eigh(centred @ centred.T)
        squares, left = kept_eigenvalues(squares, left)
        right = None
    else:
        squares, right = eigh(centred.T @ centred)
        squares, right = kept_eigenvalues(squares, right)
        left = centred @ right / np.sqrt(squares)
    projected = left.T @ aimed
    leverage = np.square(left)
    best = None
    for penalty in penalties:
        shrunk = squares / (squares + penalty)
        errors = aimed - left @ (shrunk[:, None] * projected)
        free = np.maximum(1.0 - 1.0 / rows - leverage @ shrunk, 1e-10)
        errors = errors / free[:, None]
        loss = float(np.square(errors).mean())
        if best is None or loss <= best[0]:
            best = loss, penalty, errors
    assert best is not None
    _, penalty, errors = best
    weighted = projected / (squares + penalty)[:, None]
    if right is None:
        weights = centred.T @ (left @ weighted)
    else:
        weights = right @ (np.sqrt(squares)[:, None] * weighted)
    return RidgeFit(weights, mean - centre @ weights, penalty, targets - errors)


def kept_eigenvalues(squares: Array, vectors: Array) -> tuple[Array, Array]:
    """Return eigenvalues and vectors without those that are rounding."""
    kept = squares > NULL * max(float(squares.max(initial=0.0)), np.finfo(float).tiny)
    return squares[kept], vectors[:, kept]
