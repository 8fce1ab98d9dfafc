"""Products of features with relative weights, for a solver that takes many of them.

Rows lie sorted by the alternative that was fed back last, once for each reference. Those of
one alternative need one window of the shared weights only, so that a product takes no more
multiplications than there are sums, times the references.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from evolino.solvers.relative_sums import NOTHING, RelativeRows
from evolino.vocabulary import Array, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class _Sorted:
    """Rows of one reference. order: (T,), of the rows; features: (T, S), in it. groups:
    their rows, and the window of shared weights, None where nothing was fed back."""

    order: IntArray
    features: Any
    groups: tuple[tuple[slice, slice | None], ...]


@dataclass(frozen=True, slots=True, eq=False)
class RelativeProducts:
    """Features (T, S) of rows with a relation; made by `relative_products`."""

    rows: RelativeRows
    references: tuple[_Sorted, ...]

    def sums(self, weights: Any) -> Any:
        """Return sums (T, n) of weights (S, W)."""
        count = self.rows.relation.count
        found = np.zeros((len(self.rows.last), count), dtype=weights.dtype)
        plain = weights[:, :count]
        for number, each in enumerate(self.references):
            sorted_sums = np.zeros_like(found)
            for rows, window in each.groups:
                own = None if window is None else weights[:, window]
                # The block's own weights go with the first reference.
                if number == 0:
                    own = plain if own is None else plain + own
                if own is not None:
                    sorted_sums[rows] = each.features[rows] @ own
            found[each.order] += sorted_sums
        return found

    def back(self, errors: Any) -> Any:
        """Return (S, W): what errors (T, n) of the sums pass back to weights."""
        count = self.rows.relation.count
        width = self.references[0].features.shape[1]
        found = np.zeros((width, self.rows.relation.width), dtype=errors.dtype)
        for number, each in enumerate(self.references):
            sorted_errors = errors[each.order]
            for rows, window in each.groups:
                if number and window is None:
                    continue
                own = each.features[rows].T @ sorted_errors[rows]
                if number == 0:
                    found[:, :count] += own
                if window is not None:
                    found[:, window] += own
        return found


def relative_products(features: Any, rows: RelativeRows) -> RelativeProducts:
    """Return what multiplies features (T, S) in the relation of their rows."""
    relation, found = rows.relation, []
    parts = relation.parts()[1:]
    for part, size, last in zip(parts, relation.others, rows.last.T, strict=True):
        order = np.argsort(last, kind="stable")
        ends = np.searchsorted(last[order], np.arange(NOTHING, size + 1))
        groups: list[tuple[slice, slice | None]] = []
        for alternative in range(NOTHING, size):
            own = slice(int(ends[alternative + 1]), int(ends[alternative + 2]))
            if own.start == own.stop:
                continue
            first = part.start + size - 1 - alternative
            window = slice(first, first + relation.count)
            groups.append((own, None if alternative == NOTHING else window))
        ordered = np.ascontiguousarray(features[order])
        found.append(_Sorted(order, ordered, tuple(groups)))
    return RelativeProducts(rows, tuple(found))


def rounded(features: Array, rows: RelativeRows | None) -> Any:
    """Return features (T, S) in float32, for rows in a relation as their products."""
    roughly = features.astype(np.float32)
    return roughly if rows is None else relative_products(roughly, rows)
