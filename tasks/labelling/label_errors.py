"""Label error rate: insertions, deletions and substitutions, by edit distance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from evolino.vocabulary import IntArray


class Edits(NamedTuple):
    """What makes the wanted string of the one that was found, the least of it.

    insertions: labels found that are not wanted. deletions: wanted and not found.
    substitutions: others found. Of equally few edits, those with most substitutions.
    """

    insertions: int
    deletions: int
    substitutions: int

    @property
    def total(self) -> int:
        """The edit distance (Levenshtein 1966)."""
        return self.insertions + self.deletions + self.substitutions


def edits(found: IntArray, wanted: IntArray) -> Edits:
    """Return the edits between two strings of labels, (L,) and (M,)."""
    found, wanted = np.asarray(found), np.asarray(wanted)
    columns = np.arange(len(wanted) + 1)
    least = [columns.copy()]
    for label in found:
        above, row = least[-1], np.empty_like(columns)
        row[0] = above[0] + 1
        for k, other in enumerate(wanted, 1):
            either = min(above[k], row[k - 1]) + 1
            row[k] = min(either, above[k - 1] + (label != other))
        least.append(row)
    n, k = len(found), len(wanted)
    inserted = deleted = substituted = 0
    while n or k:
        differs = bool(n and k and found[n - 1] != wanted[k - 1])
        if n and k and least[n][k] == least[n - 1][k - 1] + differs:
            substituted += differs
            n, k = n - 1, k - 1
        elif n and least[n][k] == least[n - 1][k] + 1:
            inserted, n = inserted + 1, n - 1
        else:
            deleted, k = deleted + 1, k - 1
    return Edits(inserted, deleted, substituted)


def error_rates(found: Sequence[IntArray], wanted: Sequence[IntArray]) -> dict[str, float]:
    """Return edits as shares of all wanted labels, by kind and as `label_errors` together,
    and `strings_wrong`, the share of strings that are not exactly right."""
    each = [edits(a, b) for a, b in zip(found, wanted, strict=True)]
    labels = max(sum(map(len, wanted)), 1)
    return {
        "label_errors": sum(e.total for e in each) / labels,
        "insertions": sum(e.insertions for e in each) / labels,
        "deletions": sum(e.deletions for e in each) / labels,
        "substitutions": sum(e.substitutions for e in each) / labels,
        "strings_wrong": float(np.mean([e.total > 0 for e in each])),
    }
