"""The protocol of a readout: an output layer that is solved, not evolved."""

from __future__ import annotations

from typing import Protocol

from evolino.network.kernel_expansion import KernelExpansion
from evolino.network.relative_weights import RelativeWeights
from evolino.vocabulary import Array

# Of L solutions each one's P networks: output weights (L, P, S, K), or kernel expansions,
# or relative weights.
Solutions = Array | list[list[KernelExpansion]] | list[list[RelativeWeights]]


class Readout(Protocol):
    """A frozen dataclass: how output weights are solved for recorded states.

    It may have a method `check(targets)` that raises ValueError, before anything is
    evolved, for targets (T, K) of all rows that a fit would use and that it cannot learn.

    >>> import evolino
    >>> readout: evolino.Readout = evolino.Ridge((1e-6, 1e-3))
    >>> readout.penalties
    (1e-06, 0.001)
    """

    @property
    def penalties(self) -> tuple[float, ...]:
        """The penalties to choose from on validation data; one means no choice."""
        ...

    def solve(self, states: Array, targets: Array) -> Solutions:
        """Return what maps states to outputs, one solution for each of the L penalties.

        states: (P, T, S), each network's features, washout removed.
        targets: (T, K).

        A linear readout returns output weights (L, P, S, K); one of kernels L lists of an
        expansion for each of the P networks. A network is solved by itself, to the same
        bits whatever lies beside it; one whose states are not finite gets NaN.
        """
        ...
