"""The ask/tell protocol of a search, and the space of weights that it searches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.random import Generator

from evolino.vocabulary import Array, IntArray

State = dict[str, Any]


class Family(Protocol):
    """Distributions of genomes with a few parameters, such as scales of weight groups."""

    @property
    def parameters(self) -> int:
        """D: how many numbers choose a distribution; each is of order 1, 0 the default."""
        ...

    def draw_at(self, point: Array, rng: Generator, count: int) -> Array:
        """Return (count, C, G) genomes of the distribution at point (D,)."""
        ...

    def scale_at(self, point: Array) -> Array:
        """Return (C, G): the size of a gene's step that matters at point (D,)."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class WeightSpace:
    """The genomes that a search may draw.

    draw: (rng, n) -> (n, C, G), first genomes as the initialiser makes them.
    scale: (C, G), the size of a step that matters for each gene; a mutation of strength 1
        moves a gene by its scale. 0 holds a gene at the value that it was drawn with.
    level: 0 for real weights; above 0 every free weight is -level, 0 or +level (ternary).
    family: the distributions that the first genomes come from, if they can be evolved too.
    centre: (C, G), where searches that move a mean begin; None is at a first genome.

    >>> import evolino
    >>> import numpy as np
    >>> first, network = evolino.Gaussian(0.1), evolino.LSTM(cells=4)
    >>> space = evolino.WeightSpace(
    ...     lambda rng, n: first.draw(network, rng, n), first.scale(network))
    >>> space.shape
    (4, 24)
    """

    draw: Callable[[Generator, int], Array]
    scale: Array
    level: float = 0.0
    family: Family | None = None
    centre: Array | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """(C, G)."""
        return self.scale.shape[0], self.scale.shape[1]

    @property
    def free(self) -> IntArray | slice:
        """Positions, in a genome as one row, of the D free genes: those that may move.

        A slice if all may, which NumPy takes without a copy.
        """
        scale = self.scale.reshape(-1)
        return slice(None) if scale.all() else np.flatnonzero(scale)


class Search(Protocol):
    """Draws genomes and learns from their losses; a generation is one ask and one tell.

    >>> import evolino
    >>> import numpy as np
    >>> first, network = evolino.Gaussian(0.1), evolino.LSTM(cells=4)
    >>> space = evolino.WeightSpace(
    ...     lambda rng, n: first.draw(network, rng, n), first.scale(network))
    >>> search = evolino.ESP().start(space, np.random.default_rng(0), None)
    >>> genomes = search.ask()
    >>> search.tell((genomes**2).sum(axis=(1, 2)))
    >>> genomes.shape
    (400, 4, 24)
    """

    def ask(self) -> Array:
        """Return (P, C, G) genomes to evaluate; P may differ between generations."""
        ...

    def tell(self, losses: Array) -> None:
        """Take the losses (P,) of the genomes of the last ask; lower is better, inf failed.

        Raises RuntimeError before an ask, ValueError for another length or a NaN.
        """
        ...

    def receive(self, genome: Array, loss: float) -> None:
        """Take in a genome (C, G) that another search of the same space found.

        Between two generations. loss: its own, of which a search may make use.
        """
        ...

    def state(self) -> State:
        """Return all of the search between two generations, its generator included.

        Values are arrays, numbers, strings, None, or dicts and lists of these.
        """
        ...

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a state: the same bits as the search that it was taken from."""
        ...


class SearchSettings(Protocol):
    """A frozen dataclass: a search's parameters; `start` makes the running search.

    >>> import evolino
    >>> settings: evolino.SearchSettings = evolino.CMAES(population=8)
    >>> settings.population
    8
    """

    def start(self, space: WeightSpace, rng: Generator, origin: Array | None) -> Search:
        """Begin in a space; origin (C, G), if given, is a genome to start from."""
        ...
