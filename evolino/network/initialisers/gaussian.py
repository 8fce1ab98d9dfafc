"""Gaussian initialiser: normal weights of one standard deviation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.random import Generator

from evolino.network.base import Architecture
from evolino.vocabulary import Array, check_number


@dataclass(frozen=True, slots=True)
class Gaussian:
    """Every weight normal with mean 0.

    deviation: its standard deviation.

    Raises TypeError or ValueError, naming the field, for one out of its range.

    >>> import evolino
    >>> import numpy as np
    >>> draw = evolino.Gaussian(0.5).draw
    >>> draw(evolino.LSTM(cells=4), np.random.default_rng(0), 2).shape
    (2, 4, 24)
    """

    name: ClassVar[str] = "gaussian"
    level: ClassVar[float] = 0.0

    deviation: float = 0.3

    def __post_init__(self) -> None:
        """Check the deviation."""
        check_number("deviation", self.deviation, above=0)

    def draw(self, architecture: Architecture, rng: Generator, count: int) -> Array:
        """Return (count, C, G) genomes."""
        return rng.normal(0.0, self.deviation, (count, *architecture.genome_shape))

    def scale(self, architecture: Architecture) -> Array:
        """Return (C, G) of the deviation."""
        return np.full(architecture.genome_shape, float(self.deviation))

    def family(self, architecture: Architecture) -> None:
        """Return None: the deviation is not evolved."""
