"""Sequences of unequal lengths with an answer at the end: which came first, A or B?

Each sequence shows two marks among noise; the answer, 1 or -1, is asked for in the last row
only. No row is fed back: the task does not generate, and its past targets are not known.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

import evolino
from evolino import Segment, Series, Split


def sequence(rng):
    """One sequence of 10 to 30 rows; its segment is the last row, where the answer is."""
    steps = int(rng.integers(10, 31))
    inputs = np.concatenate(
        [0.1 * rng.normal(size=(steps, 1)), np.zeros((steps, 2))], axis=1
    )
    first, second = np.sort(rng.choice(steps - 1, 2, replace=False))
    order = rng.permutation([1, 2])
    inputs[[first, second], order] = 1.0
    answer = 1.0 if order[0] == 1 else -1.0
    return Segment(Series(inputs, np.full((steps, 1), answer)), steps - 1, steps)


@dataclass(frozen=True, slots=True)
class WhichFirst:
    """Say at the end of a sequence which of two marks came first."""

    inputs: ClassVar[int] = 3
    outputs: ClassVar[int] = 1
    generates: ClassVar[bool] = False

    count: int = 200

    def sequences(self, rng):
        """Draw sequences that fit the readout, others that select, others that test."""
        drawn = [sequence(rng) for _ in range(2 * self.count)]
        half, rest = self.count, self.count // 2
        return Split(
            train=tuple(drawn[:half]),
            validation=tuple(drawn[half : half + rest]),
            test=tuple(drawn[half + rest :]),
        )

    def loss(self, outputs, targets):
        """Root mean squared error; rows that a shorter segment does not have are left out.

        Where segments differ in length, such rows are NaN in targets: a plain mean over
        them is NaN too, and every network would have failed.
        """
        return evolino.rmse(outputs, targets)

    def measure(self, model, split):
        """Share of wrong answers."""
        answers = model.respond(split.test, free_running=False)
        wrong = [
            (shown[-1] > 0) != (segment.targets[-1] > 0)
            for shown, segment in zip(answers, split.test, strict=True)
        ]
        return {"test_wrong": float(np.mean(wrong))}

    def baselines(self, split):
        """What always giving the same answer would get wrong."""
        answers = np.array([segment.targets[-1, 0] for segment in split.test])
        return {"always 1": {"test_wrong": float((answers < 0).mean())}}

    def published(self):
        """Nothing is published on this."""
        return ()


if __name__ == "__main__":
    result = evolino.train(WhichFirst(), seed=1, budget=evolino.Budget(evaluations=800))
    print("best loss", result.history[-1].best, result.metrics)
