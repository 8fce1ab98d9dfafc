"""Multiple superimposed oscillators (MSO): continue a sum of sines in free run.

Protocol: integer steps, 100 of washout, the readout fitted on steps 101-400, a free run on
401-700. Source: Schmidhuber, Wierstra & Gomez 2005, IJCAI, section 3.2 (recalled); the
frequencies from 0.63 on: Roeschies & Igel 2010, Otte et al. 2016.

The task is linear: two coefficients a sine continue it. What is of interest is how far a
network of squashed cells gets, for how long, and under noise; so the linear autoregressions
are always printed beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.random import Generator

from evolino.task.protocol import Predictor, Published
from evolino.task.series import Segment, Series, Split
from evolino.tasks.error_measures import log_nrmse_gradient, nrmse, nrmse_against
from evolino.vocabulary import Array, check_count, check_number

FREQUENCIES = (0.2, 0.311, 0.42, 0.51, 0.63, 0.74, 0.85, 0.97, 1.08, 1.19, 1.27, 1.32)
PAPER_FREQUENCIES = (0.2, 0.311, 0.42, 0.51, 0.74)
WASHOUT, SELECT, END = 100, 300, 400


@dataclass(frozen=True, slots=True)
class Oscillators:
    """Generate the sum of sines sin(f x), x = 1, 2, ..., in free run.

    sines: how many of the standard frequencies. frequencies: others, in radians a step.
    noise: standard deviation of the noise on the steps that train and prime the network;
    the test stays clean. free_run: steps of the test.

    Raises TypeError or ValueError, naming the field, for one out of its range.

    >>> import evolino
    >>> import numpy as np
    >>> split = evolino.Oscillators(sines=3).sequences(np.random.default_rng(0))
    >>> len(split.train), split.train[0].targets.shape
    (1, (200, 1))
    """

    name: ClassVar[str] = "mso"
    inputs: ClassVar[int] = 0
    outputs: ClassVar[int] = 1
    generates: ClassVar[bool] = True

    sines: int = field(default=5, metadata={"help": "how many standard sines, 1 to 12"})
    frequencies: tuple[float, ...] = field(
        default=(), metadata={"help": "own frequencies in radians a step: 0.2,0.311"}
    )
    noise: float = field(default=0.0, metadata={"help": "noise on the training steps"})
    free_run: int = field(default=300, metadata={"help": "length of the test's free run"})

    def __post_init__(self) -> None:
        """Check the parameters."""
        check_count("sines", self.sines)
        if self.sines > len(FREQUENCIES):
            raise ValueError(f"sines must be <= {len(FREQUENCIES)}, got {self.sines}")
        for frequency in self.frequencies:
            check_number("frequencies", frequency, above=0)
            if frequency >= np.pi:
                raise ValueError(f"frequencies must be below pi, got {frequency:g}")
        check_number("noise", self.noise, least=0)
        check_count("free_run", self.free_run)

    @property
    def angular_frequencies(self) -> tuple[float, ...]:
        """The frequencies in use, in radians a step."""
        return self.frequencies or FREQUENCIES[: self.sines]

    def sequences(self, rng: Generator) -> Split:
        """Return the split: fit on 101-300, select on 301-400, refit on both, then test."""
        steps = np.arange(1, END + self.free_run + 1)
        signal = np.sin(np.outer(steps, self.angular_frequencies)).sum(axis=1)
        signal[:END] += self.noise * rng.normal(size=END)
        series = Series(np.zeros((len(steps), 0)), signal[:, None])
        return Split(
            train=(Segment(series, WASHOUT, SELECT),),
            validation=(Segment(series, SELECT, END),),
            test=(Segment(series, END, END + self.free_run),),
            refit=(Segment(series, WASHOUT, END),),
        )

    def loss(self, outputs: Array, targets: Array) -> Array:
        """Return (P,): the normalised root mean squared error of the free run."""
        return nrmse(outputs, targets)

    def loss_against(self, targets: Array) -> Callable[[Array], Array]:
        """Return the loss against these targets."""
        return nrmse_against(targets)

    def loss_gradient(self, outputs: Array, targets: Array) -> tuple[float, Array]:
        """Return the logarithm of the loss of outputs (N, L, K), and its gradient."""
        return log_nrmse_gradient(outputs, targets)

    def measure(self, model: Predictor, split: Split) -> dict[str, float]:
        """Return test_nrmse and the largest absolute error of the free run."""
        outputs = np.stack(model.respond(split.test, free_running=True))
        return _figures(outputs, np.stack([segment.targets for segment in split.test]))

    def baselines(self, split: Split) -> dict[str, dict[str, float]]:
        """Return the figures of linear autoregressions with 2 and 8 coefficients a sine."""
        count = len(self.angular_frequencies)
        return {
            f"AR({order})": autoregression(split, order) for order in (2 * count, 8 * count)
        }

    def published(self) -> tuple[Published, ...]:
        """Return what is published for these frequencies, without noise, on 300 steps."""
        if self.noise or self.free_run != 300:
            return ()
        return tuple(
            Published("test_nrmse", value, method, source)
            for frequencies, value, method, source in PUBLISHED
            if frequencies == self.angular_frequencies
        )


EVOLINO = "Schmidhuber, Wierstra & Gomez 2005, IJCAI, table 2"
BALANCED = "Koryakin, Lohmann & Butz 2012"
PUBLISHED: Sequence[tuple[tuple[float, ...], float, str, str]] = (
    (FREQUENCIES[:2], 4.15e-3, "Evolino, 10 cells", EVOLINO),
    (FREQUENCIES[:3], 8.04e-3, "Evolino, 15 cells", EVOLINO),
    (FREQUENCIES[:4], 0.110, "Evolino, 20 cells", EVOLINO),
    (PAPER_FREQUENCIES, 0.166, "Evolino, 20 cells", EVOLINO),
    (FREQUENCIES[:2], 2.51e-12, "balanced ESN", BALANCED),
    (FREQUENCIES[:5], 1.06e-6, "balanced ESN", BALANCED),
    (FREQUENCIES[:8], 2.73e-4, "balanced ESN", BALANCED),
)


def autoregression(split: Split, order: int) -> dict[str, float]:
    """Return the figures of y(t) = sum_j a_j y(t-j), j = 1..order, by least squares.

    Fitted on the rows that the readout's final fit uses, then run freely over the test.
    """
    (fitted,), (test,) = split.refit, split.test
    signal = fitted.series.targets[:, 0]
    rows = np.arange(max(fitted.start, order), fitted.stop)
    lagged = signal[rows[:, None] - np.arange(1, order + 1)]
    coefficients = np.linalg.lstsq(lagged, signal[rows], rcond=None)[0]
    history = list(signal[test.start - order : test.start])
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(test.stop - test.start):
            history.append(float(coefficients @ np.array(history[: -order - 1 : -1])))
    return _figures(np.array(history[order:])[None, :, None], test.targets[None])


def _figures(outputs: Array, targets: Array) -> dict[str, float]:
    """Return the metrics of a free run. outputs, targets: (N, L, 1)."""
    with np.errstate(invalid="ignore", over="ignore"):
        largest = float(np.abs(outputs - targets).max())
    return {
        "test_nrmse": float(nrmse(outputs[None], targets)[0]),
        "test_max_abs_error": largest if np.isfinite(largest) else float("inf"),
    }
