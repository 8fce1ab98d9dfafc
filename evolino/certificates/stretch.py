"""Invariant sets of states: equal rows of a phase lead such a set into itself.

A stretch is `period` rows of a phase. What the cells do from one to the next is guessed
(`guess.py`); `Stretch.repeated` widens the guess until one stretch proves it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from evolino.certificates.cells import Cells, Unbounded, outputs_of_readout, step
from evolino.certificates.dense import Driven
from evolino.certificates.guess import (
    Kinds,
    first_guess,
    front_zone,
    gains_of,
    kinds_of,
    reached,
    wider,
)
from evolino.certificates.intervals import Interval, point
from evolino.certificates.squashing import Arithmetic
from evolino.network.base import EXPLODED
from evolino.task.counted import Phase
from evolino.vocabulary import Array, BoolArray

ATTEMPTS = 60  # to widen a guess
PATIENT = 30  # by a little; then by much, for cells that take long to settle
LITTLE, MUCH = 0.1, 1.0  # shares of an interval that it is widened by
LOST = 1e100  # bounds of a state beyond it will not hold
LEAST_MARGIN = 1e-200  # of what underflow might make 0


class Undecided(Exception):
    """A proof that did not succeed: in which phase (from 0) and part, and why."""

    def __init__(self, phase: int, part: str, reason: str) -> None:
        super().__init__(reason)
        self.phase, self.part, self.reason = phase, part, reason


def margin_of(
    driven: Driven, targets: Array, cells: Cells, vertices: Array, arithmetic: Arithmetic
) -> float:
    """Return how far the outputs are at least from a wrong sign; -inf: they may have one.
    targets: (K,), of this row.

    Raises Unbounded for bounds that are not finite, and where an output may be so large
    that the kernels give the network up.
    """
    outputs = outputs_of_readout(driven, cells, vertices)
    if arithmetic.rounds and not (outputs.size <= EXPLODED).all():
        raise Unbounded(f"an output may be beyond {EXPLODED:.0e}, where it is given up")
    return float(sides_of(outputs, targets).min())


def sides_of(outputs: Interval, targets: Array) -> Array:
    """Return (K, ..): how far outputs are at least from a wrong sign, -inf if they may have
    one or be so small that their product with the target (K,) underflows."""
    targets = targets.reshape(-1, *(1,) * (outputs.lo.ndim - 1))
    sides = np.where(targets > 0, outputs.lo, -outputs.hi)
    return np.where(sides >= LEAST_MARGIN, sides, -np.inf)


def between_stretches(vertices: Array, more: Array) -> Array:
    """Return the vertices of (m, i), 0 <= i <= the stretches of m: more, at (V, J)."""
    none = np.hstack([vertices, np.zeros((len(vertices), 1))])
    every = np.hstack([vertices, more[:, None]])
    return np.vstack([none, every])


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """`period` rows of a phase, a multiple of the cycle of its targets.

    first: the row of the phase that the first stretch begins with. vertices: (V, J + 1) of
    (m, i), i stretches done before.
    """

    driven: Driven
    phase: Phase
    vertices: Array
    period: int
    first: int
    arithmetic: Arithmetic

    def __post_init__(self) -> None:
        """See that every stretch has the same targets."""
        if self.period % len(self.phase.cycle):
            raise ValueError(
                f"period must be a multiple of the cycle of {len(self.phase.cycle)} rows, "
                f"got {self.period}"
            )

    def repeated(self, entry: Cells, most: float, index: int) -> tuple[Cells, float]:
        """Return the cells after any number of stretches up to `most`, and the margin.

        entry: the cells before the first one. The slopes that come back, (C, J + 1), have
        what a stretch adds to the states in their last column. Raises Undecided; index: of
        the phase, for that.
        """
        still = np.zeros((len(entry.centres), 1))
        entry = replace(entry, slopes=np.hstack([entry.slopes, still]))
        nothing = point(np.zeros(len(still)))
        first, counts, _ = self._run(replace(entry, rest=nothing, slack=entry.rest))
        then = replace(first, rest=nothing, slack=first.rest + first.slack)
        second, _, _ = self._run(then)
        kinds = kinds_of(counts, gains_of(entry, first), gains_of(then, second))
        guess = first_guess(entry, first, kinds, self.vertices)
        for attempt in range(ATTEMPTS):
            after, kept, margin = self._run(guess)
            lost = (kinds.counts | kinds.creeps) & ~kept
            if lost.any():
                cell = int(np.argmax(lost)) + 1
                raise Undecided(index, "middle", f"cell {cell} begins to forget its count")
            ahead = self._gains_in_front(guess, kinds)
            found = reached(entry, guess, after, ahead, kinds, most, self.vertices)
            shown = found.outputs.inside(guess.outputs)
            held = found.rest.inside(guess.slack)
            if (shown & held).all():
                if not margin > 0:
                    raise Undecided(index, "middle", "an output may have the wrong sign")
                return found, margin
            if not (found.rest.size < LOST).all():
                break
            by = LITTLE if attempt < PATIENT else MUCH
            guess = wider(guess, found, ~shown, ~held, by)
        cells = ", ".join(str(k + 1) for k in np.flatnonzero(~(shown & held)))
        raise Undecided(index, "middle", f"no bounds hold for cell {cells}")

    def _run(self, cells: Cells) -> tuple[Cells, BoolArray, float]:
        """Return the cells after a stretch, which of them kept their states, the margin."""
        kept, margin = np.ones(len(cells.centres), dtype=bool), np.inf
        for row in range(self.first, self.first + self.period):
            cells, still = step(self.driven, cells, self.vertices, self.arithmetic)
            kept &= still
            wanted = self.phase.targets_at(row)
            here = margin_of(self.driven, wanted, cells, self.vertices, self.arithmetic)
            margin = min(margin, here)
        return cells, kept, margin

    def _gains_in_front(self, guess: Cells, kinds: Kinds) -> Array:
        """Return (C,): how far a stretch takes a creeping cell at most, in its direction,
        from the states in front; 0 for other cells."""
        ahead = np.zeros(len(guess.centres))
        for cell in np.flatnonzero(kinds.creeps):
            zone = front_zone(guess, kinds, int(cell))
            gains = gains_of(zone, self._run(zone)[0])
            ahead[cell] = (
                max(gains.hi[cell], 0.0)
                if kinds.upwards[cell]
                else -min(gains.lo[cell], 0.0)
            )
        return ahead
