"""The protocol of a readout: an output layer that is solved, not evolved."""

from __future__ import annotations

from typing import Protocol

from evolino.vocabulary import Array


class Readout(Protocol):
    """A frozen dataclass: how output weights are solved for recorded states."""

    @property
    def penalties(self) -> tuple[float, ...]:
        """The penalties to choose from on validation data; one means no choice."""
        ...

    def solve(self, states: Array, targets: Array) -> Array:
        """Return output weights (L, P, S, K), one solution for each of the L penalties.

        states: (P, T, S) what each network's readout sees, washout removed.
        targets: (T, K) what the outputs should have been.
        """
        ...
