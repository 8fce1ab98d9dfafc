"""The parts of a logistic readout that are solved by themselves, for its gradient.

Groups of cells, or blocks of alternatives, whose weights may be relative to the alternative
that was fed back last (`evolino.solvers.relative_sums`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evolino.network.base import ReadoutPart
from evolino.readout.relative_parts import rows_relative, sizes_of
from evolino.solvers.relative_sums import (
    Relative,
    RelativeRows,
    last_alternatives,
    relations,
)
from evolino.vocabulary import Array, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """rows: of each fold, those that fit it. columns: its features. outputs: its own.
    weights: its columns of W. fitted, scored: how it shares weights on the rows of each
    fold that fit it, and on those that the loss is of; none where it does not."""

    rows: tuple[IntArray, ...]
    columns: IntArray
    outputs: IntArray
    weights: IntArray
    fitted: tuple[RelativeRows, ...] = ()
    scored: tuple[RelativeRows, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """All parts of a readout of S features, which have W columns of weights together."""

    features: int
    each: tuple[Part, ...]

    def joined(self, solved: Sequence[Array | None]) -> Array:
        """Return weights (S, W) of those of each part; 0 for features a part has not."""
        columns = sum(len(part.weights) for part in self.each)
        weights = np.zeros((self.features, columns))
        for part, own in zip(self.each, solved, strict=True):
            if own is not None:
                weights[np.ix_(part.columns, part.weights)] = own
        return weights

    def sums(self, fold: int, products: Array) -> Array:
        """Return sums (T, K) of a fold's scored rows, of features times weights (T, W)."""
        if not self._shares:
            return products
        found = [part.scored[fold].sums(products[:, part.weights]) for part in self.each]
        return np.concatenate(found, axis=1)

    def spread(self, fold: int, to_sums: Array) -> Array:
        """Return (T, W): what sums (T, K) of a fold's scored rows pass back to products."""
        if not self._shares:
            return to_sums
        found = [part.scored[fold].spread(to_sums[:, part.outputs]) for part in self.each]
        return np.concatenate(found, axis=1)

    @property
    def _shares(self) -> bool:
        return any(part.scored for part in self.each)


def parts_of(
    parts: Sequence[ReadoutPart],
    ones: Array,
    fitted: Sequence[IntArray],
    scored: Sequence[IntArray],
    features: int,
    relative: Relative = "none",
    fed_back: Array | None = None,
) -> Parts:
    """Return the parts of a readout.

    parts: of `Driver.readout_parts`; none is all outputs as one. ones: (T, K), the targets.
    fitted, scored: the rows of each fold. features: S. relative: how alternatives share
    weights; fed_back: (T, K), then the features that are fed back.
    """
    outputs = ones.shape[1]
    if not parts:
        parts = (ReadoutPart("all outputs", slice(0, outputs)),)
    sizes = sizes_of(parts, outputs)
    last = None if fed_back is None else last_alternatives(fed_back, sizes)
    found, first = [], 0
    for number, part in enumerate(parts):
        own = np.arange(outputs)[part.outputs]
        columns = np.arange(features) if part.columns is None else part.columns
        rows = []
        for fold in fitted:
            there = ones[np.ix_(fold, own)].any(axis=1)
            rows.append(fold[there] if part.where_set else fold)
        if last is None:
            found.append(Part(tuple(rows), columns, own, own))
            continue
        relation = relations(sizes, relative)[number]
        shared = [
            tuple(
                rows_relative(relation, last[some], number, sizes, relative)
                for some in which
            )
            for which in (rows, scored)
        ]
        weights = np.arange(first, first + relation.width)
        first += relation.width
        found.append(Part(tuple(rows), columns, own, weights, *shared))
    return Parts(features, tuple(found))
