"""A genetic algorithm on whole genomes, with DEAP's operators."""

from __future__ import annotations

import math
import random
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.random import Generator

from evolino.search.ask_tell import AskTell
from evolino.search.base import Search, State, WeightSpace
from evolino.search.random_state import rng_state, set_rng_state
from evolino.vocabulary import Array, IntArray, check_count, check_number


@dataclass(frozen=True, slots=True)
class Genetic:
    """Settings. population: P. elite: the best that live on unchanged.

    tournament: size of the tournaments that choose parents. crossover: chance that two
    parents exchange genes at two points. mutation: standard deviation of Gaussian noise, in
    scales of the weight space; ternary genes are drawn anew instead. mutated_genes: chance
    of each gene of a child to be mutated.

    Raises TypeError or ValueError, naming the field, for one out of its range.

    >>> import evolino
    >>> result = evolino.train("mso", preset="paper", search=evolino.Genetic(population=20),
    ...     budget=evolino.Budget(generations=2))
    >>> result.evaluations
    40
    """

    name: ClassVar[str] = "genetic"

    population: int = 100
    elite: int = 4
    tournament: int = 3
    crossover: float = 0.5
    mutation: float = 0.1
    mutated_genes: float = 0.1

    def __post_init__(self) -> None:
        """Check the settings."""
        check_count("population", self.population, least=2)
        check_count("elite", self.elite, least=0)
        if self.elite >= self.population:
            raise ValueError(
                f"elite must be < population ({self.population}), got {self.elite}"
            )
        check_count("tournament", self.tournament)
        for name in ("crossover", "mutated_genes"):
            check_number(name, getattr(self, name), least=0)
            if getattr(self, name) > 1:
                raise ValueError(f"{name} must be <= 1, got {getattr(self, name):g}")
        check_number("mutation", self.mutation, above=0)

    def start(self, space: WeightSpace, rng: Generator, origin: Array | None) -> Search:
        """Begin with first draws, the origin among them."""
        return _Running(self, space, rng, origin)


class _Running:
    """_population: (P, C, G), the elite first; it is evaluated again with its offspring."""

    def __init__(
        self, settings: Genetic, space: WeightSpace, rng: Generator, origin: Array | None
    ) -> None:
        self._settings, self._space, self._rng = settings, space, rng
        self._ask_tell, self._free = AskTell(), space.free
        self._population = space.draw(rng, settings.population)
        if origin is not None:
            self._population[0] = origin

    def ask(self) -> Array:
        return self._ask_tell.ask(self._population.copy())

    def tell(self, losses: Array) -> None:
        genomes, losses = self._ask_tell.tell(losses)
        order = np.argsort(losses, kind="stable")
        rows, elite = genomes.reshape(len(genomes), -1), self._settings.elite
        population = np.empty_like(rows)
        population[:elite] = rows[order[:elite]]
        with seeded(self._rng):
            # Modes other than "clip" write to a buffer first.
            rows.take(
                order[self._parents(len(rows))], 0, out=population[elite:], mode="clip"
            )
            offspring = population[elite:, self._free]
            self._vary(offspring)
        if not isinstance(self._free, slice):  # else offspring are a view
            population[elite:] = rows[order[0]]
            population[elite:, self._free] = offspring
        self._population = population.reshape(genomes.shape)

    def receive(self, genome: Array, loss: float) -> None:
        """Let it take the place of the last child of the lowest rank."""
        self._population = self._population.copy()
        self._population[-1] = genome

    def state(self) -> State:
        return {"rng": rng_state(self._rng), "population": self._population}

    def restore(self, state: Mapping[str, Any]) -> None:
        set_rng_state(self._rng, state["rng"])
        self._population = state["population"].copy()

    def _parents(self, count: int) -> list[int]:
        """Return the rank of each child's parent among `count` networks."""
        from deap import tools

        settings = self._settings
        # Tournaments compare ranks, so that failed networks need no finite loss.
        ranked = [_Ranked(rank, -rank) for rank in range(count)]
        parents = tools.selTournament(
            ranked, settings.population - settings.elite, settings.tournament
        )
        return [parent.rank for parent in parents]

    def _vary(self, offspring: Array) -> None:
        """Let offspring (n, D) exchange genes and mutate, in place: by noise, or by genes
        drawn anew if ternary."""
        from deap import tools

        settings, space = self._settings, self._space
        for one, other in zip(offspring[::2], offspring[1::2], strict=False):
            if len(one) > 1 and random.random() < settings.crossover:
                _cross(one, other)
        if space.level == 0:
            deviations = settings.mutation * np.abs(space.scale.reshape(-1)[self._free])
            add_noise(offspring, deviations, settings.mutated_genes, self._rng)
            return
        signs = np.rint(offspring / space.level).astype(int).tolist()
        for child in signs:
            tools.mutUniformInt(child, -1, 1, settings.mutated_genes)
        offspring[...] = space.level * np.array(signs)


@dataclass(frozen=True, slots=True)
class _Ranked:
    """A network as DEAP's selection wants it: higher fitness is better."""

    rank: int
    fitness: int


def add_noise(genes: Array, deviations: Array, chance: float, rng: Generator) -> None:
    """Add Gaussian noise to each of the genes (P, D), in place, with this chance.

    deviations: (D,), of the noise. DEAP's own mutation is a Python loop over all genes.
    """
    rows, columns = np.divmod(places_drawn(genes.size, chance, rng), len(deviations))
    genes[rows, columns] += rng.standard_normal(len(rows)) * deviations[columns]


def places_drawn(count: int, chance: float, rng: Generator) -> IntArray:
    """Return which of `count` places are drawn, each with this chance, in ascending order.

    The gaps between them are geometric: fewer numbers than one a place.
    """
    places = np.empty(0, np.int64)
    if chance == 0.0:
        return places
    at_once = int(count * chance + 5 * math.sqrt(count * chance)) + 1
    reached = -1
    while reached < count:
        gaps = np.minimum(rng.geometric(chance, at_once), count + 1)
        places = np.concatenate([places, reached + np.cumsum(gaps)])
        reached = int(places[-1])
    return places[: np.searchsorted(places, count)]


def _cross(one: Array, other: Array) -> None:
    """Exchange the genes of two offspring (D,) between two points, in place.

    DEAP exchanges marks in their stead: NumPy's slices are views, of which it would make
    duplicates.
    """
    from deap import tools

    kept, given = bytearray(len(one)), bytearray(b"\1" * len(one))
    tools.cxTwoPoint(kept, given)
    between = np.frombuffer(kept, dtype=bool)
    one[between], other[between] = other[between], one[between]


# Islands in threads of one process take turns at Python's global generator.
_GLOBAL_GENERATOR = threading.Lock()


@contextmanager
def seeded(rng: Generator) -> Iterator[None]:
    """Seed Python's global generator, which DEAP draws from, and put it back after."""
    with _GLOBAL_GENERATOR:
        before = random.getstate()
        random.seed(int(rng.integers(2**63)))
        try:
            yield
        finally:
            random.setstate(before)
