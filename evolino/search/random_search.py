"""Random search: the baseline that every search must beat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from numpy.random import Generator

from evolino.search.ask_tell import AskTell
from evolino.search.base import Search, State, WeightSpace
from evolino.search.random_state import rng_state, set_rng_state
from evolino.vocabulary import Array, check_count


@dataclass(frozen=True, slots=True)
class RandomSearch:
    """Draws every generation afresh. population: P.

    Raises TypeError or ValueError, naming the field, for one out of its range.

    >>> import evolino
    >>> search = evolino.RandomSearch(population=20)
    >>> result = evolino.train("mso", preset="paper", search=search,
    ...     budget=evolino.Budget(generations=2))
    >>> result.evaluations
    40
    """

    name: ClassVar[str] = "random"

    population: int = 100

    def __post_init__(self) -> None:
        """Check the population."""
        check_count("population", self.population)

    def start(self, space: WeightSpace, rng: Generator, origin: Array | None) -> Search:
        """Begin; the origin, if there is one, is the first network evaluated."""
        return _Running(self, space, rng, origin)


class _Running:
    def __init__(
        self,
        settings: RandomSearch,
        space: WeightSpace,
        rng: Generator,
        origin: Array | None,
    ) -> None:
        self._population, self._space, self._rng = settings.population, space, rng
        self._origin, self._ask_tell = origin, AskTell()

    def ask(self) -> Array:
        genomes = self._space.draw(self._rng, self._population)
        if self._origin is not None:
            genomes[0] = self._origin
        return self._ask_tell.ask(genomes)

    def tell(self, losses: Array) -> None:
        self._ask_tell.tell(losses)
        self._origin = None

    def receive(self, genome: Array, loss: float) -> None:
        """Nothing: every draw is independent of all others."""

    def state(self) -> State:
        return {"rng": rng_state(self._rng), "origin": self._origin}

    def restore(self, state: Mapping[str, Any]) -> None:
        set_rng_state(self._rng, state["rng"])
        self._origin = state["origin"]
