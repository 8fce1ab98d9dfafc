"""Languages of counted blocks such as a^n b^n c^n: strings, and tests of acceptance."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from evolino.task.capabilities import Reader
from evolino.task.counted import Checked, Phase, cycle_rows, rows_of
from evolino.task.series import Series
from evolino.vocabulary import IntArray

NEXT = 1000  # values of n after the training strings: MDLRNN
NEXT_SQUARE = 49  # of n and of m, where there are two: MDLRNN
FIRST = 15_000  # strings that BLISS tests on
BATCH = 100_000  # strings that are checked at once
GROWTH = 8  # batches grow by, so that a network that fails early costs little


@dataclass(frozen=True, slots=True, eq=False)
class CountedLanguage:
    """A language whose strings are phases, and which of them are tested.

    parameters: how many numbers choose a string. limit: every n up to it is tested, with
    several parameters all combinations. far: single n, ascending, that are tested after
    that; all parameters are n.
    """

    phases: tuple[Phase, ...]
    parameters: int
    limit: int
    far: tuple[int, ...] = ()

    @property
    def inputs(self) -> int:
        """I."""
        return len(self.phases[0].inputs)

    @property
    def outputs(self) -> int:
        """K."""
        return int(self.phases[0].cycle.shape[1])

    def series(self, string: Sequence[int]) -> Series:
        """Return the string of these parameters written out."""
        return Series(*rows_of(self.phases, string))

    def string_of(self, series: Series) -> list[int]:
        """Return the parameters of a string of `series`.

        Where a parameter comes first, rows like the last of the cycle are as many, and
        there are none elsewhere.
        """
        opening = [
            next(phase for phase in self.phases if phase.factors[number])
            for number in range(self.parameters)
        ]
        return [
            int(
                (
                    (series.input_rows() == phase.inputs).all(axis=1)
                    & (series.targets == phase.cycle[-1]).all(axis=1)
                ).sum()
            )
            for phase in opening
        ]

    def accepted_to(self, model: Reader) -> tuple[int, bool]:
        """Return the largest N such that all strings up to N are accepted, and whether
        that is all that was tested."""
        for batch in self._batches():
            accepted = self._check(model, batch).accepted
            if not accepted.all():
                return int(batch[~accepted].max(axis=1).min()) - 1, False
        reached = self.limit
        for n, right in zip(self.far, self._far(model), strict=True):
            if not right:
                return reached, False
            reached = n
        return reached, True

    def accepted_around(self, model: Reader, n: int) -> tuple[int, int]:
        """Return the first and the last of the n all of which are accepted, around one of
        them; (0, 0) if that one is not. Of several parameters all are n."""
        below = self._check(model, self._diagonal(range(1, n + 1))).accepted
        if not below[-1]:
            return 0, 0
        first = n - int(np.argmin(below[::-1])) + 1 if not below.all() else 1
        last, size = n, GROWTH
        while last < self.limit:
            upto = min(last + size, self.limit)
            accepted = self._check(
                model, self._diagonal(range(last + 1, upto + 1))
            ).accepted
            if not accepted.all():
                return first, last + int(np.argmin(accepted))
            last, size = upto, size * GROWTH
        for n, right in zip(self.far, self._far(model), strict=True):
            if not right:
                break
            last = n
        return first, last

    def deterministic_accuracy(self, model: Reader, largest: int) -> float:
        """Return the share of rows with one possible successor that are right.

        Over the next 1,000 n after the largest of the training strings, of two parameters
        over the next 49 of both (Lan et al. 2022, corpora.py).
        """
        count = NEXT if self.parameters == 1 else NEXT_SQUARE
        strings = combinations(range(largest + 1, largest + count + 1), self.parameters)
        checked = self._check(model, strings)
        rows = np.array([[p.rows(s) for p in self.phases] for s in strings.tolist()])
        cycles = np.concatenate([phase.cycle for phase in self.phases])
        sure = (cycles > 0).sum(axis=1) == 1
        wrong = checked.wrong[:, sure].sum()
        return float(1.0 - wrong / cycle_rows(self.phases, rows)[:, sure].sum())

    def accepted_of_first(self, model: Reader) -> float:
        """Return the share of the first 15,000 strings, shortest first, that is accepted.

        Of several parameters those with the smallest sum (Lan et al. 2023, BLISS).
        """
        side = int(np.ceil(FIRST ** (1 / self.parameters)))
        strings = combinations(range(1, side + 1), self.parameters)
        order = np.argsort(strings.sum(axis=1), kind="stable")[:FIRST]
        return float(self._check(model, strings[order]).accepted.mean())

    def _batches(self) -> Iterator[IntArray]:
        """Yield all strings up to the limit, small n first: squares that grow."""
        before, size = 0, GROWTH
        while before < self.limit:
            upto = min(size, self.limit)
            yield from self._ring(before, upto)
            before, size = upto, size * GROWTH

    def _ring(self, before: int, upto: int) -> Iterator[IntArray]:
        """Yield the strings whose largest parameter is in before + 1 .. upto."""
        if self.parameters == 1:
            yield np.arange(before + 1, upto + 1)[:, None]
            return
        others = upto ** (self.parameters - 1)
        each = max(1, BATCH // others)
        rest = combinations(range(1, upto + 1), self.parameters - 1)
        for first in range(1, upto + 1, each):
            heads = np.arange(first, min(first + each, upto + 1))
            strings = np.concatenate(
                [np.repeat(heads, others)[:, None], np.tile(rest, (len(heads), 1))], axis=1
            )
            strings = strings[strings.max(axis=1) > before]
            if len(strings):
                yield strings

    def _far(self, model: Reader) -> Iterator[bool]:
        """Yield whether each far string is accepted, all together: they share a start."""
        if self.far:
            accepted = self._check(model, self._diagonal(self.far)).accepted
            yield from (bool(each) for each in accepted)

    def _diagonal(self, numbers: Sequence[int]) -> IntArray:
        """Return (N, parameters): strings all of whose parameters are n."""
        return np.repeat(np.array(numbers)[:, None], self.parameters, axis=1)

    def _check(self, model: Reader, strings: IntArray) -> Checked:
        return model.check(self.phases, strings)


def combinations(numbers: range, parameters: int) -> IntArray:
    """Return (N, parameters): all combinations."""
    return np.array(list(itertools.product(numbers, repeat=parameters)), dtype=np.int64)
