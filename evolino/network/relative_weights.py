"""Output weights of alternatives relative to the one that came last, in plain NumPy.

Their sums, and which weights are shared: `evolino.solvers.relative_sums`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from evolino.solvers.relative_sums import (
    RELATIVE,
    Relative,
    RelativeRows,
    last_alternatives,
    references,
    relations,
)
from evolino.vocabulary import Array, contiguous


@dataclass(frozen=True, slots=True, eq=False)
class RelativeWeights:
    """What maps S features to K outputs in blocks of alternatives, relative to the last.

    weights: (S, W), block after block. alternatives: of each block. first: of the K
    features that are fed back. relative: which blocks are references.

    Raises TypeError or ValueError for weights that do not fit.
    """

    weights: Array
    alternatives: tuple[int, ...]
    first: int
    relative: Relative

    def __post_init__(self) -> None:
        """Check that all of it fits."""
        weights = self.weights
        if not isinstance(weights, np.ndarray) or weights.dtype != np.float64:
            raise TypeError("relative weights must be an array of float64")
        if self.relative not in RELATIVE:
            raise ValueError(
                f"relative must be one of {', '.join(RELATIVE)}, got {self.relative!r}"
            )
        sizes = self.alternatives
        if not sizes or min(sizes) < 1 or sum(sizes) > 1_000_000:
            raise ValueError(f"alternatives must each be at least 1, got {sizes!r}")
        width = sum(each.width for each in relations(sizes, self.relative))
        if weights.ndim != 2 or weights.shape[1] != width:
            raise ValueError(
                f"relative weights must have shape (S, {width}), got {weights.shape}"
            )
        if not 0 <= self.first <= len(weights) - sum(sizes):
            raise ValueError(
                f"the {sum(sizes)} features that are fed back must lie among "
                f"{len(weights)}, got the first at {self.first}"
            )
        object.__setattr__(self, "weights", contiguous(weights))

    @property
    def shape(self) -> tuple[int, int]:
        """(S, K), as plain output weights would have it."""
        return len(self.weights), sum(self.alternatives)

    def outputs(self, features: Array) -> Array:
        """Return sums (T, K) for features (T, S)."""
        features = np.asarray(features, dtype=np.float64)
        fed_back = features[:, self.first : self.first + self.shape[1]]
        last = last_alternatives(fed_back, self.alternatives)
        products, first, found = features @ self.weights, 0, []
        for number, relation in enumerate(relations(self.alternatives, self.relative)):
            which = references(number, self.alternatives, self.relative)
            own = products[:, first : first + relation.width]
            found.append(RelativeRows(relation, last[:, which]).sums(own))
            first += relation.width
        return np.concatenate(found, axis=1)

    def as_state(self) -> dict[str, Any]:
        """Return the fields by name."""
        return {
            "weights": self.weights,
            "alternatives": list(self.alternatives),
            "first": self.first,
            "relative": self.relative,
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> RelativeWeights:
        """Return the weights of `as_state`. Raises TypeError or ValueError for others."""
        sizes, first = state["alternatives"], state["first"]
        whole = [*sizes, first] if isinstance(sizes, list) else [None]
        if any(not isinstance(each, int) or isinstance(each, bool) for each in whole):
            raise TypeError("alternatives and first must be whole numbers")
        return cls(state["weights"], tuple(sizes), first, state["relative"])
