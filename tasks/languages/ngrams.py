"""N-gram predictors of symbols: the most frequent target after the last n symbols."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evolino.task.counted import Checked, Phase
from evolino.task.series import Segment
from evolino.vocabulary import Array, IntArray

Row = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Ngram:
    """Predicts the targets most frequent after the last `order` rows.

    order 0, and a context that never came, give the most frequent targets of all.
    """

    order: int
    answers: dict[tuple[Row, ...], Row]

    @classmethod
    def of(cls, segments: Sequence[Segment], order: int) -> Ngram:
        """Return the predictor that counts the rows of segments."""
        counts: dict[tuple[Row, ...], Counter[Row]] = {}
        for segment in segments:
            inputs = [tuple(row) for row in segment.series.input_rows().tolist()]
            for at in range(segment.start, segment.stop):
                answer = tuple(segment.series.targets[at].tolist())
                counts.setdefault(_context(inputs, at, order), Counter())[answer] += 1
        total: Counter[Row] = sum(counts.values(), Counter())
        answers = {key: found.most_common(1)[0][0] for key, found in counts.items()}
        return cls(order, {**answers, (): total.most_common(1)[0][0]})

    def respond(self, segments: Sequence[Segment], *, free_running: bool) -> list[Array]:
        """Return the answers (stop - start, K) on each segment."""
        outputs = []
        for segment in segments:
            inputs = [tuple(row) for row in segment.series.input_rows().tolist()]
            rows = range(segment.start, segment.stop)
            outputs.append(
                np.array([self._answer(_context(inputs, at, self.order)) for at in rows])
            )
        return outputs

    def check(self, phases: Sequence[Phase], strings: IntArray) -> Checked:
        """Return margins and errors on counted strings; what a phase's later rows are
        answered is alike."""
        checked = [self._check(phases, string) for string in strings.tolist()]
        return Checked(
            np.array([margin for margin, _ in checked]),
            np.array([wrong for _, wrong in checked]),
        )

    def _check(
        self, phases: Sequence[Phase], string: Sequence[int]
    ) -> tuple[float, list[int]]:
        last: list[Row] = []
        wrong = []
        for phase in phases:
            rows, here = phase.rows(string), tuple(phase.inputs.tolist())
            cycle = phase.cycle
            errors = [0] * len(cycle)
            for at in range(min(rows, self.order + 1)):
                last = [*last, here][-max(self.order, 1) :]
                answer = self._answer(_context(last, len(last) - 1, self.order))
                failed = ((np.array(answer) * cycle).min(axis=1) <= 0).tolist()
                alike = range(at, rows if at == self.order else at + 1)
                for row, fails in enumerate(failed):
                    first = at + (row - at) % len(cycle)
                    errors[row] += fails * len(range(first, alike.stop, len(cycle)))
            wrong += errors
        return -1.0 if any(wrong) else 1.0, wrong

    def _answer(self, context: tuple[Row, ...]) -> Row:
        return self.answers.get(context, self.answers[()])


def _context(inputs: list[Row], at: int, order: int) -> tuple[Row, ...]:
    return tuple(inputs[max(0, at + 1 - order) : at + 1]) if order else ()
