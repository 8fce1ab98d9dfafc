"""Long lags without noise, or with random distractors: predict the next symbol.

A sequence is x or y, then p - 1 symbols, then x or y again, the same as at first. In kind
"2a" the symbols between are a1 .. ap-1 in order, so that there are two sequences only, and
the next symbol is predicted at every step. In kind "2b" they are drawn at random, and the
last symbol alone can be predicted.

Source: Hochreiter & Schmidhuber 1997, Neural Computation 9(8), section 5.2, tasks 2a, 2b.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar, Literal, get_args

import numpy as np
from numpy.random import Generator

from evolino.task.protocol import Published
from evolino.task.series import Segment, Series, Split
from evolino.task.symbols import Symbols
from evolino.tasks.long_lags.answer_at_end import (
    AbsoluteErrors,
    AnswerAtEnd,
    DrawnSegments,
    check_counts,
    last_row,
)
from evolino.tasks.long_lags.published import presented
from evolino.vocabulary import check_count, unknown_name

Kind = Literal["2a", "2b"]
KINDS = get_args(Kind)
LONGEST = 2_000  # p; inputs and outputs are p + 1
PRESENTED = {"2a": 5_040, "2b": 5_680}


@dataclass(frozen=True, slots=True)
class NoiseFree(AnswerAtEnd):
    """Predict that the first symbol comes again at the end.

    kind: "2a" or "2b". length: p. training, validation: sequences of 2b that fit the
    readout, and that select networks; in 2a it is both sequences that do both.
    confirmation: sequences of 2b that are put to networks which do well. tested: test
    sequences; solved is a test with all errors of all outputs below 0.25: at every step in
    2a, at the end in 2b.

    Raises TypeError or ValueError, naming the field, for one out of its range.

    >>> import evolino
    >>> import numpy as np
    >>> split = evolino.NoiseFree(length=10).sequences(np.random.default_rng(0))
    >>> len(split.train), split.train[0].targets.shape
    (2, (10, 11))
    """

    name: ClassVar[str] = "noise-free"
    tolerance: ClassVar[float] = 0.25

    kind: Kind = field(default="2a", metadata={"help": "in order (2a) or at random (2b)"})
    length: int = field(default=100, metadata={"help": "steps from first to last symbol"})
    training: int = field(default=100, metadata={"help": "sequences to fit, of 2b"})
    validation: int = field(default=100, metadata={"help": "to select by, of 2b"})
    confirmation: int = field(default=0, metadata={"help": "sequences that confirm, of 2b"})
    tested: int = field(default=10_000, metadata={"help": "test sequences"})

    def __post_init__(self) -> None:
        """Check the parameters."""
        if self.kind not in KINDS:
            raise unknown_name("kind", self.kind, KINDS)
        check_count("length", self.length, least=2, most=LONGEST)
        check_counts(self)

    @property
    def inputs(self) -> int:
        """I: p - 1 symbols between, x and y."""
        return self.length + 1

    @property
    def outputs(self) -> int:
        """K: one for each symbol."""
        return self.length + 1

    @property
    def longest(self) -> int:
        """Steps of a sequence, without the last symbol."""
        return self.length

    def sequences(self, rng: Generator) -> Split:
        """Return the split: of 2a both sequences, which select networks too."""
        if self.kind == "2b":
            return super(NoiseFree, self).sequences(rng)
        both = tuple(self._in_order(which) for which in range(2))
        test = DrawnSegments(self.draw_test, int(rng.integers(2**62)), self.tested)
        return Split(train=both, validation=(), test=test)

    def draw(self, rng: Generator) -> Segment:
        """Return a sequence; its segment is what can be predicted."""
        which = int(rng.integers(2))
        if self.kind == "2a":
            return self._in_order(which)
        others = rng.integers(self.length - 1, size=self.length - 1)
        first = self.length - 1 + which
        symbols = np.concatenate([[first], others])
        return last_row(Symbols(symbols, self.inputs), np.eye(self.outputs)[first])

    def draw_test(self, rng: Generator) -> Segment:
        """Return a test sequence."""
        return self.draw(rng)

    def is_solved(self, errors: AbsoluteErrors) -> bool:
        """Return whether none is wrong."""
        return bool(errors.largest.max() < self.tolerance)

    def published(self) -> tuple[Published, ...]:
        """Return the sequences that LSTM was presented with, by backpropagation."""
        known = PRESENTED[self.kind] if self.length == 100 else None
        return presented(known, "section 5.2")

    def _in_order(self, which: int) -> Segment:
        """Return a sequence of 2a, x or y; every row of it is predicted."""
        symbols = np.array(list(_around(self.length, self.length - 1 + which)))
        targets = np.eye(self.outputs)[symbols[1:]]
        series = Series(Symbols(symbols[:-1], self.inputs), targets)
        return Segment(series, 0, self.length)


def _around(length: int, first: int) -> Iterator[int]:
    """Yield a symbol, those between in order, and the first one again."""
    yield first
    yield from range(length - 1)
    yield first
