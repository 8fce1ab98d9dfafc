"""Parity task: is the number of ones in a long sequence even or odd?

A sequence is +1 and -1; only its last symbol has a target. With a display the target
is a picture of 10 x 10 pixels, an O for odd and an E for even, all of them outputs. One
symbol anywhere changes the parity, so nothing can be learnt from parts of a
sequence.

Source: Schmidhuber, Wierstra, Gagliolo & Gomez 2007, Neural Computation 19(3), recalled:
two memory cells, 50 training sequences of 100 to 110 symbols. Their length in the test, and
the letters' pixels, are chosen here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal, get_args

import numpy as np
from numpy.random import Generator

from evolino.task.protocol import Predictor, Published
from evolino.task.series import Segment, Series, Split
from evolino.tasks.error_measures import rmse
from evolino.vocabulary import Array, check_count, unknown_name

Kind = Literal["display", "plain"]
KINDS = get_args(Kind)
LETTERS = {
    "O": """
        ..######..
        .########.
        ###....###
        ##......##
        ##......##
        ##......##
        ##......##
        ###....###
        .########.
        ..######..
    """,
    "E": """
        ##########
        ##########
        ##........
        ##........
        ########..
        ########..
        ##........
        ##........
        ##########
        ##########
    """,
}

MOST_SYMBOLS = 30_000_000  # of all sequences together


@dataclass(frozen=True, slots=True)
class Parity:
    """Classify long sequences as odd or even, trained on 50 of them.

    kind: "display", 100 outputs that are pixels, or "plain", one output above 0 for odd.
    training: sequences that fit the readout and select networks. shortest, longest: symbols
    of one. tested: sequences that are in none of these, from 1 symbol on. test_longest:
    symbols of one at most.

    Raises TypeError or ValueError, naming the field, for one out of its range.

    >>> import evolino
    >>> import numpy as np
    >>> split = evolino.Parity().sequences(np.random.default_rng(0))
    >>> len(split.train), split.train[0].targets.shape
    (50, (1, 100))
    """

    name: ClassVar[str] = "parity"
    inputs: ClassVar[int] = 1
    generates: ClassVar[bool] = False

    kind: Kind = field(
        default="display", metadata={"help": "a picture of O or E (display), or plain"}
    )
    training: int = field(default=50, metadata={"help": "training sequences"})
    shortest: int = field(default=100, metadata={"help": "symbols of these, at least"})
    longest: int = field(default=110, metadata={"help": "symbols of these, at most"})
    tested: int = field(default=10_000, metadata={"help": "unseen test sequences"})
    test_longest: int = field(default=1000, metadata={"help": "symbols of these, at most"})

    def __post_init__(self) -> None:
        """Check the parameters."""
        if self.kind not in KINDS:
            raise unknown_name("kind", self.kind, KINDS)
        for name in ("training", "shortest", "tested", "test_longest"):
            check_count(name, getattr(self, name), most=MOST_SYMBOLS)
        check_count("longest", self.longest, least=self.shortest, most=MOST_SYMBOLS)
        symbols = self.training * self.longest + self.tested * self.test_longest
        if symbols > MOST_SYMBOLS:
            raise ValueError(
                f"training x longest + tested x test_longest must be <= {MOST_SYMBOLS:,}, "
                f"got {symbols:,}"
            )

    @property
    def outputs(self) -> int:
        """K: a pixel each, or one."""
        return 100 if self.kind == "display" else 1

    def sequences(self, rng: Generator) -> Split:
        """Return the split: training sequences, which select networks too, and the test."""
        answers = self._answers()
        lengths = rng.integers(self.shortest, self.longest + 1, self.training)
        trained = [_symbols(rng, int(length)) for length in lengths]
        known = {symbols.tobytes() for symbols in trained}
        lengths = rng.integers(1, self.test_longest + 1, self.tested)
        unseen = [_symbols(rng, int(length)) for length in lengths]
        for k, length in enumerate(lengths):
            while unseen[k].tobytes() in known:
                unseen[k] = _symbols(rng, int(length) + self.longest)
        return Split(
            train=tuple(_last_row(symbols, answers) for symbols in trained),
            validation=(),
            test=tuple(_last_row(symbols, answers) for symbols in unseen),
        )

    def loss(self, outputs: Array, targets: Array) -> Array:
        """Return (P,): the root mean squared error of all pixels."""
        return rmse(outputs, targets)

    def measure(self, model: Predictor, split: Split) -> dict[str, float]:
        """Return errors, the test sequences with a wrong pixel; the share of wrong pixels;
        and training_errors, the training sequences with a wrong pixel."""
        wrong = self._wrong_pixels(model, split.test)
        trained = self._wrong_pixels(model, split.train)
        return {
            "errors": float((wrong > 0).sum()),
            "wrong_pixels": float(wrong.mean() / self.outputs),
            "training_errors": float((trained > 0).sum()),
        }

    def baselines(self, split: Split) -> dict[str, dict[str, float]]:
        """Return the figures of always predicting the more frequent training target."""
        answers = np.concatenate([segment.targets for segment in split.train])
        known, counts = np.unique(answers, axis=0, return_counts=True)
        return {"most frequent answer": self.measure(Always(known[counts.argmax()]), split)}

    def published(self) -> tuple[Published, ...]:
        """Return what is published for the display: no error on its 50 sequences."""
        protocol = self.kind, self.training, self.shortest, self.longest
        if protocol != ("display", 50, 100, 110):
            return ()
        source = "Schmidhuber et al. 2007, Neural Computation 19(3)"
        return (Published("training_errors", 0.0, "Evolino, 2 cells", source),)

    def _answers(self) -> Array:
        """Return (2, K): the targets of even and of odd sequences."""
        if self.kind == "plain":
            return np.array([[-1.0], [1.0]])
        return np.stack([pixels("E"), pixels("O")])

    def _wrong_pixels(self, model: Predictor, segments: Sequence[Segment]) -> Array:
        """Return (N,): pixels on the wrong side of 0 at the end of each sequence."""
        outputs = np.concatenate(model.respond(segments, free_running=False))
        targets = np.concatenate([segment.targets for segment in segments])
        return np.asarray((~(outputs * targets > 0)).sum(axis=1))


@dataclass(frozen=True, slots=True, eq=False)
class Always:
    """A predictor whose output (K,) is constant."""

    answer: Array

    def respond(self, segments: Sequence[Segment], *, free_running: bool) -> list[Array]:
        """Return the constant output at every row of each segment."""
        return [np.tile(self.answer, (s.stop - s.start, 1)) for s in segments]


def pixels(letter: str) -> Array:
    """Return (100,): the letter O or E line by line, 1 for ink and -1 for paper."""
    lines = LETTERS[letter].split()
    return np.array([1.0 if pixel == "#" else -1.0 for line in lines for pixel in line])


def _symbols(rng: Generator, length: int) -> Array:
    """Return (length,) of -1 and +1."""
    return np.asarray(2.0 * rng.integers(0, 2, length) - 1.0, dtype=np.float64)


def _last_row(symbols: Array, answers: Array) -> Segment:
    """Return the last row of a sequence, the only one with a target."""
    answer = answers[int((symbols > 0).sum()) % 2]
    # A view that repeats the answer at all rows: they do not count and take no memory.
    targets = np.broadcast_to(answer, (len(symbols), len(answer)))
    return Segment(Series(symbols[:, None], targets), len(symbols) - 1, len(symbols))
