"""No readout to solve: the output weights are genes, for tasks of control."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from evolino.vocabulary import Array


@dataclass(frozen=True, slots=True)
class Evolved:
    """Output weights that are evolved beside the weights into the cells.

    It goes with `LSTM(evolved_outputs=True)` and a task of control, whose episodes have no
    targets.

    >>> import evolino
    >>> evolino.train("pole", readout=evolino.Evolved(),
    ...     budget=evolino.Budget(evaluations=10)).evaluations
    10
    """

    name: ClassVar[str] = "evolved"
    penalties: ClassVar[tuple[float, ...]] = (0.0,)

    def solve(self, states: Array, targets: Array) -> Array:
        """Raise ValueError: there is nothing to solve."""
        raise ValueError(
            "readout evolved solves nothing: its output weights are genes, for tasks of "
            "control only"
        )
