"""Rhythm task: continue a drum pattern after its first bar, at a given tempo.

Time goes in frames of 1/64 s. The one external input says how fast the music is, 8 / n
where a step of the grid lasts n frames, and may change at any frame. The outputs are the
pulse, which is 1 in the first frame of every step, and the drums, which are 1 there too
where they are struck; all are 0 in the frames between. So the network has to count frames,
more of them the slower the music is, and steps, through pauses too. The outputs are cut at
0.5 before they are fed back.

The family of tasks is that of Gers, Schraudolph & Schmidhuber 2002, JMLR 3; this one is our
own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.random import Generator

from evolino.sound.score import Score
from evolino.task.capabilities import Disturbable
from evolino.task.protocol import Predictor, Published
from evolino.task.series import Segment, Series, Split
from evolino.tasks.timing.drum_grids import SHIPPED, Grid, parse_grid, read_lines
from evolino.tasks.timing.rhythm_measures import (
    Trial,
    after_changes,
    after_kicks,
    wrong_bars,
)
from evolino.tasks.timing.tempo_changes import clear_changes
from evolino.vocabulary import Array, IntArray, check_count, check_number

USUAL_FRAMES = 8  # of a step where the input is 1
LEAST_FRAMES = 3
PRACTISED = (6, 8, 10, 12)  # frames of a step, if no tempi are given
PRACTICE, CHECK = 2, 2  # passes at each tempo; stretches that select
CHANGING = 2  # passes at tempi that change
HELD = (1, 6)  # steps that a changing tempo is held, from and below

MOST_BARS = 100_000


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Continue a drum pattern after one teacher-forced bar, at a given tempo.

    grid: a pattern that is shipped, or a text file (`evolino.tasks.timing.drum_grids`).
    lines: the text itself. tempi: practised, beats a minute; a step lasts the nearest whole
        number of frames. Tested are all whole numbers of frames up to the most, from
        one below the fewest.
    bars: of the test, at the slowest tempo; as much time at the others.

    Raises ValueError, naming the field, for what cannot be.

    >>> import evolino
    >>> import numpy as np
    >>> split = evolino.Rhythm().sequences(np.random.default_rng(0))
    >>> len(split.train), split.train[0].targets.shape
    (2, (288, 7))
    """

    name: ClassVar[str] = "rhythm"
    inputs: ClassVar[int] = 1
    generates: ClassVar[bool] = False
    past_targets_known: ClassVar[bool] = True

    grid: str = field(
        default="rock", metadata={"help": f"{', '.join(SHIPPED)} or a text file"}
    )
    lines: tuple[str, ...] = field(
        default=(), metadata={"help": "the lines of such a file themselves"}
    )
    tempi: tuple[float, ...] = field(
        default=(), metadata={"help": "practised, beats a minute"}
    )
    bars: int = field(default=1000, metadata={"help": "bars of the test, or more"})

    def __post_init__(self) -> None:
        """Read the grid; check the tempi."""
        lines = self.lines or read_lines(self.grid)
        object.__setattr__(self, "lines", tuple(lines))
        pattern = self.pattern  # read now, so that a bad grid is known at once
        check_count("bars", self.bars, most=MOST_BARS)
        for tempo in self.tempi:
            check_number("tempi", tempo, above=0)
        for frames in self.practised:
            if frames < LEAST_FRAMES:
                raise ValueError(
                    f"tempi must leave a step {LEAST_FRAMES} frames, which is up to "
                    f"{pattern.tempo(LEAST_FRAMES):g} beats a minute, got {self.tempi}"
                )

    @property
    def pattern(self) -> Grid:
        """What is played."""
        return parse_grid(self.lines)

    @property
    def outputs(self) -> int:
        """The pulse and the voices."""
        return 1 + len(self.pattern.voices)

    @property
    def tempo(self) -> float:
        """Beats a minute in the middle of those practised."""
        frames = (self.practised[0] + self.practised[-1]) // 2
        return self.pattern.tempo(frames)

    def conducted(self, bars: int, tempi: Sequence[tuple[int, float]]) -> Segment:
        """Return the pattern for a bar, and then bars at the tempi that begin with some.

        A step lasts the whole number of frames that comes nearest to a tempo. Raises
        ValueError for bars that are not ascending from 1, and for a tempo at which a step
        is shorter than a frame.
        """
        check_count("bars", bars, most=MOST_BARS)
        pattern, starts = self.pattern, [bar for bar, _ in tempi]
        if not starts or starts[0] != 1 or starts != sorted(set(starts)):
            raise ValueError(f"tempi must begin at bar 1 and ascend, got bars {starts}")
        frames = [pattern.lasting(tempo) for _, tempo in tempi]
        if min(frames) < 1:
            raise ValueError(f"tempi must be up to {pattern.tempo(1):g} beats a minute")
        of_bar = [frames[0]] * (bars + 1)
        for start, each in zip(starts[1:], frames[1:], strict=True):
            of_bar[start:] = [each] * max(0, bars + 1 - start)
        lasting = np.repeat(of_bar, np.array(of_bar) * pattern.steps_a_bar)
        series = self.series(lasting)
        return Segment(series, of_bar[0] * pattern.steps_a_bar, series.steps)

    def conducted_score(self, frames: Array, inputs: Array) -> Score:
        """Return the music of frames (T, K) at the tempi that inputs (T, 1) name."""
        return self.pattern.score(frames, np.round(USUAL_FRAMES / inputs[:, 0]).astype(int))

    @property
    def practised(self) -> tuple[int, ...]:
        """Frames that a step lasts at the tempi practised, ascending."""
        if not self.tempi:
            return PRACTISED
        return tuple(sorted({self.pattern.lasting(tempo) for tempo in self.tempi}))

    def series(self, lasting: IntArray) -> Series:
        """Return the pattern at the tempi of (T,), frames that a step lasts."""
        return Series((USUAL_FRAMES / lasting)[:, None], self.pattern.played(lasting))

    def sequences(self, rng: Generator) -> Split:
        """Return the split.

        The fastest and the slowest tempo fit the readout; changes among those practised, in
        the middle of steps, select. The test has all tempi from the one to the other, and
        one that is faster; its runs take as long as the bars do at the slowest.
        """
        extremes = sorted({self.practised[0], self.practised[-1]})
        practice = [self._steady(frames, PRACTICE) for frames in extremes]
        check = [self._changing(rng) for _ in range(CHECK)]
        test = [
            self._steady(frames, 0)
            for frames in range(self.practised[0] - 1, self.practised[-1] + 1)
        ]
        return Split(tuple(practice), tuple(check), tuple(test))

    def loss(self, outputs: Array, targets: Array) -> Array:
        """Return (P,): the largest shortfall and the root mean square of all, averaged.

        An output with target 1 falls short by what it lacks to 1, one with target 0 by
        what it is above 0. If no shortfall reaches 0.5 under teacher forcing, the free run
        is right too, since the same values are fed back. The mean is over the segments.
        """
        scored = np.asarray(np.isfinite(targets).all(axis=2))
        total = np.zeros(len(outputs))
        for n, rows in enumerate(scored):
            target = targets[n, rows]
            with np.errstate(over="ignore", invalid="ignore"):
                lacks = np.where(target > 0.5, target, 0.0) - outputs[:, n, rows]
                lacks = np.where(target > 0.5, lacks, -lacks)
                short = np.where(np.isnan(lacks), np.inf, np.maximum(lacks, 0.0))
                total += short.max(axis=(1, 2)) + np.sqrt(
                    np.square(short).mean(axis=(1, 2))
                )
        return np.asarray(np.where(np.isfinite(total), total, np.inf) / len(scored))

    def measure(self, model: Predictor, split: Split) -> dict[str, float]:
        """Return what free runs give.

        wrong_bars: of all bars of the test. bars_right: those before the first wrong one,
        the fewest of a tempo. change_bars: the most bars after a change of tempo before all
        is right again, see `Trial`. failed: the share of runs, at a tempo, through a change
        of tempo or after a kick of 1e-2, that fail: with a wrong bar, wrong for more than
        two bars after the change, not right again. solved: 1 if none failed, else 0. With a
        network also the figures of `after_kicks`.
        """
        runs = model.respond(split.test, free_running=True)
        steps = self.pattern.steps_a_bar
        wrong = [
            wrong_bars(run, segment.targets, steps * _lasting(segment))
            for run, segment in zip(runs, split.test, strict=True)
        ]
        changed = after_changes(model, self._changes())
        failed = [len(each) > 0 for each in wrong] + [bars > 2 for bars in changed]
        figures = {
            "wrong_bars": float(sum(map(len, wrong))),
            "bars_right": float(min([self.bars, *(int(w[0]) for w in wrong if len(w))])),
            "change_bars": max(changed),
        }
        if isinstance(model, Disturbable):
            figures |= after_kicks(model, self._kicks())
            failed += [figures["kick_1e-2"] < 1]
        share = float(np.mean(failed))
        return {"failed": share, "solved": float(share == 0), **figures}

    def baselines(self, split: Split) -> dict[str, dict[str, float]]:
        """Return the figures of playing the first bar again and again."""
        return {"repeat the first bar": self.measure(_Repeat(self), split)}

    def published(self) -> tuple[Published, ...]:
        """Return nothing: the task is our own."""
        return ()

    def _steady(self, frames: int, passes: int) -> Segment:
        """Return all but the first bar of so many passes at one tempo; 0: of the test."""
        bar = self.pattern.steps_a_bar * frames
        bars = passes * self.pattern.bars
        if not passes:
            bars = (self.bars + 1) * self.practised[-1] // frames
        series = self.series(np.full(bars * bar, frames))
        return Segment(series, bar, series.steps)

    def _changing(self, rng: Generator) -> Segment:
        """Return all but the first bar of a few passes at practised tempi that change.

        They change within steps, where the frame in which the next step begins is clear.
        """
        frames, passed = int(rng.choice(self.practised)), self.pattern.steps_a_bar
        bar = passed * frames
        lasting = [frames] * bar
        while passed < CHANGING * self.pattern.steps:
            held = int(rng.integers(*HELD))
            lasting += [frames] * (held * frames)
            passed += held + 1
            changes = clear_changes(frames, self.practised) or [(0, frames, frames)]
            begun, rest, following = changes[rng.integers(len(changes))]
            lasting += [frames] * begun + [following] * rest
            frames = following
        series = self.series(np.array(lasting))
        return Segment(series, bar, series.steps)

    def _changes(self) -> list[Trial]:
        """Return a run for each two of the slowest, the fastest and a tempo between."""
        low, high = self.practised[0], self.practised[-1]
        three = sorted({low, (low + high) // 2, high})
        rng = np.random.default_rng(CHANGES)
        return [
            self._change(before, after, rng)
            for before in three
            for after in three
            if before != after
        ]

    def _change(self, before: int, after: int, rng: Generator) -> Trial:
        steps = self.pattern.steps_a_bar
        bar = steps * before
        since = bar + int(rng.integers(bar))
        lasting = np.concatenate(
            [np.full(bar + since, before), np.full(BARS_AFTER * steps * after, after)]
        )
        segment = Segment(self.series(lasting), bar, len(lasting))
        return Trial(segment, since, steps * after, after)

    def _kicks(self) -> list[Trial]:
        """Return a run at the fastest and one at the slowest tempo."""
        trials = []
        for frames in (self.practised[0], self.practised[-1]):
            segment = self._steady(frames, max(4, BARS_AFTER // self.pattern.bars))
            bar, cycle = (
                frames * n for n in (self.pattern.steps_a_bar, self.pattern.steps)
            )
            trials.append(Trial(segment, 0, bar, cycle // 2))
        return trials


CHANGES, BARS_AFTER = 2002, 12


@dataclass(frozen=True, slots=True)
class _Repeat:
    """A predictor that repeats the first bar."""

    task: Rhythm

    def respond(self, segments: Sequence[Segment], *, free_running: bool) -> list[Array]:
        return [np.resize(s.series.targets[: s.start], s.targets.shape) for s in segments]


def _lasting(segment: Segment) -> int:
    """Return the frames of a step, by the input of the first row."""
    return round(USUAL_FRAMES / float(segment.series.input_rows()[segment.start, 0]))
