"""Selections of training strings: 1:10, a list such as 10,11, or geometric:100 draws."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from evolino.vocabulary import IntArray

CHANCE = 0.3  # that a draw stops at each number: MDLRNN, BLISS
FORMS = "a range 1:10, a list 10,11 or geometric:100"
LARGEST = 100_000  # of a range: its strings are written out
MOST_STRINGS = 1_000_000


@dataclass(frozen=True, slots=True)
class Selection:
    """numbers, ascending; or so many draws of a geometric distribution."""

    numbers: tuple[int, ...] = ()
    draws: int = 0

    def strings(self, parameters: int, rng: Generator) -> IntArray:
        """Return (N, parameters), the distinct strings: all combinations, or the draws.

        Draws are those of MDLRNN (Lan et al. 2022, corpora.py) and BLISS: every parameter
        geometric with p = 0.3 from 1 on.
        """
        if self.draws:
            drawn = rng.geometric(CHANCE, size=(self.draws, parameters))
            return np.unique(drawn, axis=0)
        if len(self.numbers) ** parameters > MOST_STRINGS:
            raise ValueError(
                f"{len(self.numbers):,} numbers make {len(self.numbers) ** parameters:,} "
                f"strings, more than {MOST_STRINGS:,}"
            )
        return np.array(list(itertools.product(self.numbers, repeat=parameters)))


def parse(argument: str, text: str, *, least: int = 1) -> Selection:
    """Return the selection of a text; argument: its name, for errors.

    Raises ValueError for one that cannot be read, is empty, has a number twice or one
    below `least`.
    """
    text = str(text).strip()
    kind, colon, count = text.partition(":")
    if kind == "geometric":
        if not colon or not count.isdecimal() or int(count) < 1:
            raise ValueError(f"{argument} must be as in geometric:100, got {text!r}")
        if int(count) > MOST_STRINGS:
            raise ValueError(f"{argument} must be <= {MOST_STRINGS:,} draws, got {text!r}")
        return Selection(draws=int(count))
    numbers: list[int] = []
    for part in text.split(","):
        numbers += _numbers(argument, part.strip(), text, least)
        if len(numbers) > MOST_STRINGS:
            raise ValueError(f"{argument} has more than {MOST_STRINGS:,} strings")
    if len(set(numbers)) < len(numbers):
        raise ValueError(f"{argument} has a string twice: {text!r}")
    return Selection(tuple(sorted(numbers)))


def _numbers(argument: str, part: str, text: str, least: int) -> range:
    ends = [end.strip() for end in part.split(":")]
    if len(ends) > 2 or not all(end.isdecimal() for end in ends):
        raise ValueError(f"{argument} must be {FORMS}, got {text!r}")
    first, last = int(ends[0]), int(ends[-1])
    if first > last:
        raise ValueError(f"{argument} is empty: {part} in {text!r}")
    if first < least:
        raise ValueError(f"{argument} must be >= {least}, got {text!r}")
    if last > LARGEST:
        raise ValueError(f"{argument} must be <= {LARGEST:,}, got {text!r}")
    return range(first, last + 1)
