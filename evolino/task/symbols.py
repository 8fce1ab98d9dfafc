"""Sequences of symbols given as indices: one-hot inputs without their zeros.

A one-hot vector times a matrix is one of its columns. Networks that are driven over symbols
look that column up, so that a step costs as much with a thousand symbols as with four, and
no array of steps times symbols is made.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evolino.vocabulary import Array, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Symbols:
    """One symbol at each step: `Series(Symbols(indices, count), targets)`.

    indices: (T,), integers 0 .. count - 1. count: I, how many symbols there are; symbol k
    is the input vector whose entry k is 1. They are checked where a series is used, so that
    an error can name the sequence.

    >>> import evolino
    >>> import numpy as np
    >>> text = evolino.Symbols(np.array([0, 2, 1]), count=3)
    >>> text.shape
    (3, 3)
    """

    indices: IntArray
    count: int

    def __len__(self) -> int:
        """T."""
        return len(self.indices)

    @property
    def shape(self) -> tuple[int, int]:
        """(T, I), as of one-hot inputs."""
        return len(self), self.count

    def __getitem__(self, rows: slice) -> Symbols:
        """Return the symbols of some rows."""
        return Symbols(self.indices[rows], self.count)

    def checked(self, sequence: str, *, count: int | None = None) -> Symbols:
        """Return them with indices (T,) of int64.

        sequence: what errors name, such as "inputs of sequence 3". count: the symbols that
        there must be, None for any number. Raises ValueError for another count, or indices
        that are no integers of 0 .. count - 1, naming the step.
        """
        own, indices = self.count, np.asarray(self.indices)
        if isinstance(own, bool) or not isinstance(own, int | np.integer) or own < 1:
            raise ValueError(f"{sequence}: count must be an integer >= 1, got {own!r}")
        if count is not None and own != count:
            raise ValueError(f"{sequence}: there must be {count} symbols, got {own}")
        if indices.ndim != 1:
            raise ValueError(f"{sequence}: indices must be (T,), got {indices.shape}")
        if not np.issubdtype(indices.dtype, np.integer):
            found = f"{indices.flat[0]!r} at step 0" if indices.size else "none"
            raise ValueError(
                f"{sequence}: indices must be integers, got {indices.dtype}: {found}"
            )
        known = (indices >= 0) & (indices < own)
        if not known.all():
            step = int(np.argmin(known))
            raise ValueError(
                f"{sequence}, step {step}: a symbol must be 0 to {own - 1}, got "
                f"{indices[step]}"
            )
        return Symbols(np.ascontiguousarray(indices, np.int64), int(own))

    def one_hot(self) -> Array:
        """Return (T, I): the same as one-hot rows. Raises ValueError as `checked`."""
        symbols = self.checked("inputs")
        rows = np.zeros((len(symbols), symbols.count))
        rows[np.arange(len(symbols)), symbols.indices] = 1.0
        return rows


@dataclass(frozen=True, slots=True, eq=False)
class SymbolVectors:
    """Input vectors (T, U) whose first I entries are one-hot: their symbols are looked up.

    symbols: T of them, checked. others: (T, U - I), the entries behind them.
    """

    symbols: Symbols
    others: Array

    def __len__(self) -> int:
        """T."""
        return len(self.others)

    def __getitem__(self, rows: slice) -> SymbolVectors:
        """Return the vectors of some rows."""
        return SymbolVectors(self.symbols[rows], self.others[rows])

    def written_out(self) -> Array:
        """Return (T, U)."""
        return np.concatenate([self.symbols.one_hot(), self.others], axis=1)


def one_hot_rows(inputs: Array | Symbols) -> Array:
    """Return inputs (T, I) as they are, symbols as one-hot rows."""
    return inputs.one_hot() if isinstance(inputs, Symbols) else inputs
