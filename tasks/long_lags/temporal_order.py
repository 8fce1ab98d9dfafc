"""The temporal order problem: in which order did relevant symbols come, far apart?

A sequence begins with E and ends with B; between them are distractors a, b, c, d, but X or
Y at two steps (kind "6a") or three (kind "6b"). At the end the network says the order, one
output for each of the 4 or 8 classes.

Source: Hochreiter & Schmidhuber 1997, Neural Computation 9(8), section 5.6.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal, get_args

import numpy as np
from numpy.random import Generator

from evolino.task.protocol import Published
from evolino.task.series import Segment
from evolino.task.symbols import Symbols
from evolino.tasks.long_lags.answer_at_end import (
    AbsoluteErrors,
    AnswerAtEnd,
    check_counts,
    last_row,
)
from evolino.tasks.long_lags.published import presented
from evolino.vocabulary import unknown_name

Kind = Literal["6a", "6b"]
KINDS = get_args(Kind)
SYMBOLS = "EBabcdXY"
FIRST_RELEVANT, FIRST_DISTRACTOR, DISTRACTORS = 6, 2, 4
# First and last steps of the relevant symbols.
PLACES = {"6a": ((10, 20), (50, 60)), "6b": ((10, 20), (33, 43), (66, 76))}
SHORTEST, LONGEST = 100, 110
PRESENTED = {"6a": 31_390, "6b": 571_100}


@dataclass(frozen=True, slots=True)
class TemporalOrder(AnswerAtEnd):
    """Tell the order of two or three relevant symbols, among distractors.

    kind: "6a" or "6b". training, validation: sequences that fit the readout, and that
    select networks. confirmation: sequences that are put to those which do well. tested:
    test sequences; solved is a test with all outputs within 0.3 and a mean error below 0.1.

    Raises TypeError or ValueError, naming the field, for one out of its range.

    >>> import evolino
    >>> import numpy as np
    >>> split = evolino.TemporalOrder().sequences(np.random.default_rng(0))
    >>> len(split.train), split.train[0].targets.shape
    (200, (1, 4))
    """

    name: ClassVar[str] = "order"
    inputs: ClassVar[int] = len(SYMBOLS)
    tolerance: ClassVar[float] = 0.3

    kind: Kind = field(default="6a", metadata={"help": "two symbols (6a) or three (6b)"})
    training: int = field(default=200, metadata={"help": "sequences to fit"})
    validation: int = field(default=200, metadata={"help": "sequences to select by"})
    confirmation: int = field(default=0, metadata={"help": "sequences that confirm"})
    tested: int = field(default=2_560, metadata={"help": "test sequences"})

    def __post_init__(self) -> None:
        """Check the parameters."""
        if self.kind not in KINDS:
            raise unknown_name("kind", self.kind, KINDS)
        check_counts(self)

    @property
    def outputs(self) -> int:
        """K: the classes."""
        return int(2 ** len(PLACES[self.kind]))

    @property
    def longest(self) -> int:
        """Steps of a sequence at most."""
        return LONGEST

    def draw(self, rng: Generator) -> Segment:
        """Return a sequence; its segment is the last row."""
        length = int(rng.integers(SHORTEST, LONGEST + 1))
        symbols = FIRST_DISTRACTOR + rng.integers(DISTRACTORS, size=length)
        symbols[0], symbols[-1] = SYMBOLS.index("E"), SYMBOLS.index("B")
        order = 0
        for first, last in PLACES[self.kind]:
            which = int(rng.integers(2))
            symbols[int(rng.integers(first, last + 1))] = FIRST_RELEVANT + which
            order = 2 * order + which
        answer = np.eye(self.outputs)[order]
        return last_row(Symbols(symbols, self.inputs), answer)

    def draw_test(self, rng: Generator) -> Segment:
        """Return a test sequence."""
        return self.draw(rng)

    def is_solved(self, errors: AbsoluteErrors) -> bool:
        """Return whether none is wrong, and the mean error is below 0.1."""
        return bool(errors.largest.max() < self.tolerance and errors.mean < 0.1)

    def published(self) -> tuple[Published, ...]:
        """Return the sequences that LSTM was presented with, by backpropagation."""
        return presented(PRESENTED[self.kind], "section 5.6, table 9")
