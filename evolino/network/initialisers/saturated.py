"""Saturated initialiser: counter machines, gates open or shut, peepholes that test for 0.

With large weights a gate is 0 or 1 whatever its inputs, a cell input -1 or 1, and a cell
does what a counter does: add 1, subtract 1, keep, forget (Merrill 2019, "Sequential neural
networks as automata", section 3). With peephole weights larger than what the other sources
of a gate come to together, a gate depends on its cell's state only by whether it is
above 0, below 0 or 0. Smaller ones compare the state with some number, and one that no
training string reaches is a fault that waits for longer strings: so peephole weights begin
with one size, of either sign.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.random import Generator

from evolino.network.base import Architecture
from evolino.vocabulary import Array, check_number


@dataclass(frozen=True, slots=True)
class Saturated:
    """Every weight normal with mean 0, peephole weights of one size and random sign.

    deviation: standard deviation. peepholes: size of the peephole weights, in deviations.

    Raises TypeError or ValueError, naming the field, for one out of its range.

    >>> import evolino
    >>> import numpy as np
    >>> draw = evolino.Saturated().draw
    >>> draw(evolino.LSTM(cells=4, peepholes=True), np.random.default_rng(0), 2).shape
    (2, 4, 27)
    """

    name: ClassVar[str] = "saturated"
    level: ClassVar[float] = 0.0

    deviation: float = 15.0
    peepholes: float = 10.0

    def __post_init__(self) -> None:
        """Check both."""
        check_number("deviation", self.deviation, above=0)
        check_number("peepholes", self.peepholes, above=0)

    def draw(self, architecture: Architecture, rng: Generator, count: int) -> Array:
        """Return (count, C, G) genomes."""
        drawn = rng.normal(size=(count, *architecture.genome_shape))
        genes = architecture.genes_of("peephole")
        drawn[..., genes] = np.where(drawn[..., genes] < 0, -1.0, 1.0)
        return drawn * self.scale(architecture)

    def scale(self, architecture: Architecture) -> Array:
        """Return (C, G): the standard deviation, for peepholes their size."""
        scale = np.full(architecture.genome_shape, float(self.deviation))
        scale[:, architecture.genes_of("peephole")] *= self.peepholes
        return scale

    def family(self, architecture: Architecture) -> None:
        """Return None: the deviations are not evolved."""
