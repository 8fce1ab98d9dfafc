"""Linear support vector readouts, solved in the primal for every candidate network.

The losses are the squared ones, "L2-SVM" and "L2-SVR": differentiable, so that Newton's
method finds the minimum in a few steps (`evolino.solvers.newton`), and strictly
convex with the penalty, so that there is one. With C the capacity, minimised is

    |D w|^2 / 2 + C sum_t share(t) max(0, 1 - y(t) w x(t))^2                  SVM
    |D w|^2 / 2 + C sum_t max(0, |y(t) - w x(t)| - epsilon)^2                 SVR

for every output by itself, D the root mean squares of the columns of x, so that neither
the capacity nor the margin depends on their scales. There is no bias beside x: the constant
that the network gives its readout is a column as any other, penalised with the rest. This
is LIBLINEAR's problem (Fan et al. 2008, JMLR 9, section 2, recalled) on scaled columns.

The margin in place of the squared error is what Evoke is about: Schmidhuber, Gagliolo,
Wierstra & Gomez 2005, IDSIA-19-05 (recalled).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from evolino.readout.checks import check_rows, check_several, several
from evolino.readout.class_targets import balanced_shares, levels_of
from evolino.readout.primal import SOLVERS, Primal, Solver, minimise
from evolino.vocabulary import Array, check_number


@dataclass(frozen=True, slots=True)
class SVM:
    """A linear classifier of the largest margin, for targets of two levels.

    The sign of its output decides for targets of -1 and 1, and whether it is above 0.5 for
    targets of 0 and 1 (which needs a constant in the last column of the features). Margins
    are soft: classes that no line separates are no error. Where a column of the targets is
    all of one class, its output is that.

    capacity: C; one, or several of which the best on validation data is taken. The ridge
        with as much penalty has penalty = 1 / (2 C T).
    balanced: both classes weigh the same, share = T / (2 T_class), else every row 1.
    unnormalised: D is 1: the penalty is on the weights of columns as they are.
    solver: "newton", or "liblinear": scikit-learn's LinearSVC, network by network.

    Raises TypeError or ValueError, naming the field, for one out of its range.

    >>> import evolino
    >>> import numpy as np
    >>> states = np.random.default_rng(0).normal(size=(1, 50, 2))
    >>> targets = np.sign(states[0] @ [[1.0], [-2.0]])
    >>> evolino.SVM().solve(states, targets).shape  # (L, P, S, K)
    (1, 1, 2, 1)
    """

    name: ClassVar[str] = "svm"

    capacity: float | tuple[float, ...] = 1e4
    balanced: bool = False
    unnormalised: bool = False
    solver: Solver = "newton"

    def __post_init__(self) -> None:
        """Check capacities and solver."""
        check_several("capacity", self.capacity)
        _check_solver(self.solver)

    @property
    def penalties(self) -> tuple[float, ...]:
        """1 / (2 C) of the capacities to choose from."""
        return penalties_of(self.capacity)

    def check(self, targets: Array) -> None:
        """Raise ValueError for targets (T, K) that are not of two levels."""
        levels_of(targets)

    def solve(self, states: Array, targets: Array) -> Array:
        """Return (L, P, S, K) for L capacities, states (P, T, S) and targets (T, K).

        A network whose states are not finite gets NaN. Raises ValueError if T differs, if
        targets have not two levels, or those of 0 and 1 come without a constant.
        """
        check_rows(states, targets)
        levels = levels_of(targets)
        if levels.middle and not (states[:, :, -1] == 1.0).all():
            raise ValueError(
                f"targets of {levels.low:g} and {levels.high:g} need a constant among "
                "the features: set readout_constant of the network"
            )
        signs = levels.signs(targets)
        shares = balanced_shares(signs) if self.balanced else np.ones_like(signs)
        problem = Primal(True, 0.0, self.penalties, self.unnormalised)
        weights = minimise(problem, states, signs, shares, self.solver) * levels.half
        if levels.middle:
            weights[:, :, -1] += levels.middle
        return weights


@dataclass(frozen=True, slots=True)
class SVR:
    """Linear regression that counts errors beyond epsilon only.

    capacity: C; one, or several of which the best on validation data is taken. With
        epsilon 0 this is the ridge of penalty 1 / (2 C T).
    epsilon: an error that costs nothing, in the units of the targets.
    unnormalised: D is 1: the penalty is on the weights of columns as they are.
    solver: "newton", or "liblinear": scikit-learn's LinearSVR, network by network.

    Raises TypeError or ValueError, naming the field, for one out of its range.

    >>> import evolino
    >>> import numpy as np
    >>> states = np.random.default_rng(0).normal(size=(1, 50, 2))
    >>> targets = states[0] @ [[1.0], [-2.0]]
    >>> evolino.SVR(capacity=100.0).solve(states, targets).round(2).ravel()
    array([ 1., -2.])
    """

    name: ClassVar[str] = "svr"

    capacity: float | tuple[float, ...] = 1e4
    epsilon: float = 1e-3
    unnormalised: bool = False
    solver: Solver = "newton"

    def __post_init__(self) -> None:
        """Check capacities, epsilon and solver."""
        check_several("capacity", self.capacity)
        check_number("epsilon", self.epsilon, least=0)
        _check_solver(self.solver)

    @property
    def penalties(self) -> tuple[float, ...]:
        """1 / (2 C) of the capacities to choose from."""
        return penalties_of(self.capacity)

    def solve(self, states: Array, targets: Array) -> Array:
        """Return (L, P, S, K) for L capacities, states (P, T, S) and targets (T, K).

        A network whose states are not finite gets NaN. Raises ValueError if T differs.
        """
        check_rows(states, targets)
        problem = Primal(False, self.epsilon, self.penalties, self.unnormalised)
        return minimise(problem, states, targets, np.ones_like(targets), self.solver)


def penalties_of(capacity: float | tuple[float, ...]) -> tuple[float, ...]:
    """Return 1 / (2 C) for each capacity C."""
    return tuple(0.5 / each for each in several(capacity))


def _check_solver(solver: str) -> None:
    if solver not in SOLVERS:
        raise ValueError(f"solver must be one of {', '.join(SOLVERS)}, got {solver!r}")
