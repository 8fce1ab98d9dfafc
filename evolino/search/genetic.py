"""A genetic algorithm on whole genomes, with DEAP's operators."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.random import Generator

from evolino.search.base import Search, State, WeightSpace
from evolino.search.turns import Turns, free_genes, rng_state, set_rng_state
from evolino.vocabulary import Array, check_count, check_number


@dataclass(frozen=True, slots=True)
class Genetic:
    """Settings. population: P. elite: the best that live on unchanged.

    tournament: size of the tournaments that choose parents. crossover: chance that two
    parents exchange genes at two points. mutation: standard deviation of Gaussian noise, in
    scales of the weight space; ternary genes are drawn anew instead. mutated_genes: chance
    of each gene of a child to be mutated.
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
    """_pool: (P, C, G); _losses: (P,) of the elite, which need no second evaluation."""

    def __init__(
        self, settings: Genetic, space: WeightSpace, rng: Generator, origin: Array | None
    ) -> None:
        self._settings, self._space, self._rng = settings, space, rng
        self._turns, self._free = Turns(), free_genes(space)
        self._pool = space.draw(rng, settings.population)
        if origin is not None:
            self._pool[0] = origin

    def ask(self) -> Array:
        return self._turns.asked(self._pool.copy())

    def tell(self, losses: Array) -> None:
        genomes, losses = self._turns.told(losses)
        order = np.argsort(losses, kind="stable")
        pool = genomes[order]
        with seeded(self._rng):
            children = self._children(pool[:, self._free], losses[order])
        elite = self._settings.elite
        self._pool = pool
        bred = np.tile(pool[0], (len(children), 1, 1))
        bred[:, self._free] = children
        self._pool[elite:] = bred

    def receive(self, genome: Array, loss: float) -> None:
        """Let it take the place of the last child of the lowest rank."""
        self._pool = self._pool.copy()
        self._pool[-1] = genome

    def state(self) -> State:
        return {"rng": rng_state(self._rng), "pool": self._pool}

    def restore(self, state: Mapping[str, Any]) -> None:
        set_rng_state(self._rng, state["rng"])
        self._pool = state["pool"].copy()

    def _children(self, genes: Array, losses: Array) -> Array:
        """Return (P - elite, D) children of free genes (P, D), ranked by losses."""
        from deap import tools

        settings = self._settings
        # Tournaments compare ranks, so that failed networks need no finite loss.
        ranked = [_Individual(row, -rank) for rank, row in enumerate(genes.tolist())]
        parents = tools.selTournament(
            ranked, settings.population - settings.elite, settings.tournament
        )
        children = [_Individual(parent, 0) for parent in parents]
        for one, other in zip(children[::2], children[1::2], strict=False):
            if len(one) > 1 and random.random() < settings.crossover:
                tools.cxTwoPoint(one, other)
        for child in children:
            self._mutate(child)
        return np.array(children).reshape(len(children), -1)

    def _mutate(self, child: list[float]) -> None:
        from deap import tools

        settings, space = self._settings, self._space
        if space.level > 0:
            signs = [round(gene / space.level) for gene in child]
            tools.mutUniformInt(signs, -1, 1, settings.mutated_genes)
            child[:] = [space.level * sign for sign in signs]
        else:
            deviations = (settings.mutation * np.abs(space.scale[self._free])).tolist()
            tools.mutGaussian(child, 0.0, deviations, settings.mutated_genes)


class _Individual(list[float]):
    """A list of genes with a fitness, as DEAP's operators want it; higher is better."""

    def __init__(self, genes: list[float], fitness: float) -> None:
        super().__init__(genes)
        self.fitness = fitness


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
