"""CTC readout, solved: probabilities of labels at each frame from strings of labels alone.

For sequences that nobody cut: only the order of labels is known. How the output weights are
found, without descent from a flat alignment, stands in `evolino.solvers.ctc_solver`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from evolino.network.base import Architecture
from evolino.readout.checks import check_rows, check_several, several
from evolino.solvers.ctc_solver import Alternation, solve_ctc
from evolino.solvers.ctc_targets import sequences_in
from evolino.vocabulary import Array, check_count, check_flag, check_number


@dataclass(frozen=True, slots=True)
class CTC:
    """Softmax regression on posteriors of labels, in turn until the likelihood stops.

    penalty: on the squared weights of columns of standard deviation 1, in nats a frame;
        one, or several of which the best on validation data is taken.
    unnormalised: the penalty is on the weights of columns as they are.
    rounds: of posteriors and regression, at most.
    gain: of the likelihood in a round, in nats a frame, below which it ends.

    Its network has output "softmax", output 0 the blank; targets are those of
    `evolino.solvers.ctc_targets.label_targets`.

    Raises TypeError or ValueError, naming the field, for one out of its range.

    >>> import evolino
    >>> evolino.CTC(penalty=(1e-3, 1e-2)).penalties
    (0.001, 0.01)
    """

    name: ClassVar[str] = "ctc"

    penalty: float | tuple[float, ...] = 1e-3
    unnormalised: bool = False
    rounds: int = 100
    gain: float = 1e-5

    def __post_init__(self) -> None:
        """Check every field."""
        check_several("penalty", self.penalty)
        check_flag("unnormalised", self.unnormalised)
        check_count("rounds", self.rounds)
        check_number("gain", self.gain, least=0)

    @property
    def penalties(self) -> tuple[float, ...]:
        """The penalties to choose from."""
        return several(self.penalty)

    @property
    def alternation(self) -> Alternation:
        """How long posteriors and regression alternate."""
        return Alternation(self.rounds, self.gain, self.unnormalised)

    def check(self, targets: Array) -> None:
        """Raise ValueError for targets (T, K) that are not strings of labels."""
        sequences_in(targets)

    def check_network(self, architecture: Architecture) -> None:
        """Raise ValueError for a network whose outputs are not softmax probabilities."""
        blocks = getattr(architecture, "alternatives", ())
        if architecture.output != "softmax" or blocks:
            raise ValueError(
                "a ctc readout needs a network of output 'softmax' without alternatives, "
                f"got {architecture.output!r}"
            )

    def solve(self, states: Array, targets: Array) -> Array:
        """Return (L, P, S, K) for L penalties, states (P, T, S) and targets (T, K).

        A network whose states are not finite gets NaN. Raises ValueError if T differs, or
        as `check`.
        """
        check_rows(states, targets)
        sequences = sequences_in(targets)
        shape = len(self.penalties), len(states), states.shape[2], targets.shape[1]
        found = np.empty(shape)
        # From the strongest penalty on: each solution is a start for the next.
        order = np.argsort(self.penalties)[::-1]
        for p, own in enumerate(states):
            own, weights = np.ascontiguousarray(own, np.float64), None
            for place in order:
                penalty = float(self.penalties[place])
                weights = solve_ctc(
                    own, sequences, shape[3], penalty, self.alternation, weights
                ).weights
                found[place, p] = weights
        return found
