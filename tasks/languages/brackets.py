"""Dyck-1 language: strings of balanced brackets.

Training strings are drawn as in MDLRNN and BLISS, S -> ( S ) S with p = 0.3, or are all
strings with a given number of pairs. Tested on the first 15,000 strings, shortest first
(BLISS), on random ones of 300 symbols, and on (^n )^n.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.random import Generator

from evolino.task.capabilities import Reader
from evolino.task.counted import Phase, written
from evolino.task.series import Series
from evolino.tasks.languages.counted_blocks import CountedLanguage
from evolino.tasks.languages.patterns import coded
from evolino.tasks.languages.training_strings import CHANCE, Selection
from evolino.vocabulary import Array

FIRST = 15_000
LONG, LONG_STRINGS = 300, 200  # symbols of the random test strings, and how many
MOST_PAIRS = 10  # of a range: 16,796 strings
LARGEST_DRAW = 200  # symbols; longer draws are drawn anew
START, OPEN, CLOSE = range(3)  # inputs; outputs are OPEN - 1, CLOSE - 1 and END
END = 2


@dataclass(frozen=True, slots=True)
class Brackets:
    """Dyck-1. off: the inputs of symbols other than the current one. limit: (^n )^n is
    tested for every n up to it."""

    off: float
    limit: int

    inputs: ClassVar[int] = 3
    outputs: ClassVar[int] = 3

    def strings(self, selection: Selection, rng: Generator) -> list[str]:
        """Return the distinct strings of a selection; numbers are pairs of brackets."""
        if selection.draws:
            drawn = [draw(rng) for _ in range(selection.draws)]
            return sorted(set(drawn), key=lambda s: (len(s), s))
        if max(selection.numbers) > MOST_PAIRS:
            raise ValueError(
                f"train must be at most {MOST_PAIRS} pairs of brackets, "
                f"got {max(selection.numbers)}"
            )
        return [s for pairs in selection.numbers for s in balanced(pairs)]

    def series(self, string: str) -> Series:
        """Return a string written out."""
        codes, inputs, targets = np.array(_codes(string)), *self._rows()
        return Series(inputs[codes], targets[codes])

    def measure(self, model: Reader) -> dict[str, float]:
        """Return the shares of strings accepted and rows right, and how deep it counts."""
        strings = list(itertools.islice(_all(), FIRST))
        accepted, right = self._check(model, strings)
        rng = np.random.default_rng(0)
        long = [random_walk(rng, LONG) for _ in range(LONG_STRINGS)]
        nested = CountedLanguage(self.nested(), 1, self.limit)
        return {
            "accuracy": right,
            "accepted_of_first": accepted,
            "accepted_of_long": self._check(model, long)[0],
            "nested_to": float(nested.accepted_to(model)[0]),
        }

    def nested(self) -> tuple[Phase, ...]:
        """Return the phases of (^n )^n; a further opening bracket may always come next."""
        rows, targets = self._rows()
        return (
            Phase(rows[0], targets[0], 1, (0,)),
            Phase(rows[1], targets[1], 0, (1,)),
            Phase(rows[2], targets[2], -1, (1,)),
            Phase(rows[3], targets[3], 1, (0,)),
        )

    def _check(self, model: Reader, strings: list[str]) -> tuple[float, float]:
        """Return the shares of strings accepted and of rows right."""
        width = max(len(s) for s in strings) + 1
        codes = np.full((len(strings), width), -1)
        for row, string in zip(codes, strings, strict=True):
            row[: len(string) + 1] = _codes(string)
        checked = model.check(*written(codes, *self._rows()))
        rows = int((codes >= 0).sum())
        return float(checked.accepted.mean()), 1.0 - float(checked.wrong.sum()) / rows

    def _rows(self) -> tuple[Array, Array]:
        """Return the four kinds of rows, inputs and targets: the start; an opening bracket;
        a closing one with brackets still open; one with none."""
        shown = (START, OPEN, CLOSE, CLOSE)
        inputs = np.stack([coded(each, 3, self.off) for each in shown])
        may_close = np.array([False, True, True, False])
        targets = np.ones((4, 3))
        targets[:, 1] = np.where(may_close, 1.0, -1.0)
        targets[:, END] = -targets[:, 1]
        return inputs, targets


def draw(rng: Generator) -> str:
    """Return a string of S -> ( S ) S with p = 0.3, else empty; not longer than 200."""
    while True:
        symbols, depth = "", 0
        while len(symbols) <= LARGEST_DRAW:
            if rng.random() < CHANCE:
                symbols, depth = symbols + "(", depth + 1
            elif depth:
                symbols, depth = symbols + ")", depth - 1
            else:
                return symbols


def random_walk(rng: Generator, length: int) -> str:
    """Return a balanced string of an even length, brackets by the toss of a coin."""
    symbols, depth = "", 0
    for left in range(length, 0, -1):
        must_close, must_open = depth == left, depth == 0
        opens = must_open or (not must_close and rng.random() < 0.5)
        symbols += "(" if opens else ")"
        depth += 1 if opens else -1
    return symbols


def balanced(pairs: int) -> Iterator[str]:
    """Yield all strings with this many pairs of brackets, in alphabetical order."""

    def grow(head: str, opened: int, depth: int) -> Iterator[str]:
        if opened == pairs and depth == 0:
            yield head
        if opened < pairs:
            yield from grow(head + "(", opened + 1, depth + 1)
        if depth:
            yield from grow(head + ")", opened, depth - 1)

    return grow("", 0, 0)


def _all() -> Iterator[str]:
    """Yield all strings, shortest first; the empty one too."""
    return itertools.chain.from_iterable(balanced(pairs) for pairs in itertools.count())


def _codes(string: str) -> list[int]:
    """Return the kind of each row, as in `Brackets._rows`."""
    codes, depth = [0], 0
    for symbol in string:
        depth += 1 if symbol == "(" else -1
        codes.append(1 if symbol == "(" else 2 if depth else 3)
    return codes
