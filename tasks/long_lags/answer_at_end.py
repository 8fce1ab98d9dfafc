"""What experiments with an answer at the end of each sequence have in common.

Sequences are drawn without end in the papers; here `training` of them fit the readout,
`validation` others select among networks, and each test sequence is made when it is used.
The papers stop once the latest 2,000 or so are right: so `confirmation` others are put to
the networks that do well on validation (`confirm_at` of `train`).
Nothing is fed back, since the answer is not known before.

Source: Hochreiter & Schmidhuber 1997, Neural Computation 9(8), section 5.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol, overload

import numpy as np
from numpy.random import Generator

from evolino.task.protocol import Predictor
from evolino.task.series import Segment, Series, Split
from evolino.task.symbols import Symbols
from evolino.tasks.error_measures import log_nrmse_gradient, rmse, rmse_against
from evolino.vocabulary import Array, check_count

MOST_STEPS = 1_000_000  # of a sequence
MOST_TRAINING_STEPS = 30_000_000  # of all training and validation sequences
AT_ONCE = 500  # test sequences that are answered together


@dataclass(frozen=True, slots=True, eq=False)
class DrawnSegments(Sequence[Segment]):
    """Segments that are drawn when they are indexed, each from a generator of its own.

    draw: makes one. seed: of all. size: how many there are.
    """

    draw: Callable[[Generator], Segment]
    seed: int
    size: int

    def __len__(self) -> int:
        """How many there are."""
        return self.size

    @overload
    def __getitem__(self, k: int) -> Segment: ...
    @overload
    def __getitem__(self, k: slice) -> list[Segment]: ...
    def __getitem__(self, k: int | slice) -> Segment | list[Segment]:
        """Return a segment; the same bits whenever it is made."""
        if isinstance(k, slice):
            return [self[each] for each in range(*k.indices(self.size))]
        if not -self.size <= k < self.size:
            raise IndexError(f"there are {self.size} segments, got {k}")
        return self.draw(np.random.default_rng([self.seed, k % self.size]))


@dataclass(frozen=True, slots=True, eq=False)
class AbsoluteErrors:
    """Absolute errors of a model on test sequences.

    largest: (N,), of all outputs of a sequence. mean: over sequences and outputs.
    """

    largest: Array
    mean: float

    def figures(self, tolerance: float) -> dict[str, float]:
        """Return `wrong`, the sequences with an error of `tolerance` or more, `mean_error`
        and `max_abs_error`."""
        return {
            "wrong": float((~(self.largest < tolerance)).sum()),
            "mean_error": self.mean,
            "max_abs_error": float(self.largest.max()),
        }


class AnswersAtEnd(Protocol):
    """The parameters that such a task has."""

    @property
    def training(self) -> int:
        """Sequences that fit the readout."""
        ...

    @property
    def validation(self) -> int:
        """Sequences that select among networks."""
        ...

    @property
    def confirmation(self) -> int:
        """Sequences that are put to networks that do well on validation."""
        ...

    @property
    def tested(self) -> int:
        """Test sequences."""
        ...

    @property
    def longest(self) -> int:
        """Steps of a sequence at most."""
        ...

    @property
    def tolerance(self) -> float:
        """A test sequence with an absolute error of this or more is wrong."""
        ...

    def draw(self, rng: Generator) -> Segment:
        """Return a sequence to learn from; the segment is its last row."""
        ...

    def draw_test(self, rng: Generator) -> Segment:
        """Return a test sequence: its target is what the criterion compares with."""
        ...

    def is_solved(self, errors: AbsoluteErrors) -> bool:
        """Return whether the test meets the paper's criterion."""
        ...


class AnswerAtEnd:
    """The methods of a task with an answer at the end: a base for a frozen dataclass that
    is `AnswersAtEnd`.

    per_evaluation: metrics that are of one evaluation; a run multiplies them.
    """

    __slots__ = ()
    generates: ClassVar[bool] = False
    per_evaluation: ClassVar[tuple[str, ...]] = ("presented",)

    def sequences(self: AnswersAtEnd, rng: Generator) -> Split:
        """Return the split; the test is drawn lazily."""
        drawn = [self.draw(rng) for _ in range(self.training + self.validation)]
        test = DrawnSegments(self.draw_test, int(rng.integers(2**62)), self.tested)
        fitted, selecting = drawn[: self.training], drawn[self.training :]
        more = tuple(self.draw(rng) for _ in range(self.confirmation))
        stages = (more,) if more else ()
        return Split(tuple(fitted), tuple(selecting), test, tuple(drawn), stages)

    def loss(self, outputs: Array, targets: Array) -> Array:
        """Return (P,): the root mean squared error of the answers."""
        return rmse(outputs, targets)

    def loss_against(self, targets: Array) -> Callable[[Array], Array]:
        """Return the loss against targets, for any outputs."""
        return rmse_against(targets)

    def loss_gradient(self, outputs: Array, targets: Array) -> tuple[float, Array]:
        """Return the logarithm of the loss, up to a constant, and its gradient."""
        return log_nrmse_gradient(outputs, targets)

    def measure(self: Measured, model: Predictor, split: Split) -> dict[str, float]:
        """Return `solved`, 1 where the test meets the paper's criterion; `wrong`,
        `mean_error`, `max_abs_error` of the test; `distinct`, the sequences that exist
        beside the test; `presented`, those of training and validation times evaluations:
        the few networks that are put to confirmation add theirs."""
        errors = errors_of(model, split.test)
        for_all = float(len(split.train) + len(split.validation))
        return {
            "solved": float(self.is_solved(errors)),
            **errors.figures(self.tolerance),
            "distinct": for_all + sum(len(stage) for stage in split.confirmation),
            "presented": for_all,
        }

    def baselines(self: Measured, split: Split) -> dict[str, dict[str, float]]:
        """Return the figures of always giving the mean answer of training."""
        mean = np.concatenate([each.targets for each in split.train]).mean(axis=0)
        return {"mean of training": self.measure(Constant(mean), split)}


class Measured(AnswersAtEnd, Protocol):
    """What `AnswerAtEnd` makes of it."""

    def measure(self, model: Predictor, split: Split) -> dict[str, float]:
        """Return the metrics."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Constant:
    """A predictor whose output (K,) is constant."""

    answer: Array

    def respond(self, segments: Sequence[Segment], *, free_running: bool) -> list[Array]:
        """Return the constant output at every row of each segment."""
        return [np.tile(self.answer, (s.stop - s.start, 1)) for s in segments]


def errors_of(model: Predictor, segments: Sequence[Segment]) -> AbsoluteErrors:
    """Return a model's absolute errors; what is not a number counts as inf."""
    largest, total, count = [], 0.0, 0
    for chunk in chunks(segments):
        outputs = model.respond(chunk, free_running=False)
        for output, segment in zip(outputs, chunk, strict=True):
            errors = np.abs(output - segment.targets)
            errors = np.where(np.isnan(errors), np.inf, errors)
            largest.append(errors.max())
            total += float(errors.sum())
            count += errors.size
    return AbsoluteErrors(np.array(largest), total / count)


def chunks(segments: Sequence[Segment]) -> Iterator[list[Segment]]:
    """Yield segments a few at a time: each is made once, and none is kept."""
    for first in range(0, len(segments), AT_ONCE):
        yield [segments[k] for k in range(first, min(first + AT_ONCE, len(segments)))]


def last_row(inputs: Array | Symbols, answer: Array) -> Segment:
    """Return the last row of a sequence, the only one with a target (K,)."""
    # A view that repeats the answer at all rows: they do not count and take no memory.
    targets = np.broadcast_to(answer, (len(inputs), len(answer)))
    return Segment(Series(inputs, targets), len(inputs) - 1, len(inputs))


def check_counts(task: AnswersAtEnd) -> None:
    """Raise TypeError or ValueError for numbers of sequences out of their range."""
    leasts = {"training": 1, "validation": 0, "confirmation": 0, "tested": 1}
    for name, least in leasts.items():
        check_count(name, getattr(task, name), least=least, most=MOST_TRAINING_STEPS)
    steps = (task.training + task.validation + task.confirmation) * task.longest
    if steps > MOST_TRAINING_STEPS:
        raise ValueError(
            "training + validation + confirmation, times the steps of a sequence, must be "
            f"<= {MOST_TRAINING_STEPS:,}, got {steps:,}"
        )


def drawn_length(rng: Generator, length: int) -> int:
    """Return a length from `length` to a tenth more."""
    return int(rng.integers(length, length + length // 10 + 1))
