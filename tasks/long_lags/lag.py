"""Long lags with many distractor symbols: one early symbol decides the last one.

A sequence is b, then x or y, then q + k distractors of p symbols, then the trigger e, after
which the early symbol comes again: at e the network says which. k is geometric: it is j
with chance 0.1 x 0.9^j.

Source: Hochreiter & Schmidhuber 1997, Neural Computation 9(8), section 5.2, task 2c.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.random import Generator

from evolino.task.protocol import Published
from evolino.task.series import Segment
from evolino.task.symbols import Symbols
from evolino.tasks.long_lags.answer_at_end import (
    MOST_STEPS,
    AbsoluteErrors,
    AnswerAtEnd,
    check_counts,
    last_row,
)
from evolino.tasks.long_lags.published import presented
from evolino.vocabulary import check_count

STOP = 0.1  # chance that no further distractor comes
PRESENTED = {
    (50, 50): 30_000, (100, 100): 31_000, (200, 200): 33_000, (500, 500): 38_000,
    (1_000, 1_000): 49_000, (1_000, 500): 49_000, (1_000, 200): 75_000,
    (1_000, 100): 135_000, (1_000, 50): 203_000,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Lag(AnswerAtEnd):
    """Tell at the trigger which of two symbols came at the beginning.

    length: q, the distractors at least; the minimal lag is q + 1. distractors: p, the
    symbols that they are of. training, validation: sequences that fit the readout, and that
    select networks. confirmation: sequences that are put to those which do well. tested:
    test sequences; solved is a test with the errors of both outputs below 0.2 in all of
    them.

    Raises TypeError or ValueError, naming the field, for one out of its range.

    >>> import evolino
    >>> import numpy as np
    >>> split = evolino.Lag(length=10).sequences(np.random.default_rng(0))
    >>> len(split.train), split.train[0].targets.shape
    (25, (1, 2))
    """

    name: ClassVar[str] = "lag"
    outputs: ClassVar[int] = 2
    tolerance: ClassVar[float] = 0.2

    length: int = field(default=100, metadata={"help": "distractors, at least"})
    distractors: int = field(default=100, metadata={"help": "different ones"})
    training: int = field(default=25, metadata={"help": "sequences to fit"})
    validation: int = field(default=25, metadata={"help": "sequences to select by"})
    confirmation: int = field(default=0, metadata={"help": "sequences that confirm"})
    tested: int = field(default=10_000, metadata={"help": "test sequences"})

    def __post_init__(self) -> None:
        """Check the parameters."""
        check_count("length", self.length, least=0, most=MOST_STEPS)
        check_count("distractors", self.distractors, most=MOST_STEPS)
        check_counts(self)

    @property
    def inputs(self) -> int:
        """I: the distractors, then b, e, x and y."""
        return self.distractors + 4

    @property
    def longest(self) -> int:
        """Steps of a sequence, of those that are likely."""
        return self.length + 100

    def draw(self, rng: Generator) -> Segment:
        """Return a sequence; its segment is the last row, that of the trigger."""
        begin, trigger = self.distractors, self.distractors + 1
        which, between = int(rng.integers(2)), self.length + int(rng.geometric(STOP)) - 1
        early = self.distractors + 2 + which
        others = rng.integers(self.distractors, size=between)
        symbols = np.concatenate([[begin, early], others, [trigger]])
        return last_row(Symbols(symbols, self.inputs), np.eye(2)[which])

    def draw_test(self, rng: Generator) -> Segment:
        """Return a test sequence."""
        return self.draw(rng)

    def is_solved(self, errors: AbsoluteErrors) -> bool:
        """Return whether none is wrong."""
        return bool(errors.largest.max() < self.tolerance)

    def published(self) -> tuple[Published, ...]:
        """Return the sequences that LSTM was presented with, by backpropagation."""
        known = PRESENTED.get((self.length, self.distractors))
        return presented(known, "section 5.2, table 3")
