"""Uniform initialiser, with shifted gate biases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.random import Generator

from evolino.network.base import Architecture
from evolino.vocabulary import Array, check_number


@dataclass(frozen=True, slots=True)
class Uniform:
    """Every weight uniform in [-width, width], then the gate biases shifted.

    width: of the interval, to both sides of 0.
    input_bias, forget_bias, output_bias: added to the biases of those gates; Gers &
    Schmidhuber 2001 used forget_bias 1.5 and output_bias -1.5 (recalled).

    Raises TypeError or ValueError, naming the field, for one out of its range.

    >>> import evolino
    >>> import numpy as np
    >>> draw = evolino.Uniform(width=0.2).draw
    >>> draw(evolino.LSTM(cells=4), np.random.default_rng(0), 2).shape
    (2, 4, 24)
    """

    name: ClassVar[str] = "uniform"
    level: ClassVar[float] = 0.0

    width: float = 0.1
    forget_bias: float = 0.0
    output_bias: float = 0.0
    input_bias: float = 0.0

    def __post_init__(self) -> None:
        """Check the width and the biases."""
        check_number("width", self.width, above=0)
        check_number("forget_bias", self.forget_bias)
        check_number("output_bias", self.output_bias)
        check_number("input_bias", self.input_bias)

    def draw(self, architecture: Architecture, rng: Generator, count: int) -> Array:
        """Return (count, C, G) genomes."""
        genomes = rng.uniform(-self.width, self.width, (count, *architecture.genome_shape))
        genomes[..., architecture.genes_of("bias", "forget")] += self.forget_bias
        genomes[..., architecture.genes_of("bias", "input")] += self.input_bias
        genomes[..., architecture.genes_of("bias", "output")] += self.output_bias
        return genomes

    def scale(self, architecture: Architecture) -> Array:
        """Return (C, G) of the width."""
        return np.full(architecture.genome_shape, float(self.width))

    def family(self, architecture: Architecture) -> None:
        """Return None: the width is not evolved."""
