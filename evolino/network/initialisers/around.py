"""Initialiser around a given network: its genome, and normal changes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.random import Generator

from evolino.network.base import Architecture
from evolino.vocabulary import Array, check_number


@dataclass(frozen=True, slots=True)
class Around:
    """A genome, and others whose weights differ from it by normal numbers.

    For going on from a network that is there, such as one of `evolino.from_torch`. The
    first genome of every draw is the given one, so that training without search begins
    there; searches that move a mean begin there too.

    genome: C rows of G weights, as tuples; () is all zeros. deviation: of the changes, and
    the step of searches.

    Raises ValueError, naming the field, for one out of its range.

    >>> import evolino
    >>> import numpy as np
    >>> draw = evolino.Around(((0.0,) * 24,) * 4).draw
    >>> draw(evolino.LSTM(cells=4), np.random.default_rng(0), 2).shape
    (2, 4, 24)
    """

    name: ClassVar[str] = "around"
    level: ClassVar[float] = 0.0

    genome: tuple[tuple[float, ...], ...] = ()
    deviation: float = 0.1

    def __post_init__(self) -> None:
        """Check both, and make tuples of the rows."""
        check_number("deviation", self.deviation, above=0)
        rows = tuple(tuple(float(each) for each in row) for row in self.genome)
        if len({len(row) for row in rows}) > 1:
            raise ValueError("genome must have rows of one length")
        if not np.isfinite(np.array(rows)).all():
            raise ValueError("genome must be finite")
        object.__setattr__(self, "genome", rows)

    def draw(self, architecture: Architecture, rng: Generator, count: int) -> Array:
        """Return (count, C, G) genomes, the given one first. Raises ValueError for an
        architecture with genomes of another shape."""
        changes = rng.normal(0.0, self.deviation, (count, *architecture.genome_shape))
        changes[:1] = 0.0
        return np.asarray(self.centre(architecture) + changes)

    def centre(self, architecture: Architecture) -> Array:
        """Return the given genome (C, G)."""
        if not self.genome:
            return np.zeros(architecture.genome_shape)
        genome = np.array(self.genome)
        if genome.shape != architecture.genome_shape:
            raise ValueError(
                f"the genome of initialiser around has shape {genome.shape}, the network "
                f"needs {architecture.genome_shape}: cells, inputs and feedback must be "
                "those of the genome"
            )
        return genome

    def scale(self, architecture: Architecture) -> Array:
        """Return (C, G) of the deviation."""
        return np.full(architecture.genome_shape, float(self.deviation))

    def family(self, architecture: Architecture) -> None:
        """Return None: the deviation is not evolved."""
