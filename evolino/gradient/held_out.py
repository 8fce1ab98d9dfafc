"""Segments that no gradient touches: they choose the genome that a descent keeps."""

from __future__ import annotations

from evolino.gradient.likelihood_objective import Fold
from evolino.gradient.objective import distinct
from evolino.task.series import Segment


def parts_of(
    segments: tuple[Segment, ...], hold_out: float
) -> tuple[tuple[Segment, ...], tuple[Segment, ...]]:
    """Return the segments to descend on, and those that are held out.

    Held out are the last of them, at most the share `hold_out`, and fewer where nothing
    else would be left: what shares rows with them is not descended on. Where none can be
    held out both are all segments.
    """
    for count in range(int(hold_out * len(segments)), 0, -1):
        held_out = segments[-count:]
        others = tuple(
            segment
            for segment in segments[:-count]
            if not any(_overlap(segment, other) for other in held_out)
        )
        if others:
            return others, held_out
    return segments, segments


def dealt(segments: tuple[Segment, ...], count: int) -> tuple[Fold, ...]:
    """Return so many folds; no series of segments serves both sides of one.

    One fold is scored on the rows that fit it. Raises ValueError for too few series.
    """
    series = distinct(segments)
    if len(series) < count:
        raise ValueError(f"folds must be at most the {len(series)} series, got {count}")
    if count == 1:
        return (Fold(segments, segments),)
    of_series = {id(each): number % count for number, each in enumerate(series)}
    return tuple(
        Fold(
            tuple(s for s in segments if of_series[id(s.series)] != number),
            tuple(s for s in segments if of_series[id(s.series)] == number),
        )
        for number in range(count)
    )


def _overlap(one: Segment, other: Segment) -> bool:
    together = one.series is other.series
    return together and one.start < other.stop and other.start < one.stop
