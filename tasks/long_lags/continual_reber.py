"""Continual embedded Reber strings: a stream without ends that resets nothing.

Embedded strings follow one another without a mark, and the network is never reset: it must
forget by itself. A stream is right up to the first step at which the squared errors of all
outputs together are 0.49 or more.

Source: Gers, Schmidhuber & Cummins 2000, Neural Computation 12(10) (recalled): streams end
after 10^5 symbols or at the first error. There the target is the symbol that comes; here it
is every symbol that can come, as in `languages`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.random import Generator

from evolino.task.protocol import Predictor, Published
from evolino.task.series import Segment, Series, Split
from evolino.task.symbols import Symbols
from evolino.tasks.long_lags.answer_at_end import Constant, DrawnSegments
from evolino.tasks.long_lags.reber import lack_of_margin
from evolino.tasks.long_lags.reber_grammar import SYMBOLS, embedded_string
from evolino.vocabulary import Array, check_count

MOST = 10_000_000  # symbols of all streams
WRONG = 0.49  # squared errors of a step


@dataclass(frozen=True, slots=True)
class ContinualReber:
    """Predict which symbols can come next in a stream of embedded Reber strings.

    training, validation: streams that fit the readout, and that select networks. length:
    symbols of such a stream. tested, test_length: test streams, and symbols of one.

    Raises TypeError or ValueError, naming the field, for one out of its range.

    >>> import evolino
    >>> import numpy as np
    >>> split = evolino.ContinualReber(length=50).sequences(np.random.default_rng(0))
    >>> len(split.train), split.train[0].targets.shape
    (4, (49, 7))
    """

    name: ClassVar[str] = "continual-reber"
    inputs: ClassVar[int] = len(SYMBOLS)
    outputs: ClassVar[int] = len(SYMBOLS)
    generates: ClassVar[bool] = False
    per_evaluation: ClassVar[tuple[str, ...]] = ("presented",)

    length: int = field(default=500, metadata={"help": "symbols of a training stream"})
    training: int = field(default=4, metadata={"help": "streams to fit"})
    validation: int = field(default=4, metadata={"help": "streams to select by"})
    tested: int = field(default=10, metadata={"help": "test streams"})
    test_length: int = field(default=100_000, metadata={"help": "symbols of these"})

    def __post_init__(self) -> None:
        """Check the parameters."""
        check_count("length", self.length, least=20, most=MOST)
        check_count("training", self.training, most=MOST)
        check_count("validation", self.validation, most=MOST)
        check_count("tested", self.tested, most=MOST)
        check_count("test_length", self.test_length, least=20, most=MOST)
        every = (self.training + self.validation) * self.length
        symbols = every + self.tested * self.test_length
        if symbols > MOST:
            raise ValueError(f"all streams must have <= {MOST:,} symbols, got {symbols:,}")

    def sequences(self, rng: Generator) -> Split:
        """Return the split; test streams are drawn lazily."""
        drawn = [stream(rng, self.length) for _ in range(self.training + self.validation)]
        test = DrawnSegments(self._draw_test, int(rng.integers(2**62)), self.tested)
        fitted, selecting = drawn[: self.training], drawn[self.training :]
        return Split(tuple(fitted), tuple(selecting), test, refit=tuple(drawn))

    def loss(self, outputs: Array, targets: Array) -> Array:
        """Return (P,): what margins lack, and a share of the error, as of `Reber`."""
        return lack_of_margin(outputs, targets)

    def measure(self, model: Predictor, split: Split) -> dict[str, float]:
        """Return `wrong`, the test streams with an error; `solved`, 1 where there is none;
        `symbols`, how many were right in a row, mean of the test streams; `distinct`, the
        symbols learnt from; `presented`, the same times evaluations."""
        right = [right_for(model, split.test[k]) for k in range(len(split.test))]
        streams = (*split.train, *split.validation)
        distinct = float(sum(segment.stop for segment in streams))
        return {
            "solved": float(min(right) >= self.test_length - 1),
            "wrong": float(sum(count < self.test_length - 1 for count in right)),
            "symbols": float(np.mean(right)),
            "distinct": distinct,
            "presented": distinct,
        }

    def baselines(self, split: Split) -> dict[str, dict[str, float]]:
        """Return the figures of how often each symbol can come, at every step."""
        mean = np.concatenate([each.targets for each in split.train]).mean(axis=0)
        return {"frequencies": self.measure(Constant(mean), split)}

    def published(self) -> tuple[Published, ...]:
        """Return nothing: what is published is how many networks never err."""
        return ()

    def _draw_test(self, rng: Generator) -> Segment:
        return stream(rng, self.test_length)


def stream(rng: Generator, length: int) -> Segment:
    """Return a stream of `length` symbols as a segment: all but the last one go in, and
    what can come after each is predicted."""
    symbols, possible, steps = [], [], 0
    while steps < length:
        indices, rows = embedded_string(rng)
        symbols.append(indices)
        possible.append(rows)
        steps += len(indices)
    indices = np.concatenate(symbols)[: length - 1]
    targets = np.concatenate(possible)[1:length]
    return Segment(Series(Symbols(indices, len(SYMBOLS)), targets), 0, length - 1)


def right_for(model: Predictor, segment: Segment) -> int:
    """Return how many steps of a stream are right before the first one that is not."""
    (outputs,) = model.respond([segment], free_running=False)
    with np.errstate(over="ignore", invalid="ignore"):
        squared = np.square(outputs - segment.targets).sum(axis=1)
    right = squared < WRONG  # what is not a number is not
    return len(right) if right.all() else int(np.argmin(right))
