"""Strings that the kernels run: short ones, and those that no proof covers."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from evolino.models.model import Model
from evolino.task.counted import Phase, rows_of
from evolino.vocabulary import Array, IntArray

LONGEST_PERIOD = 12
SETTLED = 0.01  # what differs by less is the same; a guess, for a proof to confirm


def first_rejected(
    model: Model, phases: Sequence[Phase], strings: IntArray
) -> tuple[int, ...] | None:
    """Return the first of strings (N, J) that a network does not accept, if any."""
    if not len(strings):
        return None
    accepted = model.check(phases, strings).accepted
    if accepted.all():
        return None
    return tuple(int(n) for n in strings[int(np.argmin(accepted))])


def strings_between(first: int, last: int, parameters: int) -> IntArray:
    """Return (N, J): all whose largest number is in first .. last, by that number."""
    if parameters == 1:
        return np.arange(first, last + 1)[:, None]
    every = np.indices((last, last)).reshape(2, -1).T + 1
    longest = every.max(axis=1)
    order = np.argsort(longest, kind="stable")
    return np.asarray(every[order][longest[order] >= first], dtype=np.int64)


def period_of(
    model: Model, phases: Sequence[Phase], parameters: Sequence[int]
) -> int | None:
    """Return after how many rows all cells do the same in the middle of a growing phase,
    a multiple of every cycle of targets.

    None if in some phase they do not, or only after more than LONGEST_PERIOD. It is a
    guess, for a proof to confirm.
    """
    inputs, _ = rows_of(phases, parameters)
    with np.errstate(all="ignore"):
        trace = model.states(inputs)
    whole = math.lcm(*(len(phase.cycle) for phase in phases if any(phase.factors)))
    first = 0
    for phase in phases:
        rows = phase.rows(parameters)
        if any(phase.factors) and rows >= 8:
            window = slice(first + rows // 4, first + rows // 2 + 1)
            with np.errstate(all="ignore"):
                gains = np.diff(trace.states[window], axis=0)
                period = _repeats(np.hstack([trace.outputs[window][1:], gains]))
            if period is None:
                return None
            whole = math.lcm(whole, period)
        first += rows
    return whole if whole <= LONGEST_PERIOD else None


def _repeats(values: Array) -> int | None:
    for period in range(1, min(LONGEST_PERIOD, len(values) - 1) + 1):
        if np.abs(values[period:] - values[:-period]).max() < SETTLED:
            return period
    return None
