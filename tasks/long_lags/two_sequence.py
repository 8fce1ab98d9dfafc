"""The two-sequence problem: the first inputs of a long noisy sequence tell its class.

The first N inputs are 1 in class 1 and -1 in class 2, what follows is normal noise of
variance 0.2. At the end the target is 1 in class 1, 0 in class 2 (kind "3a"). In kind "3b"
the first inputs have the same noise on them. In kind "3c" targets are 0.2 and 0.8 with
normal noise of deviation 0.32 on them: their mean is to be learnt.

Source: Hochreiter & Schmidhuber 1997, Neural Computation 9(8), section 5.3.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar, Literal, get_args

import numpy as np
from numpy.random import Generator

from evolino.task.protocol import Published
from evolino.task.series import Segment
from evolino.tasks.error_measures import log_nrmse_gradient, rmse, rmse_against
from evolino.tasks.long_lags.answer_at_end import (
    MOST_STEPS,
    AbsoluteErrors,
    AnswerAtEnd,
    check_counts,
    drawn_length,
    last_row,
)
from evolino.tasks.long_lags.published import presented
from evolino.vocabulary import Array, check_count, check_flag, unknown_name

Kind = Literal["3a", "3b", "3c"]
KINDS = get_args(Kind)
NOISE, TARGET_NOISE = 0.2**0.5, 0.32  # standard deviations
# Of each kind: errors of a test sequence that count as wrong, the bound of the mean error,
# and how many of 256 there must be fewer of than, 0 where none may be wrong.
CRITERIA = {"3a": (0.2, 0.01, 0), "3b": (0.2, 0.04, 6), "3c": (0.1, 0.015, 0)}
PRESENTED = {
    ("3a", 100, 3): 39_850, ("3a", 100, 1): 64_330, ("3a", 1_000, 3): 452_460,
    ("3b", 100, 3): 43_250, ("3b", 100, 1): 78_430, ("3b", 1_000, 1): 485_080,
    ("3c", 100, 3): 269_650, ("3c", 100, 1): 565_640,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class TwoSequence(AnswerAtEnd):
    """Say at the end to which of two classes the first inputs of a sequence belong.

    kind: "3a", "3b" or "3c". length: T; a sequence has T to T + T/10 steps. informative: N,
    the inputs that tell the class. training, validation: sequences that fit the readout,
    and that select networks. confirmation: sequences that are put to those which do well.
    tested: test sequences. capped: an error beyond the tolerance counts as much as one at
    it, in the root mean square that evolution minimises: the plain one favours answers
    between the classes where noise turns an input round. Solved is a test with a mean error
    below 0.01, 0.04, 0.015 by the kind, and none wrong; in 3b fewer than 6 of 256.

    Raises TypeError or ValueError, naming the field, for one out of its range.

    >>> import evolino
    >>> import numpy as np
    >>> split = evolino.TwoSequence(length=10).sequences(np.random.default_rng(0))
    >>> len(split.train), split.train[0].targets.shape
    (150, (1, 1))
    """

    name: ClassVar[str] = "two-sequence"
    inputs: ClassVar[int] = 1
    outputs: ClassVar[int] = 1

    kind: Kind = field(default="3a", metadata={"help": "noise: 3a, 3b or 3c"})
    length: int = field(default=100, metadata={"help": "steps of a sequence, at least"})
    informative: int = field(default=3, metadata={"help": "inputs that tell the class"})
    training: int = field(default=150, metadata={"help": "sequences to fit"})
    validation: int = field(default=150, metadata={"help": "sequences to select by"})
    confirmation: int = field(default=0, metadata={"help": "sequences that confirm"})
    tested: int = field(default=2_560, metadata={"help": "test sequences"})
    capped: bool = field(
        default=False,
        metadata={"help": "errors beyond the tolerance count no more than it"},
    )

    def __post_init__(self) -> None:
        """Check the parameters."""
        if self.kind not in KINDS:
            raise unknown_name("kind", self.kind, KINDS)
        check_count("length", self.length, least=2, most=MOST_STEPS)
        check_count("informative", self.informative, most=self.length - 1)
        check_counts(self)
        check_flag("capped", self.capped)

    @property
    def tolerance(self) -> float:
        """A test sequence with an absolute error of this or more is wrong."""
        return CRITERIA[self.kind][0]

    @property
    def longest(self) -> int:
        """Steps of a sequence at most."""
        return self.length + self.length // 10

    def draw(self, rng: Generator) -> Segment:
        """Return a sequence; its segment is the last row."""
        return self._drawn(rng, TARGET_NOISE if self.kind == "3c" else 0.0)

    def draw_test(self, rng: Generator) -> Segment:
        """Return a test sequence, whose target has no noise."""
        return self._drawn(rng, 0.0)

    def loss(self, outputs: Array, targets: Array) -> Array:
        """Return (P,): the root mean squared error of the answers, capped or not."""
        return rmse(self._counting(outputs, targets), targets)

    def loss_against(self, targets: Array) -> Callable[[Array], Array]:
        """Return the loss against targets, for any outputs."""
        error = rmse_against(targets)
        return lambda outputs: error(self._counting(outputs, targets))

    def loss_gradient(self, outputs: Array, targets: Array) -> tuple[float, Array]:
        """Return the logarithm of the loss, up to a constant, and its gradient."""
        counting = self._counting(outputs, targets)
        loss, gradient = log_nrmse_gradient(counting, targets)
        return loss, np.where(counting == outputs, gradient, 0.0)

    def is_solved(self, errors: AbsoluteErrors) -> bool:
        """Return whether the test meets the criterion of the kind."""
        tolerance, mean, fewer = CRITERIA[self.kind]
        wrong = int((~(errors.largest < tolerance)).sum())
        few = wrong == 0 or wrong * 256 < fewer * len(errors.largest)
        return bool(few and errors.mean < mean)

    def published(self) -> tuple[Published, ...]:
        """Return the sequences that LSTM was presented with, by backpropagation."""
        known = PRESENTED.get((self.kind, self.length, self.informative))
        return presented(known, "section 5.3, tables 4 to 6")

    def _counting(self, outputs: Array, targets: Array) -> Array:
        """Return outputs; those beyond the tolerance at it, where errors are capped."""
        if not self.capped:
            return outputs
        near = np.clip(outputs, targets - self.tolerance, targets + self.tolerance)
        return np.where(np.isfinite(outputs), near, outputs)

    def _drawn(self, rng: Generator, target_noise: float) -> Segment:
        first_class = bool(rng.integers(2))
        inputs = NOISE * rng.normal(size=drawn_length(rng, self.length))
        informative = slice(0, self.informative)
        if self.kind != "3b":
            inputs[informative] = 0.0
        inputs[informative] += 1.0 if first_class else -1.0
        if self.kind == "3c":
            answer = (0.2 if first_class else 0.8) + target_noise * rng.normal()
        else:
            answer = 1.0 if first_class else 0.0
        return last_row(inputs[:, None], np.array([answer]))
