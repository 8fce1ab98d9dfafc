"""CoSyNE: cooperative synapse neuroevolution, a subpopulation for every weight.

A population of P genomes is a matrix whose columns are subpopulations, one a weight.
Generations recombine and mutate the best quarter to replace the worst quarter, then permute
weights within their subpopulations, so that each meets others:

    a weight of a genome with fitness f is marked with chance
        1 - ((f - f_min) / (f_max - f_min))^(1 / power)           (1)
    and the marked weights of each subpopulation are permuted     (2)

Source: Gomez, Schmidhuber & Miikkulainen 2008, JMLR 9, section 4 (recalled; the root of (1)
is that of the number of weights there, and of `power` here).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.random import Generator

from evolino.search.ask_tell import AskTell
from evolino.search.base import Search, State, WeightSpace
from evolino.search.mutation import cauchy_mutation
from evolino.search.random_state import rng_state, set_rng_state
from evolino.vocabulary import Array, check_count, check_number


@dataclass(frozen=True, slots=True)
class CoSyNE:
    """Settings. population: P. parents: share of the best that breed, and of the worst that
    their offspring replace. mutation: strength of Cauchy noise, in scales of the weight
    space. mutated_genes: chance of each gene of a child. power: the root of (1).

    Raises TypeError or ValueError, naming the field, for one out of its range.

    >>> import evolino
    >>> result = evolino.train("mso", preset="paper", search=evolino.CoSyNE(population=20),
    ...     budget=evolino.Budget(generations=2))
    >>> result.evaluations
    40
    """

    name: ClassVar[str] = "cosyne"

    population: int = 40
    parents: float = 0.25
    mutation: float = 0.3
    mutated_genes: float = 0.5
    power: float = 2.0

    def __post_init__(self) -> None:
        """Check the settings."""
        check_count("population", self.population, least=4)
        for name in ("parents", "mutated_genes"):
            check_number(name, getattr(self, name), above=0)
        if self.parents > 0.5:
            raise ValueError(f"parents must be <= 0.5, got {self.parents:g}")
        if self.mutated_genes > 1:
            raise ValueError(f"mutated_genes must be <= 1, got {self.mutated_genes:g}")
        check_number("mutation", self.mutation, above=0)
        check_number("power", self.power, least=1)

    def start(self, space: WeightSpace, rng: Generator, origin: Array | None) -> Search:
        """Begin with first draws, the origin among them."""
        return _Running(self, space, rng, origin)


class _Running:
    """_population: (P, C, G) to be evaluated next."""

    def __init__(
        self, settings: CoSyNE, space: WeightSpace, rng: Generator, origin: Array | None
    ) -> None:
        self._settings, self._space, self._rng = settings, space, rng
        self._ask_tell = AskTell()
        self._population = space.draw(rng, settings.population)
        if origin is not None:
            self._population[0] = origin

    def ask(self) -> Array:
        return self._ask_tell.ask(self._population.copy())

    def tell(self, losses: Array) -> None:
        genomes, losses = self._ask_tell.tell(losses)
        order = np.argsort(losses, kind="stable")
        genomes, losses = genomes[order], losses[order]
        count = max(2, int(self._settings.parents * len(genomes)))
        genomes[-count:] = self._offspring(genomes[:count])
        self._permute(genomes.reshape(len(genomes), -1), self._chances(losses))
        self._population = genomes

    def receive(self, genome: Array, loss: float) -> None:
        """Let it take the place of the last child."""
        self._population = self._population.copy()
        self._population[-1] = genome

    def state(self) -> State:
        return {"rng": rng_state(self._rng), "population": self._population}

    def restore(self, state: Mapping[str, Any]) -> None:
        set_rng_state(self._rng, state["rng"])
        self._population = state["population"].copy()

    def _offspring(self, parents: Array) -> Array:
        """Return as many children (n, C, G): genes of two parents at random, mutated."""
        settings, rng, count = self._settings, self._rng, len(parents)
        mothers, fathers = parents[rng.integers(count, size=(2, count))]
        from_mother = rng.random(parents.shape) < 0.5
        children = np.where(from_mother, mothers, fathers)
        return cauchy_mutation(
            self._space, children, rng, settings.mutation, settings.mutated_genes
        )

    def _chances(self, losses: Array) -> Array:
        """Return (P,): the chance of each weight of a genome to be marked (1)."""
        finite = losses[np.isfinite(losses)]
        if not len(finite) or finite[0] == finite[-1]:
            return np.ones(len(losses))
        fitness = (finite[-1] - np.minimum(losses, finite[-1])) / (finite[-1] - finite[0])
        return np.asarray(1.0 - fitness ** (1.0 / self._settings.power))

    def _permute(self, rows: Array, chances: Array) -> None:
        """Permute the marked weights of each subpopulation (2), in place; the best genome
        keeps its own: its chance is 0. Held genes stay. rows: (P, C G)."""
        marked = self._rng.random(rows.shape) < chances[:, None]
        for column in np.arange(rows.shape[1])[self._space.free]:
            places = np.flatnonzero(marked[:, column])
            rows[places, column] = rows[self._rng.permutation(places), column]
