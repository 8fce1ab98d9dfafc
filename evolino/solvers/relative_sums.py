"""Relative sums of a readout: alternatives share weights by their distance from the last.

The alternatives of a block, such as the notes of a voice, lie in an order, and one of each
block is fed back. With x the features, k an alternative of block b, q_r the one that was
fed back last of block r, and u the shared weights, k has the sum

    z_k = x w_k + sum over references r of x u_br(k - q_r)

The references are the block itself ("own"), or all blocks ("all"). A block of which nothing
was fed back, as in a first row, adds nothing. In music a distance is an interval.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, Literal, get_args

import numpy as np

from evolino.vocabulary import Array, IntArray

Relative = Literal["none", "own", "all"]
RELATIVE = get_args(Relative)
NOTHING = -1  # in the place of an alternative, where none was fed back


@dataclass(frozen=True, slots=True)
class Relation:
    """What weights of a block there are: its own, then those shared for each reference.

    count: n, alternatives of the block. others: of each reference.
    """

    count: int
    others: tuple[int, ...] = ()

    @property
    def width(self) -> int:
        """W: columns of weights."""
        return int(self.parts()[-1].stop)

    def parts(self) -> list[slice]:
        """Return where the block's own weights are, and those of each reference."""
        sizes = [self.count, *(each + self.count - 1 for each in self.others)]
        ends = np.cumsum([0, *sizes]).tolist()
        return [slice(first, end) for first, end in pairwise(ends)]


@dataclass(frozen=True, eq=False)
class RelativeRows:
    """A relation on T rows. last: (T, R), the alternative of each reference that was fed
    back, NOTHING for none."""

    relation: Relation
    last: IntArray

    def sums(self, products: Array) -> Array:
        """Return sums (T, n) of what features and weights give, (T, W)."""
        found = products[:, : self.relation.count].copy()
        for places, there in self._places:
            found += there * np.take_along_axis(products, places, axis=1)
        return found

    def spread(self, errors: Array) -> Array:
        """Return (T, W): what sums (T, n) pass back to products; the adjoint of `sums`."""
        wide = np.zeros((len(errors), self.relation.width), dtype=errors.dtype)
        wide[:, : self.relation.count] = errors
        for places, there in self._places:
            np.put_along_axis(wide, places, there * errors, axis=1)
        return wide

    @cached_property
    def _places(self) -> list[tuple[IntArray, Any]]:
        """Of each reference the columns (T, n), and whether (T, 1) there is one."""
        relation, found = self.relation, []
        ahead = np.arange(relation.count)
        parts = relation.parts()[1:]
        for part, size, last in zip(parts, relation.others, self.last.T, strict=True):
            there = last[:, None] != NOTHING
            first = part.start + size - 1 - np.where(there[:, 0], last, 0)
            found.append((first[:, None] + ahead, there.astype(np.float32)))
        return found


def relations(alternatives: Sequence[int], relative: Relative) -> list[Relation]:
    """Return the relation of each block of alternatives."""
    sizes = tuple(alternatives)
    if relative == "none":
        return [Relation(size) for size in sizes]
    return [Relation(n, sizes if relative == "all" else (n,)) for n in sizes]


def references(number: int, alternatives: Sequence[int], relative: Relative) -> IntArray:
    """Return which blocks the references of a block are, (R,)."""
    if relative == "none":
        return np.zeros(0, dtype=np.int64)
    return np.arange(len(alternatives)) if relative == "all" else np.array([number])


def last_alternatives(fed_back: Array, alternatives: Sequence[int]) -> IntArray:
    """Return (T, B): the alternative of each block that is fed back (T, K), NOTHING where
    all are alike."""
    ends = np.cumsum([0, *alternatives])
    found = np.empty((len(fed_back), len(alternatives)), dtype=np.int64)
    for number, (first, end) in enumerate(pairwise(ends.tolist())):
        own = fed_back[:, first:end]
        there = own.max(axis=1) > own.min(axis=1)
        found[:, number] = np.where(there, own.argmax(axis=1), NOTHING)
    return found


def narrow(rows: RelativeRows | None, products: Array) -> Array:
    """Return sums (T, n) of products; these as they are where nothing is shared."""
    return products if rows is None else rows.sums(products)


def spread(rows: RelativeRows | None, errors: Array) -> Array:
    """Return what sums pass back to products; it as it is where nothing is shared."""
    return errors if rows is None else rows.spread(errors)


def widened(rows: RelativeRows | None, weights: Array) -> Array:
    """Return weights (S, n) with zeros for those that alternatives share, (S, W)."""
    missing = 0 if rows is None else rows.relation.width - weights.shape[1]
    return np.pad(weights, ((0, 0), (0, missing))) if missing else weights
