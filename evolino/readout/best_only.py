"""Costly readout for the best networks of a generation; a cheap one ranks all of them.

The whole generation is scored with the cheap readout. The `count` networks that do best are
scored again with the costly one, which gives their losses. All others keep
their order behind the worst of those:

    loss = worst + (cheap loss - cheap loss of the last one that was chosen)

with worst the largest finite loss that the costly readout gave. So a network that was not
scored by the costly readout is never taken for a better one than a network that was, and
the best of a run is always one that was. A network that the costly readout fails on has
loss inf; where it fails on all, the generation has failed.

Who is chosen depends on the whole generation, so this is done once the cheap losses of all
are there (`evolino.training.generation`), not by those who evaluate a part of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from evolino.readout.base import Readout, Solutions
from evolino.readout.kernel import KernelSVM
from evolino.readout.svm import SVM
from evolino.vocabulary import Array, IntArray, check_count


@dataclass(frozen=True, slots=True)
class BestOnly:
    """A readout for the best networks of each generation.

    readout: the costly one, which the model has in the end. ranking: the cheap one.
    count: how many of a generation are scored with the costly one.

    Raises TypeError or ValueError, naming the field, for one out of its range.

    >>> import evolino
    >>> readout = evolino.BestOnly(evolino.KernelSVM(), evolino.SVM(), count=4)
    >>> evolino.train("parity", readout=readout,
    ...     budget=evolino.Budget(generations=1)).generations
    1
    """

    name: ClassVar[str] = "best-only"

    readout: Readout = field(default_factory=KernelSVM)
    ranking: Readout = field(default_factory=SVM)
    count: int = 8

    def __post_init__(self) -> None:
        """Check the count, and that both are readouts."""
        check_count("count", self.count)
        for name in ("readout", "ranking"):
            given = getattr(self, name)
            if not hasattr(given, "solve") or isinstance(given, BestOnly):
                raise TypeError(f"{name} must be a readout of one kind, got {given!r}")

    @property
    def penalties(self) -> tuple[float, ...]:
        """Those of the costly readout."""
        return self.readout.penalties

    def check(self, targets: Array) -> None:
        """Raise ValueError for targets (T, K) that either readout cannot learn."""
        check_targets(self.readout, targets)
        check_targets(self.ranking, targets)

    def solve(self, states: Array, targets: Array) -> Solutions:
        """Return what the costly readout does."""
        return self.readout.solve(states, targets)


def check_targets(readout: Readout, targets: Array) -> None:
    """Raise ValueError for targets (T, K) that a readout says it cannot learn."""
    check = getattr(readout, "check", None)
    if check is not None:
        check(targets)


def chosen(ranks: Array, count: int) -> IntArray:
    """Return which networks have the `count` lowest cheap losses (P,), the lowest first.

    Of equals the one that comes first; none whose loss is inf.
    """
    order = np.argsort(ranks, kind="stable")[:count]
    return order[np.isfinite(ranks[order])].astype(np.int64)


def joined(ranks: Array, best: IntArray, losses: Array) -> Array:
    """Return (P,): the losses of the best, and the others' behind them.

    ranks: (P,) cheap losses. best: of `chosen`; losses: what the costly readout gave them.
    """
    finite = losses[np.isfinite(losses)]
    if not len(finite):
        return np.full(len(ranks), np.inf)
    everyone = finite.max() + (ranks - ranks[best[-1]])
    everyone[best] = losses
    return np.asarray(everyone)
