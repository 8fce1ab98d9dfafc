"""Mackey-Glass task: continue a chaotic delay equation, error at step 84.

dy/dt = 0.2 y(t - tau) / (1 + y(t - tau)^10) - 0.1 y(t), Euler steps of 0.1, every tenth
kept, squashed by tanh(y - 1). Source: Jaeger 2001, GMD Report 148, section 6.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.random import Generator

from evolino.task.protocol import Predictor, Published
from evolino.task.series import Segment, Series, Split
from evolino.tasks.error_measures import deviation
from evolino.vocabulary import Array, IntArray, check_count, check_number

LARGEST = 0.99  # |tanh(y - 1)| never gets here; keeps arctanh finite for wild outputs
TRANSIENT = 1000  # time units dropped while the equation forgets its random history
EVERY = 7  # horizons 7, 14, .. enter the loss

MOST_STEPS = 1_000_000


@dataclass(frozen=True, slots=True)
class MackeyGlass:
    """Free runs of 84 steps after teacher forcing on a chaotic series.

    tau: the delay in time units. step: of the Euler method; tau and 1 are multiples of it.
    steps, washout: of the training series. horizon: length of a free run.
    settling, validation_starts: the free runs that select networks lie in the dropped
    steps after the first `settling`, since no readout is fitted there; how many they are.
    test_starts: free runs on another trajectory, for the reported figure. refit_from: the
    readout of the trained model is solved on the rows from here on, dropped ones among
    them; 0 solves it after the washout, as that of every candidate.

    Raises TypeError or ValueError, naming the field, for one out of its range.

    >>> import evolino
    >>> import numpy as np
    >>> split = evolino.MackeyGlass().sequences(np.random.default_rng(0))
    >>> len(split.train), split.train[0].targets.shape
    (1, (2000, 1))
    """

    name: ClassVar[str] = "mackey-glass"
    inputs: ClassVar[int] = 0
    outputs: ClassVar[int] = 1
    generates: ClassVar[bool] = True

    tau: float = field(default=17.0, metadata={"help": "delay in time units, 17 or 30"})
    step: float = field(default=0.1, metadata={"help": "Euler step"})
    steps: int = field(default=3000, metadata={"help": "length of the training series"})
    washout: int = field(default=1000, metadata={"help": "steps dropped before fitting"})
    horizon: int = field(default=84, metadata={"help": "length of a free run"})
    settling: int = field(default=150, metadata={"help": "steps before validation runs"})
    validation_starts: int = field(default=96, metadata={"help": "validation free runs"})
    test_starts: int = field(default=100, metadata={"help": "test free runs, at least 50"})
    refit_from: int = field(
        default=0, metadata={"help": "first row of the trained readout, 0: washout"}
    )

    def __post_init__(self) -> None:
        """Check the parameters."""
        check_number("step", self.step, above=0)
        check_number("tau", self.tau, above=0)
        for name, value in (("tau", self.tau), ("one time unit", 1.0)):
            if abs(value / self.step - round(value / self.step)) > 1e-9:
                raise ValueError(
                    f"{name} must be a multiple of step={self.step:g}, got {value:g}"
                )
        for name in ("steps", "validation_starts"):
            check_count(name, getattr(self, name), most=MOST_STEPS)
        check_count("horizon", self.horizon, least=EVERY)
        check_count("test_starts", self.test_starts, least=50, most=MOST_STEPS)
        check_count("washout", self.washout)
        check_count("settling", self.settling)
        check_count("refit_from", self.refit_from, least=0, most=self.washout)
        if self.steps - self.washout < self.horizon:
            raise ValueError(
                f"steps={self.steps} is too short for washout={self.washout} and a free "
                f"run of horizon={self.horizon}"
            )
        if self.washout - self.settling < self.horizon:
            raise ValueError(
                f"no free run of horizon={self.horizon} fits between settling="
                f"{self.settling} and the end of the washout, washout={self.washout}"
            )

    def sequences(self, rng: Generator) -> Split:
        """Return the split: one trajectory to learn from, another one to test on."""
        training = self._series(rng, self.steps)
        tested = self._series(rng, self.washout + self.test_starts * self.horizon)
        return Split(
            train=(Segment(training, self.washout, self.steps),),
            validation=self._runs(training, self._validation_starts()),
            test=self._runs(
                tested, self.washout + self.horizon * np.arange(self.test_starts)
            ),
            refit=self._refit(training),
        )

    def loss(self, outputs: Array, targets: Array) -> Array:
        """Return (P,): the geometric mean of the NRMSE at horizons 7, 14, .., 84.

        The one-step error generalises badly and the error at step 84 alone overfits its
        starts; an output outside the series' range counts as the range's end.
        """
        bounded = np.where(
            np.isfinite(outputs), np.clip(outputs, -LARGEST, LARGEST), LARGEST
        )
        errors = (bounded - targets)[:, :, EVERY - 1 :: EVERY]
        root = np.sqrt(np.square(errors).mean(axis=(1, 3))) / deviation(targets)
        with np.errstate(divide="ignore"):
            return np.asarray(np.exp(np.log(root).mean(axis=1)))

    def loss_gradient(self, outputs: Array, targets: Array) -> tuple[float, Array]:
        """Return the logarithm of the loss of outputs (N, L, K), and its gradient.

        Outputs that are outside the series' range pass nothing on. Of free runs of fewer
        than 7 steps only the last one counts.
        """
        counted = slice(min(EVERY, outputs.shape[1]) - 1, None, EVERY)
        given = outputs[:, counted]
        inside = np.abs(given) <= LARGEST
        bounded, all_inside = given, inside.all()
        if not all_inside:
            cut = np.clip(given, -LARGEST, LARGEST)
            bounded = np.where(np.isfinite(given), cut, LARGEST)
        errors = bounded - targets[:, counted]
        mean_squares = np.square(errors).mean(axis=(0, 2))
        count, horizons, width = errors.shape
        loss = np.log(np.sqrt(mean_squares) / deviation(targets[None])).mean()
        gradient = np.zeros_like(outputs)
        slopes = errors / (mean_squares[:, None] * (count * width * horizons))
        gradient[:, counted] = slopes if all_inside else np.where(inside, slopes, 0.0)
        return float(loss), gradient

    def measure(self, model: Predictor, split: Split) -> dict[str, float]:
        """Return NRMSE84 and the median over starts, both in original coordinates."""
        outputs = np.stack(model.respond(split.test, free_running=True))
        return self._figures(outputs[:, -1, 0], split)

    def baselines(self, split: Split) -> dict[str, dict[str, float]]:
        """Return the figures of repeating the last value, and of the series' mean."""
        last = np.array([s.series.targets[s.start - 1, 0] for s in split.test])
        mean = np.full(len(last), split.train[0].targets.mean())
        return {
            "repeat the last value": self._figures(last, split),
            "mean of the series": self._figures(mean, split),
        }

    def published(self) -> tuple[Published, ...]:
        """Return what is published for this delay on 3,000 training steps."""
        if self.horizon != 84 or self.steps != 3000:
            return ()
        return PUBLISHED.get(self.tau, ())

    def _figures(self, last_outputs: Array, split: Split) -> dict[str, float]:
        finite = np.where(np.isfinite(last_outputs), last_outputs, LARGEST)
        predicted = original(np.clip(finite, -LARGEST, LARGEST))
        series = original(split.test[0].series.targets[:, 0])
        targets = np.array([series[segment.stop - 1] for segment in split.test])
        error = np.abs(predicted - targets) / series.std()
        key = f"nrmse{self.horizon}"
        return {
            key: float(np.sqrt(np.square(error).mean())),
            f"{key}_median": float(np.median(error)),
        }

    def _validation_starts(self) -> IntArray:
        """Return the first rows of the validation runs, evenly spread."""
        last = self.washout - self.horizon
        return np.linspace(self.settling, last, self.validation_starts).astype(np.int64)

    def _refit(self, training: Series) -> tuple[Segment, ...]:
        """Return the rows of the trained readout; none where they are those of train."""
        if self.refit_from in (0, self.washout):
            return ()
        return (Segment(training, self.refit_from, self.steps),)

    def _series(self, rng: Generator, length: int) -> Series:
        signal = np.tanh(trajectory(rng, length, tau=self.tau, step=self.step) - 1.0)
        return Series(np.zeros((length, 0)), signal[:, None])

    def _runs(self, series: Series, starts: IntArray) -> tuple[Segment, ...]:
        return tuple(Segment(series, int(s), int(s) + self.horizon) for s in starts)


PUBLISHED: dict[float, tuple[Published, ...]] = {
    17.0: (
        Published("nrmse84", 1.9e-3, "Evolino, 30 cells", "Schmidhuber et al. 2005, IJCAI"),
        Published("nrmse84", 2.8e-4, "ESN, 400 units", "Jaeger 2001, GMD-148", True),
        Published(
            "nrmse84", 6.3e-5, "ESN, 1,000 units", "Jaeger & Haas 2004, Science 304", False
        ),
    ),
    30.0: (Published("nrmse84", 0.11, "ESN, 400 units", "Jaeger 2001, GMD-148", True),),
}


def original(values: Array) -> Array:
    """Return y of tanh(y - 1)."""
    return np.asarray(np.arctanh(values) + 1.0)


def trajectory(rng: Generator, length: int, *, tau: float, step: float) -> Array:
    """Return (length,): y at whole time units, after a transient from a random history.

    The history is 1.2 with uniform noise of +-0.1.
    """
    delay, every = round(tau / step), round(1.0 / step)
    y = (1.2 + 0.2 * (rng.random(delay + 1) - 0.5)).tolist()
    for n in range((length + TRANSIENT) * every):
        late = y[n]
        y.append(y[-1] + step * (0.2 * late / (1.0 + late**10) - 0.1 * y[-1]))
    return np.array(y[delay + TRANSIENT * every :: every][:length])
