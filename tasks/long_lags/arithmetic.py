"""The adding and the multiplication problem: two marked numbers of a long sequence.

A step is a value and a marker. The marker is 1 at two steps, -1 at the first and the last
one, else 0. The first mark is at one of the first ten steps, the second at another one of
the first T/2 - 1. At the end the sum or the product of the marked values is wanted. If the
first step is marked, its value counts as 0 in the sum, as 1 in the product.

Source: Hochreiter & Schmidhuber 1997, Neural Computation 9(8), sections 5.4 and 5.5.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.random import Generator

from evolino.task.protocol import Published
from evolino.task.series import Segment
from evolino.tasks.long_lags.answer_at_end import (
    MOST_STEPS,
    AbsoluteErrors,
    AnswerAtEnd,
    check_counts,
    drawn_length,
    last_row,
)
from evolino.tasks.long_lags.published import presented
from evolino.vocabulary import Array, check_count

SHORTEST, EARLY = 22, 10  # steps; the first ten hold the first mark


def marked(rng: Generator, values: Array, neutral: float) -> tuple[Array, Array]:
    """Return the inputs (T, 2) of values (T,), and the two marked values.

    neutral: what stands for the value of the first step, if it is marked.
    """
    steps = len(values)
    first = int(rng.integers(EARLY))
    second = int(rng.integers(steps // 2 - 2))
    second += second >= first
    markers = np.zeros(steps)
    markers[[first, second]] = 1.0
    markers[[0, -1]] = -1.0
    chosen = values[[first, second]]
    chosen[[first == 0, second == 0]] = neutral
    return np.stack([values, markers], axis=1), chosen


@dataclass(frozen=True, slots=True)
class Adding(AnswerAtEnd):
    """Give 0.5 + (X1 + X2) / 4 of two marked values of -1 to 1.

    length: T; a sequence has T to T + T/10 steps. training, validation: sequences that fit
    the readout, and that select networks. confirmation: sequences that are put to those
    which do well. tested: test sequences; solved is a test with none off by 0.04 or more
    and a mean error below 0.01.

    Raises TypeError or ValueError, naming the field, for one out of its range.

    >>> import evolino
    >>> import numpy as np
    >>> split = evolino.Adding(length=30).sequences(np.random.default_rng(0))
    >>> len(split.train), split.train[0].targets.shape
    (100, (1, 1))
    """

    name: ClassVar[str] = "adding"
    inputs: ClassVar[int] = 2
    outputs: ClassVar[int] = 1
    tolerance: ClassVar[float] = 0.04

    length: int = field(default=100, metadata={"help": "steps of a sequence, at least"})
    training: int = field(default=100, metadata={"help": "sequences to fit"})
    validation: int = field(default=100, metadata={"help": "sequences to select by"})
    confirmation: int = field(default=0, metadata={"help": "sequences that confirm"})
    tested: int = field(default=2_560, metadata={"help": "test sequences"})

    def __post_init__(self) -> None:
        """Check the parameters."""
        check_count("length", self.length, least=SHORTEST, most=MOST_STEPS)
        check_counts(self)

    @property
    def longest(self) -> int:
        """Steps of a sequence at most."""
        return self.length + self.length // 10

    def draw(self, rng: Generator) -> Segment:
        """Return a sequence; its segment is the last row."""
        values = rng.uniform(-1.0, 1.0, drawn_length(rng, self.length))
        inputs, chosen = marked(rng, values, 0.0)
        return last_row(inputs, np.array([0.5 + chosen.sum() / 4.0]))

    def draw_test(self, rng: Generator) -> Segment:
        """Return a test sequence."""
        return self.draw(rng)

    def is_solved(self, errors: AbsoluteErrors) -> bool:
        """Return whether none is wrong, and the mean error is below 0.01."""
        return bool(errors.largest.max() < self.tolerance and errors.mean < 0.01)

    def published(self) -> tuple[Published, ...]:
        """Return the sequences that LSTM was presented with, by backpropagation."""
        known = {100: 74_000, 500: 209_000, 1_000: 853_000}
        return presented(known.get(self.length), "section 5.4, table 7")


@dataclass(frozen=True, slots=True)
class Multiplication(AnswerAtEnd):
    """Give the product of two marked values of 0 to 1.

    Parameters as of `Adding`. Solved is a test with fewer than 13 of 2,000 sequences off by
    0.04 or more, the stricter one of the paper's criteria.

    Raises TypeError or ValueError, naming the field, for one out of its range.

    >>> import evolino
    >>> import numpy as np
    >>> split = evolino.Multiplication(length=30).sequences(np.random.default_rng(0))
    >>> len(split.train), split.train[0].targets.shape
    (150, (1, 1))
    """

    name: ClassVar[str] = "multiplication"
    inputs: ClassVar[int] = 2
    outputs: ClassVar[int] = 1
    tolerance: ClassVar[float] = 0.04

    length: int = field(default=100, metadata={"help": "steps of a sequence, at least"})
    training: int = field(default=150, metadata={"help": "sequences to fit"})
    validation: int = field(default=150, metadata={"help": "sequences to select by"})
    confirmation: int = field(default=0, metadata={"help": "sequences that confirm"})
    tested: int = field(default=2_560, metadata={"help": "test sequences"})

    def __post_init__(self) -> None:
        """Check the parameters."""
        check_count("length", self.length, least=SHORTEST, most=MOST_STEPS)
        check_counts(self)

    @property
    def longest(self) -> int:
        """Steps of a sequence at most."""
        return self.length + self.length // 10

    def draw(self, rng: Generator) -> Segment:
        """Return a sequence; its segment is the last row."""
        values = rng.uniform(0.0, 1.0, drawn_length(rng, self.length))
        inputs, chosen = marked(rng, values, 1.0)
        return last_row(inputs, np.array([chosen.prod()]))

    def draw_test(self, rng: Generator) -> Segment:
        """Return a test sequence."""
        return self.draw(rng)

    def is_solved(self, errors: AbsoluteErrors) -> bool:
        """Return whether fewer than 13 of 2,000 are wrong."""
        wrong = (~(errors.largest < self.tolerance)).sum()
        return bool(wrong * 2_000 < 13 * len(errors.largest))

    def published(self) -> tuple[Published, ...]:
        """Return the sequences that LSTM was presented with, by backpropagation."""
        known = 1_273_000 if self.length == 100 else None
        return presented(known, "section 5.5, table 8")
