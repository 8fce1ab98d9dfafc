"""Logistic and softmax readout: outputs are probabilities of maximal likelihood.

The weights' sums are log-odds; the network's output makes probabilities of them
(`LSTM.output` "logistic" or "softmax"). How they are found: `evolino.solvers.likelihood`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from evolino.readout.checks import check_rows, check_several, several
from evolino.readout.class_targets import levels_of
from evolino.solvers.likelihood import Likelihood, maximise
from evolino.vocabulary import Array, check_count


@dataclass(frozen=True, slots=True)
class Logistic:
    """Logistic regression, for targets of two levels.

    exclusive: of all outputs one comes, the larger of a row's targets; else each output is
        for itself.

    penalty: on the squared weights of columns of standard deviation 1; one, or several of
        which the best on validation data is taken. A constant is hardly penalised.
    unnormalised: the penalty is on the weights of columns as they are.
    steps: of Newton's method at most, 0 goes to the optimum; two or three are enough to
        rank networks.

    Raises TypeError or ValueError, naming the field, for one out of its range.

    >>> import evolino
    >>> import numpy as np
    >>> states = np.random.default_rng(0).normal(size=(1, 50, 2))
    >>> targets = (states[0] @ [[1.0], [-2.0]] > 0).astype(float)
    >>> evolino.Logistic().solve(states, targets).shape  # (L, P, S, K)
    (1, 1, 2, 1)
    """

    name: ClassVar[str] = "logistic"

    penalty: float | tuple[float, ...] = 1e-3
    exclusive: bool = False
    unnormalised: bool = False
    steps: int = 0

    def __post_init__(self) -> None:
        """Check penalties and steps."""
        check_several("penalty", self.penalty)
        check_count("steps", self.steps, least=0)

    @property
    def penalties(self) -> tuple[float, ...]:
        """The penalties to choose from."""
        return several(self.penalty)

    def check(self, targets: Array) -> None:
        """Raise ValueError for targets (T, K) not of two levels, or not of one class."""
        levels = levels_of(targets)
        if self.exclusive and ((targets == levels.high).sum(axis=1) != 1).any():
            raise ValueError(
                "a readout of exclusive classes needs targets with one class a row"
            )

    def solve(self, states: Array, targets: Array) -> Array:
        """Return (L, P, S, K) for L penalties, states (P, T, S) and targets (T, K).

        A network whose states are not finite gets NaN. Raises ValueError if T differs, or
        as `check`.
        """
        check_rows(states, targets)
        self.check(targets)
        ones = (targets == levels_of(targets).high).astype(np.float64)
        likelihood = Likelihood(self.exclusive, self.unnormalised, self.steps or None)
        solved = [maximise(likelihood, own, ones, self.penalties) for own in states]
        return np.stack(solved, axis=1)
