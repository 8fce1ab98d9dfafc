"""The embedded Reber grammar: which symbols can come next, also at the end of a string?

Long-range information is in the second symbol, which comes again as the last but one.
256 strings are for training, 256 others for the test. A string is right if at every step
the outputs of all symbols that can come are above those of all others.

Source: Hochreiter & Schmidhuber 1997, Neural Computation 9(8), section 5.1. There the
target is the symbol that comes; here it is every symbol that can come, as in `languages`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.random import Generator

from evolino.task.protocol import Predictor, Published
from evolino.task.series import Segment, Series, Split
from evolino.task.symbols import Symbols
from evolino.tasks.error_measures import rmse
from evolino.tasks.long_lags.answer_at_end import Constant
from evolino.tasks.long_lags.published import presented
from evolino.tasks.long_lags.reber_grammar import SYMBOLS, embedded_string
from evolino.vocabulary import Array, IntArray, check_count

MOST_STRINGS = 4_096  # different ones; the grammar has more, but they are rare
REST = 1e-3  # weight of the root mean squared error beside the margins


@dataclass(frozen=True, slots=True)
class Reber:
    """Predict which symbols can come next in strings of the embedded Reber grammar.

    training: strings that fit the readout and select networks. tested: others. No string
    comes twice.

    Raises TypeError or ValueError, naming the field, for one out of its range.

    >>> import evolino
    >>> import numpy as np
    >>> split = evolino.Reber(training=20).sequences(np.random.default_rng(0))
    >>> len(split.train), split.train[0].targets.shape
    (20, (15, 7))
    """

    name: ClassVar[str] = "reber"
    inputs: ClassVar[int] = len(SYMBOLS)
    outputs: ClassVar[int] = len(SYMBOLS)
    generates: ClassVar[bool] = False
    per_evaluation: ClassVar[tuple[str, ...]] = ("presented",)

    training: int = field(default=256, metadata={"help": "training strings"})
    tested: int = field(default=256, metadata={"help": "unseen test strings"})

    def __post_init__(self) -> None:
        """Check the parameters."""
        check_count("training", self.training, most=MOST_STRINGS)
        check_count("tested", self.tested, most=MOST_STRINGS)

    def sequences(self, rng: Generator) -> Split:
        """Return the split: training strings, which select networks too, and the test."""
        drawn: dict[bytes, Segment] = {}
        while len(drawn) < self.training + self.tested:
            symbols, possible = embedded_string(rng)
            if symbols.tobytes() not in drawn:
                drawn[symbols.tobytes()] = predicted(symbols, possible)
        every = list(drawn.values())
        return Split(
            train=tuple(every[: self.training]),
            validation=(),
            test=tuple(every[self.training :]),
        )

    def loss(self, outputs: Array, targets: Array) -> Array:
        """Return (P,): the root mean square of what margins lack to 1, and a thousandth of
        the root mean squared error."""
        return lack_of_margin(outputs, targets)

    def measure(self, model: Predictor, split: Split) -> dict[str, float]:
        """Return `wrong`, the test strings with a wrong prediction, `training_wrong`;
        `solved`, 1 where both are 0; `distinct`, the strings learnt from; `presented`, the
        same times evaluations."""
        wrong = strings_wrong(model, split.test)
        trained = strings_wrong(model, split.train)
        return {
            "solved": float(wrong + trained == 0),
            "wrong": float(wrong),
            "training_wrong": float(trained),
            "distinct": float(len(split.train)),
            "presented": float(len(split.train)),
        }

    def baselines(self, split: Split) -> dict[str, dict[str, float]]:
        """Return the figures of how often each symbol can come, at every step."""
        mean = np.concatenate([each.targets for each in split.train]).mean(axis=0)
        return {"frequencies": self.measure(Constant(mean), split)}

    def published(self) -> tuple[Published, ...]:
        """Return the strings that LSTM was presented with, by backpropagation."""
        usual = (self.training, self.tested) == (256, 256)
        return presented(8_440 if usual else None, "section 5.1, table 2")


def predicted(symbols: IntArray, possible: Array) -> Segment:
    """Return a string (T,) as a segment: all but its last symbol go in, and what can come
    after each (T - 1, 7) is predicted."""
    series = Series(Symbols(symbols[:-1], len(SYMBOLS)), possible[1:])
    return Segment(series, 0, series.steps)


def margins(outputs: Array, targets: Array) -> Array:
    """Return (P, N, L): the least output of a symbol that can come, minus the largest of
    one that cannot; NaN where there is no row, -inf for outputs that are not finite."""
    known = np.isfinite(targets).all(axis=-1)
    can = targets > 0.5
    finite = np.isfinite(outputs).all(axis=-1)
    shown = np.where(np.isfinite(outputs), outputs, 0.0)
    least = np.where(can, shown, np.inf).min(axis=-1)
    most = np.where(can, -np.inf, shown).max(axis=-1)
    with np.errstate(invalid="ignore"):
        found = np.where(finite, least - most, -np.inf)
    return np.where(known, found, np.nan)


def lack_of_margin(outputs: Array, targets: Array) -> Array:
    """Return (P,): the root mean square of what margins lack to 1, and a thousandth of the
    root mean squared error."""
    lacking = np.clip(1.0 - margins(outputs, targets), 0.0, None)
    with np.errstate(over="ignore"):
        short = np.sqrt(np.nanmean(np.square(lacking), axis=(1, 2)))
    return np.asarray(short + REST * rmse(outputs, targets))


def strings_wrong(model: Predictor, segments: Sequence[Segment]) -> int:
    """Return how many strings have a step at which a symbol that can come is not above all
    others."""
    outputs = model.respond(segments, free_running=False)
    pairs = zip(outputs, segments, strict=True)
    return sum(not bool((margins(o, s.targets) > 0).all()) for o, s in pairs)
