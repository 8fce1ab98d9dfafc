"""Class targets: the two numbers that stand for two classes, signs and class weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evolino.vocabulary import Array

KNOWN = ((-1.0, 1.0), (0.0, 1.0))


@dataclass(frozen=True, slots=True)
class Levels:
    """What stands for the two classes: -1 and 1, 0 and 1, or any two numbers.

    A classifier is fitted on signs; its output f becomes middle + half f, so that the
    decision f = 0 lies halfway: at 0 for targets of -1 and 1, at 0.5 for 0 and 1.
    """

    low: float
    high: float

    @property
    def middle(self) -> float:
        """Where the decision lies."""
        return (self.low + self.high) / 2

    @property
    def half(self) -> float:
        """From the middle to a level."""
        return (self.high - self.low) / 2

    def signs(self, targets: Array) -> Array:
        """Return -1 and 1 for targets of the two levels."""
        return np.where(targets == self.high, 1.0, -1.0)


def levels_of(targets: Array) -> Levels:
    """Return the two levels of targets (T, K), all columns together.

    Where there is but one number, -1 means -1 and 1, and 0 or 1 with it mean what they
    usually do: a lone 1 is taken for one of -1 and 1, a lone 0 for one of 0 and 1. Raises
    ValueError for targets of other numbers.
    """
    found = tuple(float(value) for value in np.unique(targets))
    if len(found) == 2:
        return Levels(*found)
    for known in KNOWN:
        if len(found) == 1 and found[0] in known:
            return Levels(*known)
    numbers = f"{len(found)} numbers" if len(found) != 1 else f"{found[0]:g} only"
    raise ValueError(
        f"a classifier needs targets of two numbers, such as -1 and 1, got {numbers}; "
        "for other targets take ridge, svr or kernel-svr"
    )


def balanced_shares(signs: Array) -> Array:
    """Return (T, K): T / (2 T_class) for each row's class, so that both weigh the same.

    signs: (T, K) of -1 and 1. In a column of one class every row weighs 1.
    """
    rows = len(signs)
    counts = np.where(signs > 0, (signs > 0).sum(axis=0), (signs < 0).sum(axis=0))
    return np.where(counts < rows, rows / (2.0 * counts), 1.0)
