"""Binary addition task: two numbers, lowest digits first; the target is the sum's digit.

Trained on all pairs of the numbers of a selection, tested on all pairs of the next 250
(Lan et al. 2022, corpora.py), and on random numbers of a hundred digits.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from evolino.task.capabilities import Reader
from evolino.task.counted import written
from evolino.task.series import Series
from evolino.tasks.languages.training_strings import Selection
from evolino.vocabulary import Array, IntArray

NEXT = 250
LONG, LONG_PAIRS = 100, 200  # digits of the random test numbers, and how many pairs
KINDS = np.array(list(itertools.product((0, 1), repeat=3)))  # digit, digit, carry


@dataclass(frozen=True, slots=True)
class Addition:
    """The strings of binary addition. off: the input that stands for a digit 0."""

    off: float

    inputs: ClassVar[int] = 2
    outputs: ClassVar[int] = 1

    def strings(self, selection: Selection) -> IntArray:
        """Return the pairs of a selection as kinds of rows (N, L), of equal length."""
        if selection.draws:
            raise ValueError("train of addition must be a range or a list of numbers")
        return pairs_of(selection.numbers)

    def series(self, codes: IntArray) -> Series:
        """Return a pair (L,) written out."""
        inputs, targets = self._rows()
        return Series(inputs[codes], targets[codes])

    def measure(self, model: Reader, largest: int) -> dict[str, float]:
        """Return the shares of digits and of sums that are right, by test."""
        tested = pairs_of(range(largest + 1, largest + NEXT + 1))
        rng = np.random.default_rng(0)
        digits = rng.integers(0, 2, size=(2, LONG_PAIRS, LONG))
        right, exact = self._check(model, tested)
        return {
            "accuracy": right,
            "exact_sums": exact,
            "exact_long_sums": self._check(model, kinds_of(*digits))[1],
        }

    def _check(self, model: Reader, codes: IntArray) -> tuple[float, float]:
        """Return the shares of digits and of sums that are right."""
        checked = model.check(*written(codes, *self._rows()))
        right = 1.0 - float(checked.wrong.sum()) / codes.size
        return right, float(checked.accepted.mean())

    def _rows(self) -> tuple[Array, Array]:
        """Return the eight kinds of rows, inputs (8, 2) and targets (8, 1)."""
        inputs = np.where(KINDS[:, :2] == 1, 1.0, self.off)
        return inputs, np.where(KINDS.sum(axis=1) % 2 == 1, 1.0, -1.0)[:, None]


def pairs_of(numbers: range | tuple[int, ...]) -> IntArray:
    """Return all pairs of numbers as kinds of rows (N, L), zeros above the top digit."""
    length = int(2 * max(numbers)).bit_length() + 1
    digits = (np.array(numbers)[:, None] >> np.arange(length)) & 1
    first, second = np.array(list(itertools.product(range(len(digits)), repeat=2))).T
    return kinds_of(digits[first], digits[second])


def kinds_of(first: IntArray, second: IntArray) -> IntArray:
    """Return which of KINDS each row is, from the digits (N, L) of two numbers."""
    kinds = np.empty(first.shape, dtype=np.int64)
    carry = np.zeros(len(first), dtype=np.int64)
    for at in range(first.shape[1]):
        kinds[:, at] = 4 * first[:, at] + 2 * second[:, at] + carry
        carry = (first[:, at] + second[:, at] + carry) // 2
    return kinds
