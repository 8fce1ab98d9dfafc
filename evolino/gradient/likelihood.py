"""Gradient through a readout of maximal likelihood: logistic and softmax regression.

With X (T, S) the features, Y (T, K) of 0 and 1, P the chances of the sums X V, D the scales
of the columns of X and penalty p, the output weights V (S, K) are where

    F = X' (P - Y) / T + p D^2 V = 0                                                    (3)

Let V* be the gradient of a loss with respect to V, B(dZ) how chances change with their sums
(P (1 - P) dZ; of exclusive classes P (dZ - P . dZ)), and M what solves

    X' B(X M) / T + p D^2 M = V*                                                        (4)

Then the features get, by the implicit function theorem,

    X* = -[(P - Y) M' + B(X M) V'] / T - p dD^2/dX diag(M V')                           (5)

The matrix of (4) is the Hessian of what was minimised; with a penalty it is positive
definite whatever the features are. It is solved by the conjugate gradients of the readout.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evolino.solvers.likelihood import (
    Likelihood,
    Problem,
    bent,
    probabilities,
)
from evolino.solvers.likelihood_columns import column_scales, constant_odds
from evolino.solvers.relative_products import rounded
from evolino.solvers.relative_sums import RelativeRows, narrow, spread, widened
from evolino.vocabulary import Array

# Without a penalty separable classes have no optimum; this one there always is.
LEAST_PENALTY = 1e-8
DONE = 1e-12  # squared length of the last Newton step, in nats a row: the optimum


@dataclass(frozen=True, slots=True, eq=False)
class SolvedLikelihood:
    """A readout at its optimum and what its gradient needs.

    weights: V, (S, K). features: X, (T, S). scales: D, (S,). penalty: p. problem: in the
    scaled columns X / D.
    """

    weights: Array
    features: Array
    scales: Array
    penalty: float
    problem: Problem

    def chances(self) -> Array:
        """Return P, (T, K)."""
        sums = narrow(self.problem.relative, self.features @ self.weights)
        return probabilities(sums, self.problem.likelihood.exclusive)


def solve_likelihood(
    likelihood: Likelihood,
    features: Array,
    targets: Array,
    penalty: float,
    start: Array | None = None,
    relative: RelativeRows | None = None,
) -> SolvedLikelihood:
    """Solve a readout for features (T, S) and targets (T, K) of 0 and 1, by equation 3.

    penalty: never below LEAST_PENALTY here. start: weights (S, K) to begin at, such as
    those of a network close by. relative: how exclusive classes share weights, which are
    then (S, W). Features that are not finite give weights NaN.
    """
    penalty = max(penalty, LEAST_PENALTY)
    width = features.shape[1]
    scales, scaled = np.ones(width), features
    if np.isfinite(features).all():
        scales, _, _ = column_scales(features, likelihood.unnormalised)
        scaled = features / scales
    if not np.isfinite(scaled).all() or not np.isfinite(scales).all():
        problem = Problem(likelihood, features, features, np.ones(width), targets)
        columns = targets.shape[1] if relative is None else relative.relation.width
        weights = np.full((width, columns), np.nan)
        return SolvedLikelihood(weights, features, np.ones(width), penalty, problem)
    values, basis = np.linalg.eigh(scaled.T @ scaled / len(scaled))
    problem = Problem(
        likelihood, scaled, rounded(scaled, relative), np.maximum(values, 0.0), targets,
        basis, DONE, relative=relative,
    )  # fmt: skip
    if start is None:
        odds = constant_odds(scaled, targets, likelihood.exclusive)
        first = widened(relative, odds)
    else:
        first = start * scales[:, None]
    weights = problem.solve(penalty, first) / scales[:, None]
    return SolvedLikelihood(weights, features, scales, penalty, problem)


def solve_likelihood_backward(solved: SolvedLikelihood, to_weights: Array) -> Array:
    """Return (T, S): what the gradient of output weights (S, K) passes on to the features.

    By equations 4 and 5. It is finite wherever the features and the weights are: of a
    Hessian that is nearly singular it is what conjugate gradients give.
    """
    problem, x, v = solved.problem, solved.features, solved.weights
    likelihood, shared = problem.likelihood, problem.relative
    scales = solved.scales[:, None]
    if not np.isfinite(v).all() or not np.isfinite(to_weights).all():
        return np.full(x.shape, np.nan)
    sums = narrow(shared, x @ v)
    m = problem.uncurved(solved.penalty, sums, to_weights / scales) / scales
    chance = probabilities(sums, likelihood.exclusive)
    moved = bent(narrow(shared, x @ m), chance, likelihood.exclusive)
    errors = spread(shared, chance - problem.targets)
    left = np.concatenate([errors, spread(shared, moved)], axis=1)
    right = np.concatenate([m, v], axis=1)
    to_features = left @ right.T
    _, share, centre = column_scales(x, likelihood.unnormalised)
    of_scales = 2.0 * solved.penalty * (m * v).sum(axis=1) * share
    to_features += (x - centre) * of_scales
    return np.asarray(to_features / -len(x))
