"""Initialiser for long lags: large input weights, apart from biases and recurrent weights.

With large input weights a gate is open or shut by the symbol or marker of the step, and
with small biases and recurrent weights nothing else moves it: a cell can store one input
and keep it over any number of others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.random import Generator

from evolino.network.base import Architecture
from evolino.vocabulary import Array, check_number


@dataclass(frozen=True, slots=True)
class SeparateInputs:
    """Normal weights with mean 0, apart for inputs and for all else.

    inputs: standard deviation of the weights of external inputs and what is fed back.
    others: that of biases, recurrent and peephole weights.

    Raises TypeError or ValueError, naming the field, for one out of its range.

    >>> import evolino
    >>> import numpy as np
    >>> draw = evolino.SeparateInputs().draw
    >>> draw(evolino.LSTM(cells=4), np.random.default_rng(0), 2).shape
    (2, 4, 24)
    """

    name: ClassVar[str] = "separate-inputs"
    level: ClassVar[float] = 0.0

    inputs: float = 15.0
    others: float = 1.0

    def __post_init__(self) -> None:
        """Check both."""
        check_number("inputs", self.inputs, above=0)
        check_number("others", self.others, above=0)

    def draw(self, architecture: Architecture, rng: Generator, count: int) -> Array:
        """Return (count, C, G) genomes."""
        return rng.normal(size=(count, *architecture.genome_shape)) * self.scale(
            architecture
        )

    def scale(self, architecture: Architecture) -> Array:
        """Return (C, G) of the standard deviations."""
        row = [
            self.inputs if source in ("input", "feedback") else self.others
            for source, _ in architecture.gene_groups()
        ]
        return np.tile(np.array(row, dtype=np.float64), (architecture.genome_shape[0], 1))

    def family(self, architecture: Architecture) -> None:
        """Return None: the deviations are not evolved."""
