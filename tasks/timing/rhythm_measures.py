"""Measures of free runs of drum patterns: wrong bars, bars until all is right again.

Frames are compared as numbers whose bits are the outputs, -1 where an output is no number.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evolino.task.capabilities import Disturbable
from evolino.task.protocol import Predictor
from evolino.task.series import Segment
from evolino.vocabulary import Array, IntArray

CUT = 0.5
KICKS, KICKED_RUNS = (1e-2, 1e-1), 5
NOISES, NOISY_RUNS = (1e-4, 1e-3), 3


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """A run that is disturbed once. segment: what is played. since: the row of the run at
    which that happens. bar: frames of a bar from then on. shift: how many frames too late
    or too early it may be right again."""

    segment: Segment
    since: int
    bar: int
    shift: int

    def bars_until_right(self, played: Array) -> float:
        """Return the bars, rounded up, from the disturbance to where all that follows is
        right; inf if the last bar is not."""
        outputs, targets = as_numbers(played), as_numbers(self.segment.targets)
        row = min(
            right_from(outputs, targets, shift)
            for shift in range(-self.shift, self.shift + 1)
        )
        if row > len(outputs) - self.bar:
            return float("inf")
        return float(np.ceil(max(0, row - self.since) / self.bar))


def as_numbers(frames: Array) -> IntArray:
    """Return (T,) of frames (T, K): their outputs above 0.5 as bits."""
    with np.errstate(invalid="ignore"):
        bits = frames > CUT
    numbers = bits @ (1 << np.arange(frames.shape[1]))
    return np.where(np.isfinite(frames).all(axis=1), numbers, -1)


def right_from(played: IntArray, targets: IntArray, shift: int) -> int:
    """Return the row from which on a run (T,) equals the targets (T,), `shift` rows late.

    A negative shift is too early; the last rows of such a run have nothing to be compared
    with, and count as right.
    """
    late, early = max(shift, 0), max(-shift, 0)
    count = len(played) - late - early
    wrong = np.flatnonzero(played[late : late + count] != targets[early : early + count])
    return late + int(wrong[-1]) + 1 if len(wrong) else 0


def wrong_bars(played: Array, targets: Array, bar: int) -> IntArray:
    """Return, ascending, the bars of a run (T, K) with a wrong frame; bar: its frames."""
    wrong = as_numbers(played) != as_numbers(targets)
    return np.unique(np.flatnonzero(wrong) // bar)


def after_changes(model: Predictor, trials: list[Trial]) -> list[float]:
    """Return the bars until all is right in each run; what disturbs it is in its inputs."""
    runs = model.respond([trial.segment for trial in trials], free_running=True)
    return [t.bars_until_right(run) for t, run in zip(trials, runs, strict=True)]


def after_kicks(model: Disturbable, trials: list[Trial]) -> dict[str, float]:
    """Return figures of runs with a kick of the cells before the first row, or with noise.

    A kick adds normal noise to the outputs and states of all cells, once.

    kick_1e-2: the share of runs, five of each trial, that are right again by their last
    bar; kick_1e-2_bars: the most bars that took, inf if one is not. noise_1e-3: the share,
    of three each, of runs with noise on all cells all the time that are right in their last
    bar.
    """
    figures: dict[str, float] = {}
    for kick in KICKS:
        bars = _disturbed(model, trials, KICKED_RUNS, kick=kick)
        figures[_name("kick", kick)] = float(np.mean(np.isfinite(bars)))
        figures[_name("kick", kick) + "_bars"] = float(np.max(bars))
    for noise in NOISES:
        bars = _disturbed(model, trials, NOISY_RUNS, noise=noise)
        figures[_name("noise", noise)] = float(np.mean(np.isfinite(bars)))
    return figures


def _disturbed(
    model: Disturbable, trials: list[Trial], count: int, **how: float
) -> list[float]:
    segments = [trial.segment for trial in trials]
    return [
        trial.bars_until_right(run)
        for seed in range(count)
        for trial, run in zip(
            trials, model.disturbed(segments, seed=seed, **how), strict=True
        )
    ]


def _name(what: str, size: float) -> str:
    return f"{what}_1e-{round(-np.log10(size))}"
