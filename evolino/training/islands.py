"""Islands: several searches that evolve apart and exchange their best in a ring.

An island evolves for many generations inside one job of one worker, so that workers far
away, or small networks, are worth their trouble. What comes of it depends on the seed, the
number of islands and the generations between exchanges only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from evolino.search.base import State
from evolino.training.best_networks import Found, best_of, lowest_of
from evolino.training.evolution import Evaluated
from evolino.training.generation import generation_losses
from evolino.training.problem import Problem
from evolino.training.workers.base import Job, Workers
from evolino.vocabulary import Array


@dataclass(frozen=True, slots=True, eq=False)
class Island:
    """Where an island is. search: its state, None before its first generation.

    found: its best networks so far, the best first.
    """

    search: State | None = None
    found: list[Found] = field(default_factory=list)

    def as_state(self) -> State:
        """Return the fields by name."""
        return {"search": self.search, "found": self.found}


@dataclass(frozen=True, slots=True, eq=False)
class Stay:
    """What a worker is asked for: generations of an island.

    number: of the island. origin: (C, G), where its search begins, if it does. migrant:
    what it takes in first; None if there is none.
    """

    number: int
    island: Island
    generations: int
    origin: Array | None
    migrant: Found | None


class Ring:
    """Islands whose best networks go round, one island further at each exchange."""

    ended = ""

    def __init__(
        self, problem: Problem, origin: Array | None, state: Mapping[str, Any] | None
    ) -> None:
        assert problem.experiment.islands is not None
        self._problem, self._settings = problem, problem.experiment.islands
        if state is None:
            # What search and initialiser refuse is the user's error, not a worker's.
            problem.search(origin, 0).ask()
            self._origin = origin
            self._islands = [Island() for _ in range(self._settings.count)]
        else:
            self._origin = state["origin"]
            self._islands = [Island(**each) for each in state["islands"]]

    def advance(self, workers: Workers, most: int | None = None) -> list[Evaluated]:
        """Exchange, then evolve every island until the next exchange."""
        islands = self._islands
        generations = self._settings.migrate_every
        stays = []
        for k, island in enumerate(islands):
            before = islands[k - 1].found if len(islands) > 1 else []
            migrant = before[0] if before else None
            stays.append(Stay(k, island, generations, self._origin, migrant))
        results = workers.map(self._problem, evolve, stays)
        self._islands = [island for island, _ in results]
        count = self._problem.experiment.kept
        return [merge(each, count) for each in zip(*(r for _, r in results), strict=True)]

    def state(self) -> State:
        """Return all of it."""
        return {
            "origin": self._origin,
            "islands": [island.as_state() for island in self._islands],
        }


def evolve(problem: Problem, stay: Stay) -> tuple[Island, list[Evaluated]]:
    """Evolve an island for some generations; what a worker is asked to do."""
    island, count = stay.island, problem.experiment.kept
    best = island.found
    if island.search is None:
        search = problem.search(stay.origin, stay.number)
    else:
        search = problem.search(None, stay.number)
        search.restore(island.search)
        if stay.migrant is not None:
            loss, genome = stay.migrant
            search.receive(genome, loss)

    def measure(job: Job, some: Array, most: int | None) -> Array:
        return np.asarray(job(problem, some))

    generations = []
    for _ in range(stay.generations):
        genomes = search.ask()
        losses = generation_losses(problem, genomes, measure)
        lowest = lowest_of(losses, genomes, count)
        best = best_of(best, lowest, count)
        search.tell(losses)
        kept = {id(genome) for _, genome in best}
        generations.append(
            Evaluated(losses, [each for each in lowest if id(each[1]) in kept])
        )
    return Island(search.state(), best), generations


def merge(generations: tuple[Evaluated, ...], count: int) -> Evaluated:
    """Return the same generation of every island as one, with so many of its best."""
    losses = np.concatenate([each.losses for each in generations])
    best: list[Found] = []
    for each in generations:
        best = best_of(best, each.found, count)
    return Evaluated(losses, best)
