"""Schedules of a descent: short free runs first, and an end once nothing held out improves.

Where a descent is in its schedule lies in the `memory` of its place, so that one that is
broken off goes on to the same bits.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from evolino.gradient.descent import Descended, Descent
from evolino.gradient.objective import Objective, distinct
from evolino.task.series import Segment

STAGE, WAITED = "stage", "waited"  # which horizon; rounds without improvement
READOUT = "readout"  # what the next round goes on from, of an objective that has one


def stage_of(place: Descended) -> int:
    """Return the number of the horizon that a descent is at."""
    return int(place.memory.get(STAGE, 0))


def without_schedule(place: Descended) -> Descended:
    """Return a place as a refiner left it."""
    own = {k: v for k, v in place.memory.items() if k not in (STAGE, WAITED, READOUT)}
    return replace(place, memory=own)


def end_of_stage(settings: Descent, stage: int) -> int:
    """Return the gradients at which a horizon gives way to the next one: all have equal
    shares of the steps, the whole runs at the end too."""
    return settings.steps * (stage + 1) // (len(settings.horizons) + 1)


def at_stage(objective: Objective, settings: Descent, stage: int) -> Objective:
    """Return the objective with its free runs cut to the horizon of a stage.

    Runs of `starts` are spread anew, over all rows that the whole ones lie in.
    """
    if stage >= len(settings.horizons):
        return objective
    most, scored = settings.horizons[stage], objective.scored
    if settings.starts and most < min(each.stop - each.start for each in scored):
        return replace(objective, scored=spread(scored, (), len(scored), most))
    cut = tuple(
        replace(segment, stop=min(segment.stop, segment.start + most)) for segment in scored
    )
    return replace(objective, scored=cut)


def spread(
    segments: tuple[Segment, ...],
    fitted: tuple[Segment, ...],
    count: int,
    length: int = 0,
) -> tuple[Segment, ...]:
    """Return so many segments, spread evenly over all that is known to a search.

    length: of each, 0 for that of the shortest of the segments. They lie between the first
    and the last row of those and of the fitted ones. Raises ValueError where none fits.
    """
    length = length or min(each.stop - each.start for each in segments)
    series = distinct(segments)
    share = -(-count // len(series))
    found = []
    for each in series:
        known = [s for s in (*segments, *fitted) if s.series is each]
        first = min(s.start for s in known)
        last = max(s.stop for s in known) - length
        if last < first:
            raise ValueError(
                f"run_length must be at most the {last + length - first} rows that there "
                f"are, got {length}"
            )
        rows = np.unique(np.linspace(first, last, share).astype(int))
        found += [Segment(each, int(row), int(row) + length) for row in rows]
    return tuple(found)


def scheduled(
    settings: Descent, before: Descended, after: Descended, *, improved: bool
) -> Descended:
    """Return where a round has ended, with its place in the schedule.

    before: the place that the round began at. after: where the refiner ended it. improved:
    whether the loss on what is held out has fallen.
    """
    stage = stage_of(before)
    if stage < len(settings.horizons):
        over = after.ended is not None or after.gradients >= end_of_stage(settings, stage)
        if not over or not np.isfinite(after.loss):
            return replace(after, memory={**after.memory, STAGE: stage})
        return replace(after, loss=np.inf, ended=None, memory={STAGE: stage + 1})
    memory = dict(after.memory)
    if settings.horizons:
        memory[STAGE] = stage
    if not settings.patience:
        return replace(after, memory=memory)
    memory[WAITED] = waited = 0 if improved else int(before.memory.get(WAITED, 0)) + 1
    ended = after.ended
    if ended is None and waited >= settings.patience:
        ended = f"nothing held out has improved for {waited} rounds"
    return replace(after, ended=ended, memory=memory)
