"""A policy without memory, as a baseline: a readout of fixed random units."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from evolino.task.series import Segment
from evolino.vocabulary import Array

UNITS, WIDTH, RIDGE = 300, 2.0, 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class FeedForward:
    """tanh units with random weights of (inputs, position, 1); a readout that is solved.

    weights: (I + K + 1, units). output: (units + I + K + 1, K). middle, scale: (K,), that
    positions are standardised by.
    """

    weights: Array
    output: Array
    middle: Array
    scale: Array

    def next(self, inputs: Array, position: Array) -> Array:
        """Return the positions to move to (N, K) for inputs (N, I), positions (N, K)."""
        return np.asarray(self._features(inputs, position) @ self.output)

    def improvise(
        self,
        steps: int,
        prime: Array,
        choose: Callable[[Array], Array],
        *,
        inputs: Array | None = None,
    ) -> tuple[Array, Array]:
        """Go on from a prime (T, K), as `Improviser` does; its last position is all that
        counts."""
        assert inputs is not None
        chosen, outputs = [], []
        position = prime[-1]
        for row in inputs[len(prime) : len(prime) + steps]:
            outputs.append(self.next(row[None], position[None])[0])
            position = choose(outputs[-1])
            chosen.append(position)
        return np.array(chosen), np.array(outputs)

    def _features(self, inputs: Array, position: Array) -> Array:
        placed = (position - self.middle) / self.scale
        raw = np.concatenate([inputs, placed, np.ones((len(inputs), 1))], axis=1)
        return np.concatenate([np.tanh(raw @ self.weights), raw], axis=1)


def fitted(segments: Sequence[Segment], rng: Generator) -> FeedForward:
    """Return the policy whose readout fits segments by ridge regression."""
    inputs = np.concatenate([s.series.input_rows(s.start, s.stop) for s in segments])
    before = np.concatenate([s.series.fed_back[s.start - 1 : s.stop - 1] for s in segments])
    targets = np.concatenate([segment.targets for segment in segments])
    width = inputs.shape[1] + before.shape[1] + 1
    weights = WIDTH * rng.normal(size=(width, UNITS))
    middle, scale = targets.mean(axis=0), np.maximum(targets.std(axis=0), 1e-12)
    empty = FeedForward(weights, np.zeros((0, 0)), middle, scale)
    x = empty._features(inputs, before)
    square = x.T @ x + RIDGE * len(x) * np.eye(x.shape[1])
    return FeedForward(weights, np.linalg.solve(square, x.T @ targets), middle, scale)
