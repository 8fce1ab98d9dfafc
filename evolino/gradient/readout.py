"""Gradient through a solved linear readout: least squares with a penalty.

The output weights V (S, K) solve, with X (T, S) the features, Y (T, K) the targets and D
the root mean squares of the columns of X,

    A V = X' Y,     A = X' X + p T D^2                                                  (1)

With V* the gradient of a loss with respect to V, and G = A^-1 V*, the features get

    X* = (Y - X V) G' - X G V' - 2 p X diag(G V')                                       (2)

The last term is that of D, which depends on X; it is absent where D is 1. A is never
formed: R of the QR factorisation of [X D^-1; sqrt(p T)] gives A = D R' R D.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import lapack

from evolino.network.backward.matrices import Held
from evolino.readout.linear import PseudoInverse, Ridge
from evolino.solvers.least_squares_gradient import rows_gradient
from evolino.solvers.row_blocks import triangle_of
from evolino.vocabulary import Array

# A readout without a penalty has no gradient where X loses rank; this one is always finite.
LEAST_PENALTY = 1e-16
SMALLEST_PENALTY = 1e-20  # of one that has a penalty


@dataclass(frozen=True, slots=True, eq=False)
class Solved:
    """A solved readout and what its gradient needs.

    weights: (S, K). features: (T, S). targets: (T, K). triangle: R, (S, S). scales: (S,).
    penalty: p. scaled: whether D are the root mean squares of the columns.
    """

    weights: Array
    features: Array
    targets: Array
    triangle: Array
    scales: Array
    penalty: float
    scaled: bool


def check_differentiable(readout: object) -> None:
    """Raise ValueError for a readout that has no gradient here."""
    if not isinstance(readout, PseudoInverse | Ridge):
        name = getattr(readout, "name", type(readout).__name__)
        raise ValueError(
            f"refinement needs readout pseudo-inverse, ridge or logistic, which have a "
            f"gradient, got {name}"
        )


def solve(readout: PseudoInverse | Ridge, features: Array, targets: Array,
          penalty: float) -> Solved:  # fmt: skip
    """Solve a readout for features (T, S) and targets (T, K), by equation 1.

    penalty: one of the readout's; LEAST_PENALTY for none, never below SMALLEST_PENALTY.
    """
    scaled = not (isinstance(readout, Ridge) and readout.unnormalised)
    penalty = max(penalty, SMALLEST_PENALTY) if penalty else LEAST_PENALTY
    count, width = features.shape
    scales = np.ones(width)
    if scaled:
        scales = np.sqrt(np.einsum("ts,ts->s", features, features) / count)
        scales[scales == 0] = 1.0
    diagonal = np.sqrt(penalty * count)
    triangle, projected = triangle_of(features, scales, targets, diagonal)
    weights = _solve(triangle, projected) / scales[:, None]
    return Solved(weights, features, targets, triangle, scales, penalty, scaled)


def adjoint(solved: Solved, to_weights: Array) -> Array:
    """Return G (S, K) of equation 2."""
    scales = solved.scales[:, None]
    middle = _solve(solved.triangle, to_weights / scales, transposed=True)
    return _solve(solved.triangle, middle) / scales


def to_features(solved: Solved, g: Array, rows: slice, held: Held) -> Array:
    """Return X* (rows, S) of equation 2 for some rows of the features, from G (S, K).

    Of a near-singular R it is the gradient with the penalty that there is. held: memory
    that it lies in.
    """
    x, v = solved.features[rows], solved.weights
    left = x @ np.concatenate([-v, -g], axis=1)
    left[:, : v.shape[1]] += solved.targets[rows]
    found = held.take("to features", x.size).reshape(x.shape)
    slopes = np.zeros(len(v))
    if solved.scaled:
        slopes = 2.0 * solved.penalty * (g * v).sum(axis=1)
    rows_gradient(x, left, np.concatenate([g.T, v.T]), slopes, found)
    return found


def _solve(triangle: Array, right: Array, *, transposed: bool = False) -> Array:
    """Return the solution for a triangle (S, S); NaN and inf go through it."""
    # For LAPACK, which counts by columns, the triangle is a lower one and transposed.
    solution, _ = lapack.dtrtrs(triangle.T, right, lower=1, trans=0 if transposed else 1)
    return np.asarray(solution)
