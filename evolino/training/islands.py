"""Islands: several searches that evolve apart and exchange their best in a ring.

An island evolves for many generations inside one job of one worker, so that workers far
away, or small networks, are worth their trouble. What comes of it depends on the seed, the
number of islands and the generations between exchanges only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from evolino.search.base import State
from evolino.training.evolution import Evaluated
from evolino.training.generation import generation_losses
from evolino.training.problem import Problem
from evolino.training.workers.base import Job, Workers
from evolino.vocabulary import Array


@dataclass(frozen=True, slots=True, eq=False)
class Island:
    """Where an island is. search: its state, None before its first generation.

    best: its lowest loss so far. genome: (C, G) of that network, None if there is none.
    """

    search: State | None = None
    best: float = float("inf")
    genome: Array | None = None

    def as_state(self) -> State:
        """Return the fields by name."""
        return {"search": self.search, "best": self.best, "genome": self.genome}


@dataclass(frozen=True, slots=True, eq=False)
class Stay:
    """What a worker is asked for: generations of an island.

    number: of the island. origin: (C, G), where its search begins, if it does. migrant:
    (C, G), what it takes in first, with a loss; None if there is none.
    """

    number: int
    island: Island
    generations: int
    origin: Array | None
    migrant: Array | None
    migrant_loss: float


class Ring:
    """Islands whose best networks go round, one island further at each exchange."""

    def __init__(
        self, problem: Problem, origin: Array | None, state: Mapping[str, Any] | None
    ) -> None:
        assert problem.experiment.islands is not None
        self._problem, self._settings = problem, problem.experiment.islands
        if state is None:
            self._origin = origin
            self._islands = [Island() for _ in range(self._settings.count)]
        else:
            self._origin = state["origin"]
            self._islands = [Island(**each) for each in state["islands"]]

    def advance(self, workers: Workers) -> list[Evaluated]:
        """Exchange, then evolve every island until the next exchange."""
        islands = self._islands
        generations = self._settings.migrate_every
        stays = []
        for k, island in enumerate(islands):
            migrant = islands[k - 1].genome if len(islands) > 1 else None
            best = islands[k - 1].best
            stays.append(Stay(k, island, generations, self._origin, migrant, best))
        results = workers.map(self._problem, evolve, stays)
        self._islands = [island for island, _ in results]
        return [merge(each) for each in zip(*(r for _, r in results), strict=True)]

    def state(self) -> State:
        """Return all of it."""
        return {
            "origin": self._origin,
            "islands": [island.as_state() for island in self._islands],
        }


def evolve(problem: Problem, stay: Stay) -> tuple[Island, list[Evaluated]]:
    """Evolve an island for some generations; what a worker is asked to do."""
    island = stay.island
    best, genome = island.best, island.genome
    if island.search is None:
        search = problem.search(stay.origin, stay.number)
    else:
        search = problem.search(None, stay.number)
        search.restore(island.search)
        if stay.migrant is not None:
            search.receive(stay.migrant, stay.migrant_loss)

    def measure(job: Job, some: Array, most: int | None) -> Array:
        return np.asarray(job(problem, some))

    generations = []
    for _ in range(stay.generations):
        genomes = search.ask()
        losses = generation_losses(problem, genomes, measure)
        first = int(np.argmin(losses))
        better = genomes[first].copy() if losses[first] < best else None
        if better is not None:
            best, genome = float(losses[first]), better
        search.tell(losses)
        generations.append(Evaluated(losses, better))
    return Island(search.state(), best, genome), generations


def merge(generations: tuple[Evaluated, ...]) -> Evaluated:
    """Return the same generation of every island as one."""
    lowest = int(np.argmin([each.losses.min() for each in generations]))
    losses = np.concatenate([each.losses for each in generations])
    return Evaluated(losses, generations[lowest].genome)
