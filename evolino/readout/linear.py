"""Linear readouts: least squares with scaled columns, with or without a penalty.

Every one goes through an orthogonal factorisation of the states themselves: normal
equations and explicit pseudo-inverses lose half of the figures (Golub & Van Loan 2013,
section 5.3). Up to COMPILED_COLUMNS eight networks are factorised at once by the lane
kernel, beyond it each by LAPACK; which of them depends on the number of columns only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from evolino.readout.checks import check_rows, check_several, several
from evolino.simd.memory import to_lanes
from evolino.simd.vectors import WIDTH
from evolino.solvers.columns import COMPILED_COLUMNS
from evolino.solvers.least_squares import factorise, solve_penalised
from evolino.vocabulary import Array, check_number

# With pivots below this many cutoffs a column, singular values decide.
NEARLY_SINGULAR = 10.0
# Numbers in the states of one network alone, beyond which eight lanes of them take too much
# memory.
LARGEST = 2**24


@dataclass(frozen=True, slots=True)
class PseudoInverse:
    """Output weights of smallest norm that fit best: W = X^+ Y, columns of X scaled.

    cutoff: singular values below this fraction of the largest count as zero.

    Source: Schmidhuber et al. 2007, section 2 (Penrose 1955), recalled.

    Raises TypeError or ValueError, naming the field, for one out of its range.

    >>> import evolino
    >>> import numpy as np
    >>> states = np.random.default_rng(0).normal(size=(1, 50, 2))
    >>> targets = states[0] @ [[1.0], [-2.0]]
    >>> evolino.PseudoInverse().solve(states, targets).round(2).ravel()
    array([ 1., -2.])
    """

    name: ClassVar[str] = "pseudo-inverse"
    penalties: ClassVar[tuple[float, ...]] = (0.0,)

    cutoff: float = 1e-15

    def __post_init__(self) -> None:
        """Check the cutoff."""
        check_number("cutoff", self.cutoff, least=0)

    def solve(self, states: Array, targets: Array) -> Array:
        """Return (1, P, S, K) for states (P, T, S) and targets (T, K).

        A network whose states are not finite gets NaN. Raises ValueError if T differs.
        """
        check_rows(states, targets)
        if states.shape[2] > COMPILED_COLUMNS:
            solved = np.stack([_smallest_norm(x, targets, self.cutoff) for x in states])
            return solved[None]
        return _by_groups(self._solve_group, states, targets)

    def _solve_group(self, states: Array, targets: Array) -> Array:
        """Return (1, P, S, K) for at most WIDTH networks."""
        count, _, columns = states.shape
        triangle = factorise(to_lanes(states), targets)
        weights = triangle.weights
        plain = triangle.pivots[:count] > NEARLY_SINGULAR * columns * self.cutoff
        for p in np.flatnonzero(~plain):
            scales = triangle.scales[:, p]
            rows = triangle.values[:columns, :, p]
            r, right = rows[:, :columns], rows[:, columns:]
            found = _by_singular_values(r / scales, right, self.cutoff)
            weights[p] = found / scales[:, None]
        return weights[None, :count]


@dataclass(frozen=True, slots=True)
class Ridge:
    """Least squares with a penalty on the squared norm of the output weights.

    Minimises |Y - X W|^2 + penalty * T * |D W|^2, D the root mean squares of the columns,
    so that the penalty does not depend on their scales or on T.

    penalty: one, or several of which the best on validation data is taken.
    unnormalised: D is 1: the penalty is on the output weights as they are, which forbids
        huge weights on tiny states.

    Raises TypeError or ValueError, naming the field, for one out of its range.

    >>> import evolino
    >>> import numpy as np
    >>> states = np.random.default_rng(0).normal(size=(1, 50, 2))
    >>> targets = states[0] @ [[1.0], [-2.0]]
    >>> evolino.Ridge(1e-6).solve(states, targets).round(2).ravel()
    array([ 1., -2.])
    """

    name: ClassVar[str] = "ridge"

    penalty: float | tuple[float, ...] = 1e-10
    unnormalised: bool = False

    def __post_init__(self) -> None:
        """Check the penalties."""
        check_several("penalty", self.penalty)

    @property
    def penalties(self) -> tuple[float, ...]:
        """The penalties to choose from."""
        return several(self.penalty)

    def solve(self, states: Array, targets: Array) -> Array:
        """Return (L, P, S, K) for L penalties, states (P, T, S) and targets (T, K).

        A network whose states are not finite gets NaN. Raises ValueError if T differs.
        """
        check_rows(states, targets)
        if states.shape[2] > COMPILED_COLUMNS:
            return np.stack(
                [
                    np.stack([_ridge(x, targets, p, self.unnormalised) for x in states])
                    for p in self.penalties
                ]
            )
        return _by_groups(self._solve_group, states, targets)

    def _solve_group(self, states: Array, targets: Array) -> Array:
        """Return (L, P, S, K) for at most WIDTH networks."""
        count, _, columns = states.shape
        triangle = factorise(to_lanes(states), targets)
        norm = np.ones((columns, WIDTH)) if self.unnormalised else triangle.scales
        return np.stack(
            [
                solve_penalised(triangle, np.sqrt(p * len(targets)) * norm)[:count]
                for p in self.penalties
            ]
        )


def _by_groups(
    solve_group: Callable[[Array, Array], Array], states: Array, targets: Array
) -> Array:
    """Return (L, P, S, K), WIDTH networks at a time."""
    if len(states) == 1 and states.size > LARGEST:
        states, targets = _in_few_rows(states[0], targets)
    groups = range(0, len(states), WIDTH)
    solved = [solve_group(states[first : first + WIDTH], targets) for first in groups]
    return solved[0] if len(solved) == 1 else np.concatenate(solved, axis=1)


def _in_few_rows(states: Array, targets: Array) -> tuple[Array, Array]:
    """Return states (1, S + K, S) and targets (S + K, K) whose sums of products a row are
    those of one network's (T, S) and (T, K): the R of a QR factorisation, in parts."""
    columns = states.shape[1]
    found = np.zeros((0, columns + targets.shape[1]))
    rows = max(2 * found.shape[1], LARGEST // (8 * found.shape[1]))
    for first in range(0, len(states), rows):
        part = slice(first, first + rows)
        both = np.concatenate([states[part], targets[part]], axis=1)
        found = np.asarray(np.linalg.qr(np.concatenate([found, both]), mode="r"))
    found = found * np.sqrt(len(found) / len(states))
    return found[None, :, :columns], found[:, columns:]


def _by_singular_values(r: Array, right: Array, cutoff: float) -> Array:
    """Return (S, K): the smallest-norm solution of R W = right; NaN if R is not finite."""
    if not np.isfinite(r).all():
        return np.full(right.shape, np.nan)
    u, singular, v = np.linalg.svd(r)
    keep = singular > cutoff * singular[0]
    inverse = np.where(keep, 1.0 / np.where(keep, singular, 1.0), 0.0)
    return np.asarray(v.T @ (inverse[:, None] * (u.T @ right)))


def _scaled(states: Array) -> tuple[Array, Array]:
    """Return one network's states (T, S) with columns scaled, and the scales (S,)."""
    scales = np.sqrt(np.square(states).mean(axis=0))
    scales[scales == 0] = 1.0
    return states / scales, scales


def _smallest_norm(states: Array, targets: Array, cutoff: float) -> Array:
    """Return (S, K) for one network by LAPACK; NaN if its states are not finite."""
    if not np.isfinite(states).all():
        return np.full((states.shape[1], targets.shape[1]), np.nan)
    scaled, scales = _scaled(states)
    solved = np.linalg.lstsq(scaled, targets, rcond=cutoff)[0]
    return np.asarray(solved / scales[:, None])


def _ridge(states: Array, targets: Array, penalty: float, unnormalised: bool) -> Array:
    """Return (S, K) for one network by LAPACK; NaN if its states are not finite.

    With fewer columns than rows the QR of [X; D sqrt(pT)], else the smallest-norm solution
    of [X D^-1, sqrt(pT)] z = Y, which is the same and the smaller factorisation.
    """
    rows, columns = states.shape
    if not np.isfinite(states).all():
        return np.full((columns, targets.shape[1]), np.nan)
    scaled, scales = (states, np.ones(columns)) if unnormalised else _scaled(states)
    root = np.sqrt(penalty * rows)
    if columns < rows:
        stacked = np.concatenate([scaled, root * np.eye(columns)])
        right = np.concatenate([targets, np.zeros((columns, targets.shape[1]))])
        solved = _overdetermined(stacked, right)
    else:
        beside = np.concatenate([scaled, root * np.eye(rows)], axis=1)
        solved = _underdetermined(beside, targets)[:columns]
    return solved / scales[:, None]


def _overdetermined(a: Array, b: Array) -> Array:
    """Return the least-squares solution for a (m, n) of full rank, m >= n."""
    from scipy.linalg import lapack, solve_triangular

    factors, tau, _, _ = lapack.dgeqrf(a, lwork=64 * a.shape[1])
    projected, _, _ = lapack.dormqr("L", "T", factors, tau, b, lwork=64 * len(b))
    columns = a.shape[1]
    return np.asarray(solve_triangular(factors[:columns], projected[:columns]))


def _underdetermined(a: Array, b: Array) -> Array:
    """Return the smallest-norm solution of a z = b for a (m, n) of full rank, m <= n."""
    from scipy.linalg import lapack, solve_triangular

    rows = len(a)
    factors, tau, _, _ = lapack.dgeqrf(a.T, lwork=64 * rows)
    middle = solve_triangular(factors[:rows], b, trans="T")
    padded = np.zeros((a.shape[1], b.shape[1]))
    padded[:rows] = middle
    solved, _, _ = lapack.dormqr("L", "N", factors, tau, padded, lwork=64 * len(padded))
    return np.asarray(solved)
