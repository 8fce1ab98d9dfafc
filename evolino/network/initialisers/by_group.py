"""Initialiser of structured networks: each group of cells has a distribution of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.random import Generator

from evolino.network.initialisers.base import Initialiser
from evolino.network.initialisers.gaussian import Gaussian
from evolino.network.lstm import LSTM
from evolino.network.weights import masked
from evolino.vocabulary import Array

if TYPE_CHECKING:
    from evolino.search.base import Family


@dataclass(frozen=True, slots=True)
class ByGroup:
    """Each group of cells is drawn by an initialiser of its own.

    parts: the initialisers, one for each group of the architecture, of real weights.
    held: groups whose weights no search changes.

    Raises TypeError or ValueError, naming the field, for one out of its range.

    >>> import evolino
    >>> import numpy as np
    >>> groups = (evolino.Group(2, 1, (0,)), evolino.Group(2, 1, (0, 1)))
    >>> network = evolino.LSTM(cells=4, outputs=2, groups=groups)
    >>> first = evolino.ByGroup((evolino.Gaussian(0.1), evolino.Gaussian(0.5)))
    >>> first.draw(network, np.random.default_rng(0), 2).shape
    (2, 4, 28)
    """

    name: ClassVar[str] = "by-group"
    networks: ClassVar[tuple[str, ...]] = ("lstm",)
    level: ClassVar[float] = 0.0

    parts: tuple[Initialiser[Any], ...] = (Gaussian(),)
    held: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Check the parts."""
        object.__setattr__(self, "parts", tuple(self.parts))
        object.__setattr__(self, "held", tuple(self.held))
        for part in self.parts:
            if not hasattr(part, "draw"):
                raise TypeError(f"parts must be initialisers, got {part!r}")
            if part.level:
                raise ValueError(f"parts must draw real weights, got {part.name!r}")

    def draw(self, architecture: LSTM, rng: Generator, count: int) -> Array:
        """Return (count, C, G) genomes; weights between unconnected groups are 0."""
        genomes = np.zeros((count, *architecture.genome_shape))
        for part, rows in self._rows(architecture):
            genomes[:, rows] = part.draw(architecture, rng, count)[:, rows]
        return masked(architecture, genomes) if architecture.groups else genomes

    def scale(self, architecture: LSTM) -> Array:
        """Return (C, G) of each part's own."""
        scale = np.zeros(architecture.genome_shape)
        for number, (part, rows) in enumerate(self._rows(architecture)):
            if number not in self.held:
                scale[rows] = part.scale(architecture)[rows]
        return scale

    def family(self, architecture: LSTM) -> Family | None:
        """Return the distributions of the first part that is not held and has some; the
        other parts stay as they are."""
        for number, (part, rows) in enumerate(self._rows(architecture)):
            family = part.family(architecture)
            if number not in self.held and family is not None:
                return _OneGroup(self, architecture, family, rows)
        return None

    def _rows(self, architecture: LSTM) -> list[tuple[Initialiser[Any], slice]]:
        """Return each part with the rows of a genome that it draws."""
        sizes = [group.cells for group in architecture.groups] or [architecture.cells]
        if len(sizes) != len(self.parts):
            raise ValueError(
                f"parts must be one for each of {len(sizes)} groups, got {len(self.parts)}"
            )
        ends = np.cumsum(sizes).tolist()
        return [
            (part, slice(end - size, end))
            for part, size, end in zip(self.parts, sizes, ends, strict=True)
        ]


@dataclass(frozen=True, slots=True, eq=False)
class _OneGroup:
    """Distributions of one group's rows, the others drawn as ever."""

    whole: ByGroup
    architecture: LSTM
    family: Family
    rows: slice

    @property
    def parameters(self) -> int:
        """D."""
        return self.family.parameters

    def draw_at(self, point: Array, rng: Generator, count: int) -> Array:
        """Return (count, C, G) genomes."""
        genomes = self.whole.draw(self.architecture, rng, count)
        genomes[:, self.rows] = self.family.draw_at(point, rng, count)[:, self.rows]
        return (
            genomes if not self.architecture.groups else masked(self.architecture, genomes)
        )

    def scale_at(self, point: Array) -> Array:
        """Return (C, G): the scales at a point, those of the other groups as ever."""
        scale = self.whole.scale(self.architecture)
        scale[self.rows] = self.family.scale_at(point)[self.rows]
        return scale
