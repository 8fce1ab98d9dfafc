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
from evolino.solvers.relative_sums import RELATIVE, Relative, RelativeRows
from evolino.vocabulary import Array, check_count, unknown_name


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
    relative: "own": alternatives also share weights by their distance from the one of their
        block that was fed back last, such as the interval from a voice's last note; "all":
        from the last one of every block. For networks with `alternatives` and feedback.

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
    relative: Relative = "none"

    def __post_init__(self) -> None:
        """Check penalties, steps and relative."""
        check_several("penalty", self.penalty)
        check_count("steps", self.steps, least=0)
        if self.relative not in RELATIVE:
            raise unknown_name("relative", self.relative, RELATIVE)
        if self.relative != "none" and not self.exclusive:
            raise ValueError(
                f"relative = {self.relative!r} is for exclusive alternatives: set exclusive"
            )

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
        as `check`, and for a relative readout, which needs to know what was fed back.
        """
        if self.relative != "none":
            raise ValueError(
                f"a readout with relative = {self.relative!r} needs a network with "
                "alternatives whose feedback the readout sees"
            )
        return self.solve_relative(states, targets, None)

    def solve_relative(
        self, states: Array, targets: Array, relative: RelativeRows | None
    ) -> Array:
        """Return (L, P, S, W), as `solve`, for a block of alternatives that share weights
        as `relative` has it; None is (L, P, S, K)."""
        check_rows(states, targets)
        self.check(targets)
        ones = (targets == levels_of(targets).high).astype(np.float64)
        likelihood = Likelihood(self.exclusive, self.unnormalised, self.steps or None)
        solved = [
            maximise(likelihood, own, ones, self.penalties, relative) for own in states
        ]
        return np.stack(solved, axis=1)
