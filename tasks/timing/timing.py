"""Timing task: measure intervals of spikes, generate timed spikes, periodic functions.

Every kind is a stream that ends at its first error. Source: Gers, Schraudolph &
Schmidhuber 2002, JMLR 3:115-143, section 4; the set-up from a detailed note on it, the
tables recalled. The paper's networks have one input; where the paper names none (gts, pfg),
ours is the fed-back output, teacher-forced while the readout is fitted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal, get_args

import numpy as np
from numpy.random import Generator

from evolino.task.capabilities import Disturbable
from evolino.task.protocol import Predictor, Published
from evolino.task.series import Segment, Series, Split
from evolino.tasks.timing.losses import (
    first_errors,
    interval_loss,
    log_stream_loss_gradient,
    stream_loss,
)
from evolino.tasks.timing.published import published
from evolino.tasks.timing.spike_streams import delayed_spikes, parse_delays, single_delays
from evolino.tasks.timing.stability import Pattern, stability
from evolino.tasks.timing.waveforms import WAVEFORMS, read_waveform, spikes, waveform
from evolino.vocabulary import Array, check_count, unknown_name

Kind = Literal["nmsd", "msd", "gts", "pfg"]
KINDS = get_args(Kind)
MEASURED = ("nmsd", "msd")  # intervals come in; the others go out
WASHOUT, FITTED = 2, 1  # periods
SUCCESSES = 1000  # of the test
FITTED_SPIKES, SELECTING_SPIKES, CONFIRMING_SPIKES = 30, 30, 300
MOST_STEPS = 1_000_000


@dataclass(frozen=True, slots=True)
class Timing:
    """Measure or make precise intervals; the score is 1,000 successes without an error.

    kind: "msd", at every spike of a stream say how much longer than `period` it took to
        come, one of the delays; "nmsd", the same for a single interval, from rest; "gts",
        make a spike every `period` steps; "pfg", continue a periodic function. The last
        two are free runs.
    period: F, in steps. delays: the set I, as 0,1 or 0:10; empty is 0,1 for nmsd and msd,
        and 0 for gts, which takes one. waveform: cos, tri, rect, or a file with one period
        of numbers, whose length then is the period. values: such a period itself.
    stages: periods of free run that select networks: all are put to the first number, those
        without an error to the next (`Experiment.confirm_at`).
    steps: of the stream that fits the readout, two periods of washout first; empty is three
        periods.

    Raises TypeError or ValueError, naming the field, for what cannot be.

    >>> import evolino
    >>> evolino.Timing(kind="gts", period=50).generates
    True
    """

    name: ClassVar[str] = "timing"
    outputs: ClassVar[int] = 1

    kind: Kind = field(default="gts", metadata={"help": ", ".join(KINDS)})
    period: int = field(default=10, metadata={"help": "F, steps of an interval or period"})
    delays: str = field(default="", metadata={"help": "the set I of msd: 0,1 or 0:10"})
    waveform: str = field(
        default="cos", metadata={"help": "of pfg: cos, tri, rect or a file of numbers"}
    )
    values: tuple[float, ...] = field(
        default=(), metadata={"help": "of pfg: one period of your own, as numbers"}
    )
    stages: tuple[int, ...] = field(
        default=(5, 50, 1000), metadata={"help": "periods of free run that select networks"}
    )
    steps: int | None = field(
        default=None, metadata={"help": "stream that fits the readout; default 3 periods"}
    )

    def __post_init__(self) -> None:
        """Check the fields; read the waveform of a file."""
        if self.kind not in KINDS:
            raise unknown_name("kind", self.kind, KINDS)
        if self.waveform not in WAVEFORMS and not self.values:
            object.__setattr__(self, "values", read_waveform(self.waveform))
        if self.values:
            object.__setattr__(self, "period", len(self.values))
            if not np.isfinite(self.values).all():
                raise ValueError("values must be finite")
        check_count("period", self.period, most=MOST_STEPS)
        delays = self.delay_set
        if self.kind == "gts" and len(delays) > 1:
            raise ValueError(f"delays of gts must be one number, got {self.delays!r}")
        if self.interval < 2 and self.kind not in MEASURED:
            raise ValueError(f"period must be >= 2 for {self.kind}, got {self.interval}")
        if not self.stages:
            raise ValueError("stages must name at least one number of periods")
        for stage in self.stages:
            check_count("stages", stage, most=MOST_STEPS)
        if self.steps is not None:
            check_count("steps", self.steps, most=MOST_STEPS)
            if self.steps < (WASHOUT + FITTED) * self.interval:
                raise ValueError(
                    f"steps must hold {WASHOUT + FITTED} periods of {self.interval}, "
                    f"got {self.steps}"
                )

    @property
    def inputs(self) -> int:
        """I: the spikes, where intervals are measured."""
        return int(self.kind in MEASURED)

    @property
    def generates(self) -> bool:
        """Whether the network's own output is fed back."""
        return self.kind not in MEASURED

    @property
    def tolerance(self) -> float:
        """The largest error that a stream goes on after."""
        return 0.3 if self.kind == "pfg" else 0.49

    @property
    def delay_set(self) -> tuple[int, ...]:
        """I, ascending."""
        usual = "0" if self.generates else "0,1"
        return parse_delays(self.delays or usual)

    @property
    def interval(self) -> int:
        """The period that is made, in steps."""
        return self.period + (self.delay_set[0] if self.kind == "gts" else 0)

    def sequences(self, rng: Generator) -> Split:
        """Return the streams; those of periodic kinds are not drawn.

        The test is a series of its own. Intervals: another stream, or with nmsd, where
        there are no others, the same intervals again. Periodic: teacher forcing lasts seven
        periods longer than in training.
        """
        if self.kind == "nmsd":
            return self._single_intervals(rng)
        if self.kind == "msd":
            return self._stream_of_intervals(rng)
        return self._periods()

    def loss(self, outputs: Array, targets: Array) -> Array:
        """Return (P,): below the tolerance where there is no error, see `stream_loss`."""
        return self.loss_against(targets)(outputs)

    def loss_against(self, targets: Array) -> Callable[[Array], Array]:
        """Return `loss` for these targets; all their rows are one stream."""
        expected = targets.reshape(-1)

        def loss(outputs: Array) -> Array:
            rows = outputs.reshape(len(outputs), -1)
            if not self.generates:
                return interval_loss(rows, expected, self.tolerance)
            largest = self.kind == "gts"
            return stream_loss(rows, expected, self.tolerance, largest=largest)

        return loss

    @property
    def differentiable(self) -> bool:
        """Whether the loss has a gradient: that of functions, as long as they go on."""
        return self.kind == "pfg"

    def loss_gradient(self, outputs: Array, targets: Array) -> tuple[float, Array]:
        """Return the logarithm of the loss of outputs (1, L, 1), and its gradient.

        A stream with an error has no gradient: its loss is inf.
        """
        return log_stream_loss_gradient(outputs, targets, self.tolerance)

    def measure(self, model: Predictor, split: Split) -> dict[str, float]:
        """Return the figures of the test.

        solved: 1 if 1,000 successes came without an error, else 0. successes: spikes or
        periods before the first error. max_abs_error, rmse: over the whole test.
        steps_per_evaluation: of a network that reaches the end of the first validation. For
        periodic kinds of networks also the figures of `stability`, and unsteady: the share
        of runs that noise of 1e-4 or a kick of 1e-3 ended, 1 for a network not solved.
        """
        outputs = np.stack(model.respond(split.test, free_running=self.generates))
        targets = np.stack([segment.targets for segment in split.test])
        figures = self._figures(outputs, targets)
        figures["steps_per_evaluation"] = float(steps_of(split))
        if self.generates and isinstance(model, Disturbable):
            start = split.test[0].start
            pattern = Pattern(self._period, start, self.tolerance, self._smooth)
            figures |= stability(model, pattern)
            ended = 1.0 - min(figures["noise_1e-4"], figures["kick_1e-3"])
            figures["unsteady"] = ended if figures["solved"] else 1.0
        return figures

    def baselines(self, split: Split) -> dict[str, dict[str, float]]:
        """Return the figures of a constant output: the mean of what fits the readout."""
        mean = float(np.mean([segment.targets.mean() for segment in split.train]))
        return {"mean of the targets": self.measure(Constant(mean), split)}

    def published(self) -> tuple[Published, ...]:
        """Return what is published for this kind and period."""
        if self.values:
            return ()
        return published(self.kind, self.period, self.delay_set, self.waveform)

    @property
    def _smooth(self) -> bool:
        """Whether the waveform's phase need not be a whole step."""
        return self.kind == "pfg" and self.waveform == "cos" and not self.values

    @property
    def _period(self) -> Array:
        """(F,): one period of what is made."""
        if self.kind == "gts":
            return spikes(self.interval)
        if self.values:
            return np.array(self.values)
        return waveform(self.waveform, self.period)

    def _figures(self, outputs: Array, targets: Array) -> dict[str, float]:
        """Return the metrics of outputs (N, L, 1)."""
        flat, expected = outputs.reshape(-1), targets.reshape(-1)
        reached = int(first_errors(flat[None], expected, self.tolerance)[0])
        successes = reached // (self.interval if self.generates else 1)
        with np.errstate(over="ignore", invalid="ignore"):
            error = np.abs(flat - expected)
            root = float(np.sqrt(np.square(error).mean()))
        return {
            "solved": float(successes >= SUCCESSES),
            "successes": float(successes),
            "max_abs_error": float(np.nan_to_num(error, nan=np.inf, posinf=np.inf).max()),
            "rmse": root if np.isfinite(root) else float("inf"),
        }

    def _periods(self) -> Split:
        shape, period = self._period, self.interval
        fitted = self.steps or (WASHOUT + FITTED) * period
        longest = max(self.stages)
        series = series_of(np.resize(shape, fitted + longest * period))
        later = fitted + 7 * period
        test = series_of(np.resize(shape, later + SUCCESSES * period))
        first, *others = (
            (Segment(series, fitted, fitted + stage * period),) for stage in self.stages
        )
        return Split(
            train=(Segment(series, WASHOUT * period, fitted),),
            validation=first,
            test=(Segment(test, later, test.steps),),
            confirmation=tuple(others),
        )

    def _stream_of_intervals(self, rng: Generator) -> Split:
        def stream(count: int) -> tuple[Segment, ...]:
            return delayed_spikes(rng, self.period, self.delay_set, count)

        return Split(
            train=stream(FITTED_SPIKES),
            validation=stream(SELECTING_SPIKES),
            confirmation=(stream(CONFIRMING_SPIKES),),
            test=stream(SUCCESSES),
        )

    def _single_intervals(self, rng: Generator) -> Split:
        delays = np.array(self.delay_set)
        return Split(
            train=single_delays(self.period, delays),
            validation=single_delays(self.period, delays),
            test=single_delays(self.period, rng.choice(delays, SUCCESSES)),
        )


@dataclass(frozen=True, slots=True)
class Constant:
    """A predictor whose output is constant."""

    value: float

    def respond(self, segments: Sequence[Segment], *, free_running: bool) -> list[Array]:
        """Return the value at every row."""
        return [np.full(segment.targets.shape, self.value) for segment in segments]


def series_of(signal: Array) -> Series:
    """Return a signal (T,) as a series without inputs."""
    return Series(np.zeros((len(signal), 0)), signal[:, None])


def steps_of(split: Split) -> int:
    """Return the steps of every series in train and first validation, each once."""
    stops: dict[int, int] = {}
    for segment in (*split.train, *split.validation):
        key = id(segment.series)
        stops[key] = max(stops.get(key, 0), segment.stop)
    return sum(stops.values())
