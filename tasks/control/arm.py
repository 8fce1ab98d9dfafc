"""An arm that follows commands, is pushed off its course, and measures where it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from evolino.vocabulary import Array

REACH = 2.0  # steps of the arm are at most so many times the longest one of its course


@dataclass(frozen=True, slots=True, eq=False)
class Disturbance:
    """What befalls an arm. noise: standard deviation of its measurement of each joint at
    each step. shove: (K,), by which it is displaced once, at step `at`."""

    noise: float = 0.0
    shove: Array | None = None
    at: int = 0


class Arm:
    """An arm that moves towards the position that it is given, by at most `most` a step.

    start: (K,). positions: where it was after each step.
    """

    def __init__(
        self, start: Array, most: float, disturbance: Disturbance, rng: Generator
    ) -> None:
        self._position, self._most, self._rng = start.copy(), most, rng
        self._disturbance = disturbance
        self.positions: list[Array] = []

    def follow(self, command: Array) -> Array:
        """Move to a command (K,); return the position that is measured (K,)."""
        move = np.nan_to_num(command) - self._position
        length = float(np.linalg.norm(move))
        if length > self._most:
            move = move * (self._most / length)
        self._position = self._position + move
        disturbance = self._disturbance
        if disturbance.shove is not None and len(self.positions) == disturbance.at:
            self._position = self._position + disturbance.shove
        self.positions.append(self._position)
        noise = disturbance.noise * self._rng.normal(size=len(command))
        return np.asarray(self._position + noise)
