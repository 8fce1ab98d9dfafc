"""Inputs with copies from steps before beside them, made a stretch of rows at a time.

A network remembers the exact value of a step ago with many cells only; copies are inputs
too. They are not held: ten million rows with sixteen lags would be seventeen times as many.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evolino.estimators.whole_sequences import delayed
from evolino.vocabulary import Array


@dataclass(frozen=True, slots=True, eq=False)
class Lagged:
    """A sequence (T, (lags + 1) I) whose rows are made when they are taken: the inputs, and
    those of so many steps before. The first row stands for those before it.

    inputs: (T, I).
    """

    inputs: Array
    lags: int

    def __len__(self) -> int:
        """Return T."""
        return len(self.inputs)

    @property
    def width(self) -> int:
        """(lags + 1) I."""
        return int(self.inputs.shape[1]) * (self.lags + 1)

    def __getitem__(self, rows: slice) -> Array:
        """Return some rows, (n, (lags + 1) I)."""
        first, stop, _ = rows.indices(len(self))
        begin = max(first - self.lags, 0)
        x, count = self.inputs[begin:stop], self.inputs.shape[1]
        if not self.lags:
            return x
        found = np.empty((max(stop - first, 0), self.width))
        for lag in range(self.lags + 1):
            # Rows before the first one there are stand for it, as in `delayed`.
            taken = np.arange(first, stop) - lag - begin
            found[:, lag * count : (lag + 1) * count] = x[np.maximum(taken, 0)]
        return found

    def column(self, number: int) -> Array:
        """Return one column (T, 1)."""
        lag, place = divmod(number, self.inputs.shape[1])
        return delayed(self.inputs[:, place : place + 1], lag)


Inputs = Array | Lagged  # of one sequence


def lagged(sequences: Sequence[Array], lags: int) -> tuple[Lagged, ...]:
    """Return sequences with copies of the inputs from so many steps before."""
    return tuple(Lagged(x, lags) for x in sequences)


def column_of(sequences: Sequence[Any], number: int) -> Array:
    """Return one column of all sequences, (T, 1), one behind another."""
    return np.concatenate(
        [
            x.column(number) if isinstance(x, Lagged) else x[:, number : number + 1]
            for x in sequences
        ]
    )


def width_of(sequence: Inputs) -> int:
    """Return how many columns a sequence has."""
    return sequence.width if isinstance(sequence, Lagged) else int(sequence.shape[1])
