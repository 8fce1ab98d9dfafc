"""Guess of how cells change from one stretch of rows to the next; it is then proven.

A cell *counts*: a stretch adds the same to its state each time, but for a drift. It
*creeps*: it keeps its state and moves, always less, as where a peephole shuts the input
gate that lets the state grow. Or it *settles*: it forgets, and is where it was before.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from evolino.certificates.cells import Cells
from evolino.certificates.intervals import (
    UNIT,
    Interval,
    add_exactly,
    choose,
    down,
    point,
    up,
)
from evolino.vocabulary import Array, BoolArray

SLOWS = 1e-5  # a cell whose gain falls by this share in a stretch creeps
FRONT = 0.25  # the share of a creeping cell's states that is the zone in front
BEGIN = 0.1  # the share that the first intervals are widened by
FIRST = 16.0  # gains of the first stretch that it may move, to begin with


@dataclass(frozen=True, slots=True, eq=False)
class Kinds:
    """Which cells (C,) count, which creep, and which of these upwards; others
    settle."""

    counts: BoolArray
    creeps: BoolArray
    upwards: BoolArray


def gains_of(before: Cells, after: Cells) -> Interval:
    """Return (C,): what a stretch adds to the states of cells that keep them.

    before: with all that is not known of the states in its slack.
    """
    total, lacking = add_exactly(after.centres, -before.centres)
    return after.rest.plus(lacking).plus(total)


def kinds_of(kept: BoolArray, first: Interval, second: Interval) -> Kinds:
    """Return what the cells do, from which kept their states, and the gains of the first
    two stretches."""
    one, two = first.middle, second.middle
    noise = 1e3 * UNIT + first.hi - first.lo + second.hi - second.lo
    slower = (np.abs(two) < (1 - SLOWS) * np.abs(one) - noise) & (one * two >= 0)
    return Kinds(kept & ~slower, kept & slower, one > 0)


def first_guess(entry: Cells, after: Cells, kinds: Kinds, vertices: Array) -> Cells:
    """Return the states before any stretch, from those before the first and second."""
    counts = kinds.counts
    gain = after.centres - entry.centres
    certain = ~((after.rest.lo <= 0) & (after.rest.hi >= 0))
    gain = gain + np.where(certain, after.rest.middle, 0.0)
    slopes = np.where(counts[:, None], entry.slopes, 0.0)
    slopes[:, -1] = np.where(counts, gain, 0.0)
    both = entry.states(vertices).hull(after.states(vertices))
    way = np.where(kinds.creeps, FIRST * gain, 0.0)
    both = Interval(both.lo + np.minimum(way, 0.0), both.hi + np.maximum(way, 0.0))
    centres = np.where(counts, entry.centres, both.middle)
    nothing = point(np.zeros(len(centres)))
    slack = choose(counts, entry.rest, both.plus(-centres))
    outputs = entry.outputs.hull(after.outputs)
    guess = Cells(outputs, slopes, centres, nothing, slack)
    every = np.ones(len(centres), dtype=bool)
    return wider(guess, replace(guess, rest=slack), every, every, BEGIN)


def front_zone(guess: Cells, kinds: Kinds, cell: int) -> Cells:
    """Return the guess with a creeping cell's state in the zone in front."""
    low, high = guess.slack.lo.copy(), guess.slack.hi.copy()
    begins = _zone_begins(guess.slack, kinds.upwards)[cell]
    if kinds.upwards[cell]:
        low[cell] = begins
    else:
        high[cell] = begins
    return replace(guess, slack=Interval(low, high))


def _zone_begins(slack: Interval, rises: BoolArray) -> Array:
    """Return (C,): where the zone in front begins, the same number wherever it is used."""
    size = FRONT * (slack.hi - slack.lo)
    return np.where(rises, slack.hi - size, slack.lo + size)


def reached(
    entry: Cells,
    guess: Cells,
    after: Cells,
    ahead: Array,
    kinds: Kinds,
    most: float,
    vertices: Array,
) -> Cells:
    """Return what holds after up to `most` stretches, if the guess does before each.

    after: the guess, a stretch later. ahead: gains from the zone in front. Of a cell that
    counts, a stretch adds its slope and a drift within bounds; `most` times the drift is
    what the count may be off at the end.
    """
    gains = gains_of(guess, after)
    nothing = point(np.zeros(len(ahead)))
    slope = guess.slopes[:, -1]
    total, lacking = add_exactly(after.centres, -guess.centres)
    drift, lost = add_exactly(total, -slope)
    drifts = after.rest.plus(lacking).plus(lost).plus(drift)
    times = np.full(len(ahead), most)
    counted = entry.rest + drifts.times(times).hull(nothing)
    before = entry.states(vertices)
    settled = before.hull(after.states(vertices)).plus(-guess.centres)
    crept = _crept(
        before.plus(-guess.centres), guess.slack, gains, ahead, kinds.upwards, times
    )
    rest = choose(kinds.counts, counted, choose(kinds.creeps, crept, settled))
    outputs = entry.outputs.hull(after.outputs)
    return replace(guess, outputs=outputs, rest=rest, slack=nothing)


def _crept(
    entry: Interval,
    slack: Interval,
    gains: Interval,
    ahead: Array,
    rises: BoolArray,
    most: Array,
) -> Interval:
    """Return where creeping cells may be after up to `most` stretches.

    A state that is to leave the slack at its front must first enter the zone there, by half
    of it at most if no gain is larger; and then go the other half by gains from within the
    zone. Against its direction it goes no further than `most` of the gains that way. Where
    the zone does not hold it, the slack is made twice as long.
    """
    length = slack.hi - slack.lo
    start = _zone_begins(slack, rises)
    zone = down(np.where(rises, slack.hi - start, start - slack.lo))
    half = zone / 2 * (1 - 1e-9)
    begins = np.where(rises, entry.hi <= start, entry.lo >= start)
    largest = np.where(rises, gains.hi, -gains.lo)
    stays = begins & (largest <= half) & (up(ahead * most) <= half)
    more = np.where(stays, 0.0, length)
    against = gains.times(most)
    upwards = Interval(down(entry.lo + np.minimum(against.lo, 0.0)), slack.hi + more)
    downwards = Interval(slack.lo - more, up(entry.hi + np.maximum(against.hi, 0.0)))
    return choose(rises, upwards, downwards)


def wider(
    guess: Cells, found: Cells, shown: BoolArray, held: BoolArray, by: float
) -> Cells:
    """Return a guess that holds what was found, and more where asked for: (C,) each, in the
    outputs, in the states; by: the share of an interval that it is widened by."""
    outputs, slack = guess.outputs.hull(found.outputs), guess.slack.hull(found.rest)
    more = _more(slack, slack.size + np.abs(guess.centres), by)
    return replace(
        guess,
        outputs=outputs.widened(shown * _more(outputs, outputs.size, by)).cut(-1.0, 1.0),
        slack=slack.widened(held * more),
    )


def _more(values: Interval, size: Array, by: float) -> Array:
    """Return a share of each interval, and some: outputs of 1e-30 may matter."""
    return np.asarray(by * (values.hi - values.lo) + 1e-14 * size + 1e-290)
