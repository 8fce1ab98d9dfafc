"""Primal solvers of linear support vector machines with squared losses.

Up to COMPILED_COLUMNS the compiled Newton method; beyond it the same in NumPy, each step
by LAPACK; on demand LIBLINEAR's trust region method. Which of the first two depends on the
number of columns only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from evolino.simd.memory import to_lanes
from evolino.simd.vectors import WIDTH
from evolino.solvers.columns import COMPILED_COLUMNS
from evolino.solvers.newton import (
    CALM,
    EASY_PENALTY,
    FEW_STEPS,
    HALVINGS,
    ROUNDING,
    STEPS,
)
from evolino.solvers.support_vectors import support_vectors
from evolino.vocabulary import Array, BoolArray

Solver = Literal["newton", "liblinear"]
SOLVERS = get_args(Solver)
LIBLINEAR = {"tol": 1e-8, "max_iter": 1_000_000}


@dataclass(frozen=True, slots=True)
class Primal:
    """What is minimised over z: sum_t share(t) r(t)^2 + penalty |z|^2.

    classify: r is that of a classifier of -1 and 1, else of a regression with epsilon.
    penalties: L of them. absolute: on weights of columns as they are, not scaled.
    """

    classify: bool
    epsilon: float
    penalties: tuple[float, ...]
    absolute: bool

    def rest(self, outputs: Array, targets: Array) -> Array:
        """Return r (T,)."""
        if self.classify:
            return -targets * np.maximum(0.0, 1.0 - targets * outputs)
        error = outputs - targets
        return np.sign(error) * np.maximum(0.0, np.abs(error) - self.epsilon)


def minimise(
    problem: Primal, states: Array, targets: Array, shares: Array, solver: str
) -> Array:
    """Return output weights (L, P, S, K); NaN for a network whose states are not finite.

    states: (P, T, S). targets, shares: (T, K).
    """
    if solver == "newton" and states.shape[2] <= COMPILED_COLUMNS:
        return _in_lanes(problem, states, targets, shares)
    outputs = targets.shape[1]
    shape = (len(problem.penalties), len(states), states.shape[2], outputs)
    weights = np.full(shape, np.nan)
    one = _newton if solver == "newton" else _liblinear
    for p, own in enumerate(states):
        if not np.isfinite(own).all():
            continue
        scales = np.sqrt(np.square(own).mean(axis=0))
        scales[scales == 0] = 1.0
        norm = 1.0 / scales if problem.absolute else np.ones_like(scales)
        for q, penalty in enumerate(problem.penalties):
            for k in range(outputs):
                roots = np.sqrt(penalty) * norm
                z = one(problem, own / scales, targets[:, k], shares[:, k], roots)
                weights[q, p, :, k] = z / scales
    return weights


def _in_lanes(problem: Primal, states: Array, targets: Array, shares: Array) -> Array:
    groups = [states[first : first + WIDTH] for first in range(0, len(states), WIDTH)]
    solved = [
        support_vectors(
            to_lanes(group),
            len(group),
            targets,
            shares,
            np.array(problem.penalties),
            classify=problem.classify,
            epsilon=problem.epsilon,
            absolute=problem.absolute,
        )
        for group in groups
    ]
    return solved[0] if len(solved) == 1 else np.concatenate(solved, axis=1)


def _newton(problem: Primal, x: Array, y: Array, shares: Array, roots: Array) -> Array:
    """Return z (S,), on the way that `evolino.solvers.newton` goes."""
    start = np.zeros(x.shape[1])
    z, ended = _descend(problem, x, y, shares, roots, start, FEW_STEPS)
    if ended:
        return z
    z = start
    easier = EASY_PENALTY * len(y) / np.square(roots).max()
    for stage in range(max(0, int(np.ceil(np.log10(easier)))), -1, -1):
        larger = roots * np.sqrt(10.0**stage)
        z, _ = _descend(problem, x, y, shares, larger, z, STEPS)
    return z


def _descend(
    problem: Primal, x: Array, y: Array, shares: Array, roots: Array, z: Array, steps: int
) -> tuple[Array, bool]:
    """Return where Newton steps from z lead, and whether they ended there."""

    def judged(z: Array) -> tuple[float, Array]:
        rest = problem.rest(x @ z, y)
        return float(shares @ np.square(rest) + np.square(roots * z).sum()), rest

    lowest, rest = judged(z)
    calm = 0
    for _ in range(steps):
        step = _newton_step(x, rest, shares, roots, z)
        length, bound = 1.0, lowest * (1.0 + ROUNDING)
        found, after = judged(z + step)
        while not found <= bound and length > 0.5**HALVINGS:
            length *= 0.5
            found, after = judged(z + length * step)
        if not found <= bound:
            return z, True
        same = length == 1.0 and np.array_equal(_counts(rest), _counts(after))
        calm = calm + 1 if same or found >= lowest * (1.0 - ROUNDING) else 0
        z, lowest, rest = z + length * step, found, after
        if calm == CALM:
            return z, True
    return z, False


def _newton_step(x: Array, rest: Array, shares: Array, roots: Array, z: Array) -> Array:
    """Return (S,): least squares over the rows that count and the penalty, by QR."""
    from scipy.linalg import lapack

    counts = _counts(rest)
    root = np.sqrt(shares[counts])
    stacked = np.concatenate([x[counts] * root[:, None], np.diag(roots)])
    right = np.concatenate([-root * rest[counts], -roots * z])
    _, solved, _ = lapack.dgels(stacked, right[:, None], lwork=64 * len(stacked))
    return np.asarray(solved[: len(z), 0])


def _counts(rest: Array) -> BoolArray:
    return np.asarray(rest != 0)


def _liblinear(problem: Primal, x: Array, y: Array, shares: Array, roots: Array) -> Array:
    """Return z (S,) by scikit-learn. A column of one class, which it refuses, by Newton."""
    if problem.classify and len(set(y)) == 1:
        return _newton(problem, x, y, shares, roots)
    from sklearn.svm import LinearSVC, LinearSVR

    common = {"fit_intercept": False, "dual": False, **LIBLINEAR}
    if problem.classify:
        machine = LinearSVC(C=0.5, loss="squared_hinge", **common)
    else:
        loss = "squared_epsilon_insensitive"
        machine = LinearSVR(C=0.5, loss=loss, epsilon=problem.epsilon, **common)
    machine.fit(x / roots, y, sample_weight=shares)  # C = 0.5 is penalty 1 on roots z
    return np.asarray(machine.coef_.reshape(-1) / roots)
