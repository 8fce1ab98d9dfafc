"""Paired timing: calls take turns, so that what disturbs one disturbs the others too.

Ratios are taken round by round, and reported with their quartiles. Calls of one core are
timed in processor seconds of the whole process, so that a busy machine and a peer's helper
threads count as what they are; processes and workers by the clock on the wall.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

REST, IDLE = 0.04, 5e-4  # seconds, and processor seconds of a process at rest in them

Calls = Mapping[str, Callable[[], object]]
Clock = Callable[[], float]
Samples = dict[str, list[float]]
Spread = dict[str, float]


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is measured.

    quick: everything at its smallest and without peers, to see that it works. rounds: of a
    comparison at most; seconds: after which it ends, once it has `least` rounds. sample:
    seconds that a sample takes at least, by repeating short calls.
    """

    quick: bool = False
    rounds: int = 25
    least: int = 5
    seconds: float = 4.0
    sample: float = 2e-3


QUICK = Effort(quick=True, rounds=1, least=1, seconds=0.0, sample=0.0)


def take_turns(
    calls: Calls, effort: Effort, clock: Clock = time.process_time, rests: bool = False
) -> Samples:
    """Return the seconds of each call in each round; every call is warmed up first.

    rests: every sample, whosever it is, ends once helper threads have come to `rest`.
    """
    repeats = {name: _repeats(call, effort.sample, clock) for name, call in calls.items()}
    names, samples = list(calls), Samples({name: [] for name in calls})
    began = time.perf_counter()
    for k in range(effort.rounds):
        if k >= effort.least and time.perf_counter() - began > effort.seconds:
            break
        first = k % len(names)
        for name in names[first:] + names[:first]:
            after = rest if rests else None
            samples[name].append(_seconds(calls[name], repeats[name], clock, after))
    return samples


def spread(values: Sequence[float]) -> Spread:
    """Return the median and the quartiles."""
    lower, median, upper = np.quantile(values, [0.25, 0.5, 0.75])
    return {"median": float(median), "lower": float(lower), "upper": float(upper)}


def ratio(numerators: Sequence[float], denominators: Sequence[float]) -> Spread:
    """Return the spread of the ratios of the samples of the same rounds."""
    return spread([a / b for a, b in zip(numerators, denominators, strict=True)])


def rate(work: float, seconds: Sequence[float]) -> Spread:
    """Return the spread of work a second."""
    return spread([work / each for each in seconds])


@contextmanager
def one_core() -> Iterator[None]:
    """Keep this process, the threads that it starts, and BLAS to one core."""
    pinned = hasattr(os, "sched_setaffinity")
    if pinned:
        before = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {max(before)})
    try:
        with threadpool_limits(1):
            yield
    finally:
        if pinned:
            os.sched_setaffinity(0, before)


def rest() -> None:
    """Return once the helper threads of this process have come to rest.

    Else what they do after a call's return would count as the next call's: after a gradient
    of 210 ms those of JAX go on for 14 ms of a processor.
    """
    before = time.process_time()
    while True:
        time.sleep(REST)
        now = time.process_time()
        if now - before < IDLE:
            return
        before = now


def _seconds(
    call: Callable[[], object],
    repeats: int,
    clock: Clock,
    after: Callable[[], None] | None = None,
) -> float:
    began = clock()
    for _ in range(repeats):
        call()
    if after is not None:
        after()
    return (clock() - began) / repeats


def _repeats(call: Callable[[], object], least: float, clock: Clock) -> int:
    once = _seconds(call, 1, clock)
    if once < least:  # the first call may have compiled or loaded something
        once = _seconds(call, 1, clock)
    return max(1, round(least / max(once, 1e-7)))
