"""Ternary initialiser: weights -level, 0, +level; gates fully open or shut."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.random import Generator

from evolino.network.base import Architecture
from evolino.vocabulary import Array, check_number


@dataclass(frozen=True, slots=True)
class SaturatedTernary:
    """Every weight -level, 0 or +level with equal chance: gates fully open or shut.

    level: of the weights.

    Raises TypeError or ValueError, naming the field, for one out of its range.

    >>> import evolino
    >>> import numpy as np
    >>> draw = evolino.SaturatedTernary().draw
    >>> draw(evolino.LSTM(cells=4), np.random.default_rng(0), 2).shape
    (2, 4, 24)
    """

    name: ClassVar[str] = "ternary"

    level: float = 20.0

    def __post_init__(self) -> None:
        """Check the level."""
        check_number("level", self.level, above=0)

    def draw(self, architecture: Architecture, rng: Generator, count: int) -> Array:
        """Return (count, C, G) genomes."""
        signs = rng.integers(-1, 2, (count, *architecture.genome_shape))
        return np.asarray(self.level * signs, dtype=np.float64)

    def scale(self, architecture: Architecture) -> Array:
        """Return (C, G) of the level."""
        return np.full(architecture.genome_shape, float(self.level))

    def family(self, architecture: Architecture) -> None:
        """Return None: there is nothing to scale."""
