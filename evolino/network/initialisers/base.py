"""The protocol of an initialiser: a distribution that first genomes are drawn from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from numpy.random import Generator

from evolino.network.lstm import LSTM
from evolino.vocabulary import Array

if TYPE_CHECKING:
    from evolino.search.base import Family


class Initialiser(Protocol):
    """A frozen dataclass: a distribution of genomes for any architecture."""

    @property
    def name(self) -> str:
        """The name in the table of initialisers."""
        ...

    @property
    def level(self) -> float:
        """0 for real weights, else ternary ones: -level, 0, +level."""
        ...

    def draw(self, architecture: LSTM, rng: Generator, count: int) -> Array:
        """Return (count, C, G) genomes."""
        ...

    def scale(self, architecture: LSTM) -> Array:
        """Return (C, G): a step that matters for each gene; 0 holds it as drawn."""
        ...

    def family(self, architecture: LSTM) -> Family | None:
        """Return the distributions that this one is the default of, if there are any."""
        ...
