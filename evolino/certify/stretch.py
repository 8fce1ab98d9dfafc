"""Rows of a phase over and over: a set of states that they lead into itself.

A stretch is `period` rows of a phase. Between two stretches a cell either counts, and its
state has grown by the same number with each of them, but for a drift; or it is where it
was.
That is a guess; `Stretch.repeated` widens it until one stretch proves it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from evolino.certify.cells import Cells, Driven, outputs_of_readout, step
from evolino.certify.intervals import Interval, add_exactly, choose, point
from evolino.certify.squashing import Arithmetic
from evolino.phases import Phase
from evolino.vocabulary import Array, BoolArray

ATTEMPTS = 40  # to widen a guess
LOST = 1e100  # bounds of a state beyond it will not hold


class Undecided(Exception):
    """A proof that did not succeed: in which phase (from 0) and part, and why."""

    def __init__(self, phase: int, part: str, reason: str) -> None:
        super().__init__(reason)
        self.phase, self.part, self.reason = phase, part, reason


def margin_of(driven: Driven, phase: Phase, cells: Cells, vertices: Array) -> float:
    """Return how far the outputs are at least from a wrong sign; < 0: they may have one."""
    outputs = outputs_of_readout(driven, cells, vertices)
    return float(np.where(phase.targets > 0, outputs.lo, -outputs.hi).min())


def between_stretches(vertices: Array, more: Array) -> Array:
    """Return the vertices of (m, i), 0 <= i <= the stretches of m: more, at (V, J)."""
    none = np.hstack([vertices, np.zeros((len(vertices), 1))])
    every = np.hstack([vertices, more[:, None]])
    return np.vstack([none, every])


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """`period` rows of a phase. vertices: (V, J + 1) of (m, i), i stretches done before."""

    driven: Driven
    phase: Phase
    vertices: Array
    period: int
    arithmetic: Arithmetic

    def repeated(self, entry: Cells, most: float, index: int) -> tuple[Cells, float]:
        """Return the cells after any number of stretches up to `most`, and the margin.

        entry: the cells before the first one. The slopes that come back, (C, J + 1), have
        what a stretch adds to the states in their last column. Raises Undecided; index: of
        the phase, for that.
        """
        still = np.zeros((len(entry.centres), 1))
        entry = replace(entry, slopes=np.hstack([entry.slopes, still]))
        nothing = point(np.zeros(len(still)))
        after, counts, _ = self._run(replace(entry, rest=nothing, slack=entry.rest))
        guess = self._first_guess(entry, after, counts)
        for _ in range(ATTEMPTS):
            after, kept, margin = self._run(guess)
            if not kept[counts].all():
                cell = int(np.argmin(kept | ~counts)) + 1
                raise Undecided(index, "middle", f"cell {cell} begins to forget its count")
            found = self._reached(entry, guess, after, counts, most)
            shown, held = (
                found.outputs.inside(guess.outputs),
                found.rest.inside(guess.slack),
            )
            if (shown & held).all():
                if not margin > 0:
                    raise Undecided(index, "middle", "an output may have the wrong sign")
                return found, margin
            if not (found.rest.size < LOST).all():
                break
            guess = _wider(guess, found, ~shown, ~held)
        cells = ", ".join(str(k + 1) for k in np.flatnonzero(~(shown & held)))
        raise Undecided(index, "middle", f"no bounds hold for cell {cells}")

    def _run(self, cells: Cells) -> tuple[Cells, BoolArray, float]:
        """Return the cells after a stretch, which of them kept their states, the margin."""
        kept, margin = np.ones(len(cells.centres), dtype=bool), np.inf
        for _ in range(self.period):
            cells, still = step(self.driven, cells, self.vertices, self.arithmetic)
            kept &= still
            margin = min(margin, margin_of(self.driven, self.phase, cells, self.vertices))
        return cells, kept, margin

    def _first_guess(self, entry: Cells, after: Cells, counts: BoolArray) -> Cells:
        """Return the states before any stretch, from those before the first and second."""
        gain = after.centres - entry.centres
        certain = ~((after.rest.lo <= 0) & (after.rest.hi >= 0))
        gain = gain + np.where(certain, after.rest.middle, 0.0)
        slopes = np.where(counts[:, None], entry.slopes, 0.0)
        slopes[:, -1] = np.where(counts, gain, 0.0)
        both = entry.states(self.vertices).hull(after.states(self.vertices))
        centres = np.where(counts, entry.centres, both.middle)
        nothing = point(np.zeros(len(centres)))
        slack = choose(counts, entry.rest, both.plus(-centres))
        outputs = entry.outputs.hull(after.outputs)
        guess = Cells(outputs, slopes, centres, nothing, slack)
        every = np.ones(len(centres), dtype=bool)
        return _wider(guess, replace(guess, rest=slack), every, every)

    def _reached(
        self, entry: Cells, guess: Cells, after: Cells, counts: BoolArray, most: float
    ) -> Cells:
        """Return what holds after up to `most` stretches, if the guess does before each.

        Of a cell that counts, a stretch adds its slope and a drift within bounds; `most`
        times the drift is what the counts may be off at the end.
        """
        total, lacking = add_exactly(after.centres, -guess.centres)
        drift, lost = add_exactly(total, -guess.slopes[:, -1])
        drifts = after.rest.plus(lacking).plus(lost).plus(drift)
        nothing = point(np.zeros(len(total)))
        counted = entry.rest + drifts.times(np.full(len(total), most)).hull(nothing)
        settled = entry.states(self.vertices).hull(after.states(self.vertices))
        return replace(
            guess,
            outputs=entry.outputs.hull(after.outputs),
            rest=choose(counts, counted, settled.plus(-guess.centres)),
            slack=nothing,
        )


def _wider(guess: Cells, found: Cells, shown: BoolArray, held: BoolArray) -> Cells:
    """Return a guess that holds what was found, and more where asked for: (C,) each, in the
    outputs, in the states."""
    outputs, slack = guess.outputs.hull(found.outputs), guess.slack.hull(found.rest)
    more = _more(slack, slack.size + np.abs(guess.centres))
    return replace(
        guess,
        outputs=outputs.widened(shown * _more(outputs, outputs.size)).cut(-1.0, 1.0),
        slack=slack.widened(held * more),
    )


def _more(values: Interval, size: Array) -> Array:
    """Return a tenth of each interval, and some: outputs of 1e-30 may matter."""
    return np.asarray(0.1 * (values.hi - values.lo) + 1e-14 * size + 1e-290)
