"""Spike streams for the timing task: intervals with random delays to measure.

Source: Gers, Schraudolph & Schmidhuber 2002, JMLR 3, section 4.1: T(n) = T(n-1) + F + I(n);
at spike n the output should be I(n), elsewhere it does not count.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from evolino.task.series import Segment, Series
from evolino.vocabulary import Array, IntArray

LONGEST = 10_000  # steps of a delay


def parse_delays(text: str) -> tuple[int, ...]:
    """Return the numbers of "0,1" or "0:10", ascending, each once.

    Raises ValueError for other text, and for numbers below 0.
    """
    try:
        if ":" in text:
            first, last = (int(part) for part in text.split(":"))
            numbers = set(range(first, min(last, LONGEST + 1) + 1))
        else:
            numbers = {int(part) for part in text.split(",")}
    except ValueError:
        raise ValueError(
            f"delays must be numbers such as 0,1 or a range such as 0:10, got {text!r}"
        ) from None
    if not numbers or min(numbers) < 0:
        raise ValueError(f"delays must be >= 0, got {text!r}")
    if max(numbers) > LONGEST:
        raise ValueError(f"delays must be <= {LONGEST:,}, got {text!r}")
    return tuple(sorted(numbers))


def delayed_spikes(
    rng: Generator, period: int, delays: tuple[int, ...], count: int
) -> tuple[Segment, ...]:
    """Return `count` rows of one stream, at its second spike and those after it.

    A spike comes `period` steps after the one before, and as much later as is then the
    target, drawn from the delays.
    """
    drawn = rng.choice(np.array(delays), count)
    series, rows = _stream(period, drawn)
    return tuple(Segment(series, row, row + 1) for row in rows.tolist())


def single_delays(period: int, delays: IntArray) -> tuple[Segment, ...]:
    """Return the last row of a stream of two spikes for each delay; equal ones share it."""
    streams = {delay: _stream(period, np.array([delay])) for delay in set(delays.tolist())}
    return tuple(
        Segment(series, int(rows[0]), int(rows[0]) + 1)
        for series, rows in (streams[delay] for delay in delays.tolist())
    )


def _stream(period: int, delays: IntArray) -> tuple[Series, IntArray]:
    """Return a stream, its first spike at row 0, and the rows of the other spikes."""
    rows = np.cumsum(period + delays)
    inputs: Array = np.zeros((int(rows[-1]) + 1, 1))
    targets = np.zeros_like(inputs)
    inputs[0] = 1.0
    inputs[rows] = 1.0
    targets[rows, 0] = delays
    return Series(inputs, targets), rows
