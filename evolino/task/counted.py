"""Run-length description of counted strings such as a^n b^n c^n: phases of equal rows.

a^n b^n c^n is one row of S, n rows of a, n - 1 rows of b after which b may follow, one
after which c must, and so on. In a^2n b^n the rows of a come in a cycle of two: after the
first only a may follow, after the second a or b. Whoever knows the phases of a string need
not write it down: networks are checked on strings of millions of symbols, and over all n.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from evolino.vocabulary import Array, BoolArray, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Phase:
    """Rows with equal inputs, one after another.

    inputs: (I,), of every row. targets: (K,), of every row: above 0 for a symbol
    that may come next, below 0 for one that may not; or (P, K), of the rows in turn: a
    cycle, of which row r, counted from 0, has row r mod P.
    constant, factors: there are constant + sum_j factors[j] n_j rows for the parameters
    n_1, n_2, .. >= 1 of the language; never fewer than 0.
    """

    inputs: Array
    targets: Array
    constant: int
    factors: tuple[int, ...]

    @property
    def cycle(self) -> Array:
        """(P, K): the targets of the rows in turn, P = 1 where all are equal."""
        return np.atleast_2d(self.targets)

    def targets_at(self, row: int) -> Array:
        """Return (K,): the targets of a row, counted from 0."""
        cycle = self.cycle
        return np.asarray(cycle[row % len(cycle)])

    def rows(self, parameters: Sequence[int]) -> int:
        """Return the number of rows for parameters n_1, n_2, .."""
        pairs = zip(self.factors, parameters, strict=True)
        return self.constant + sum(factor * n for factor, n in pairs)


@dataclass(frozen=True, slots=True, eq=False)
class Checked:
    """Margins and errors of a network on N strings of F phases.

    margins: (N,), the smallest of target times output over all rows and outputs; a string
    is accepted if it is above 0. wrong: (N, F), rows of each phase with an output on the
    wrong side of 0; a phase whose targets are a cycle of P has P columns, one for each row
    of the cycle.
    """

    margins: Array
    wrong: IntArray

    @property
    def accepted(self) -> BoolArray:
        """(N,)."""
        return self.margins > 0


def rows_of(phases: Sequence[Phase], parameters: Sequence[int]) -> tuple[Array, Array]:
    """Return the inputs (T, I) and targets (T, K) of a string."""
    counts = [phase.rows(parameters) for phase in phases]
    inputs = np.repeat([phase.inputs for phase in phases], counts, axis=0)
    targets = [
        phase.cycle[np.arange(rows) % len(phase.cycle)]
        for phase, rows in zip(phases, counts, strict=True)
    ]
    return inputs, np.concatenate(targets)


def cycle_rows(phases: Sequence[Phase], rows: IntArray) -> IntArray:
    """Return how often each row of each phase's cycle comes, in the columns of `Checked`.

    rows: (N, F), of each phase.
    """
    columns = [
        np.maximum(rows[:, number] - at + len(phase.cycle) - 1, 0) // len(phase.cycle)
        for number, phase in enumerate(phases)
        for at in range(len(phase.cycle))
    ]
    return np.stack(columns, axis=1)


def written(
    codes: IntArray, inputs: Array, targets: Array
) -> tuple[tuple[Phase, ...], IntArray]:
    """Return arbitrary strings as counted ones: a phase for each row that comes there.

    codes: (N, L), which row of inputs (A, I) and targets (A, K) comes at each position, -1
    past the end of a string. Returns the phases and the strings (N, phases) of 0s and 1s.
    """
    pairs = [(at, code) for at in range(codes.shape[1]) for code in np.unique(codes[:, at])]
    pairs = [(at, code) for at, code in pairs if code >= 0]
    units = np.eye(len(pairs), dtype=np.int64)
    phases = tuple(
        Phase(inputs[code], targets[code], 0, tuple(unit.tolist()))
        for (_, code), unit in zip(pairs, units, strict=True)
    )
    strings = [codes[:, at] == code for at, code in pairs]
    return phases, np.stack(strings, axis=1).astype(np.int64)


@runtime_checkable
class Counted(Protocol):
    """A task whose strings are counted, such as a^n b^n c^n."""

    @property
    def parameters(self) -> int:
        """How many numbers n_1, n_2, .. choose a string; each is >= 1."""
        ...

    def phases(self) -> tuple[Phase, ...]:
        """Return the phases of a string, first to last; from its start symbol to its end.

        Raises ValueError for a language whose strings are not counted.
        """
        ...
