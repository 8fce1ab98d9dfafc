"""Evolution of a population by one search, a generation at a time."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from evolino.search.base import State
from evolino.training.best_networks import Found, lowest_of
from evolino.training.generation import generation_losses
from evolino.training.problem import Problem
from evolino.training.workers.base import EvaluationError, Job, Workers
from evolino.vocabulary import Array

USUAL = 1000  # a population that is larger is known by the one before it
PIECES = 2  # for each worker, so that one with slow networks does not hold up the others


@dataclass(frozen=True, slots=True, eq=False)
class Evaluated:
    """A generation. losses: (P,). found: its best networks, the best first, as many as the
    run keeps at most; those that are not among the best for certain may be left out.
    before: the state before a generation that the budget cut short, which ends the run; a
    resumed one begins it again. evaluations: that it took, None for one a loss. messages:
    on networks that were given up."""

    losses: Array
    found: list[Found]
    before: State | None = None
    evaluations: int | None = None
    messages: tuple[str, ...] = ()


class Evolution(Protocol):
    """Moves a population on a problem; all of it is in its state."""

    @property
    def ended(self) -> str:
        """Why it cannot go on, "" while it can."""
        ...

    def advance(self, workers: Workers, most: int | None = None) -> list[Evaluated]:
        """Evolve, as far as its state can then be saved; return the generations.

        most: networks that the budget leaves.
        """
        ...

    def state(self) -> State:
        """Return all of it, as plain values and arrays."""
        ...


class OneSearch:
    """One search over one population, a generation for each `advance`."""

    ended = ""

    def __init__(
        self, problem: Problem, origin: Array | None, state: Mapping[str, Any] | None
    ) -> None:
        self._problem = problem
        self._search = problem.search(origin)
        if state is not None:
            self._search.restore(state)
        self._largest = 0

    def advance(self, workers: Workers, most: int | None = None) -> list[Evaluated]:
        """Ask, evaluate, tell; of a population beyond the budget the first are evaluated
        and `tell` is left out."""
        before = None
        if most is not None and most < max(USUAL, 2 * self._largest):
            before = copy.deepcopy(self._search.state())
        genomes = self._search.ask()
        self._largest = max(self._largest, len(genomes))
        if before is not None and most is not None and most < len(genomes):
            genomes = genomes[:most]
            losses = evaluate(self._problem, genomes, workers)
            found = lowest_of(losses, genomes, self._problem.experiment.kept)
            return [Evaluated(losses, found, before)]
        losses = evaluate(self._problem, genomes, workers)
        found = lowest_of(losses, genomes, self._problem.experiment.kept)
        del genomes  # a large population is not held while the next one is bred
        self._search.tell(losses)
        return [Evaluated(losses, found)]

    def receive(self, genome: Array, loss: float) -> None:
        """Take in a genome (C, G), as `Search.receive` does."""
        self._search.receive(genome, loss)

    def state(self) -> State:
        """Return the search's."""
        return self._search.state()


def evaluate(problem: Problem, genomes: Array, workers: Workers) -> Array:
    """Return (P,): the losses of genomes (P, C, G), to the same bits for any workers.

    Work is cut between blocks of networks; inside of one only where a network takes long.
    """

    def measure(job: Job, some: Array, most: int | None) -> Array:
        return _shared_out(problem, job, some, workers, most)

    return generation_losses(problem, genomes, measure)


def _shared_out(
    problem: Problem, job: Job, genomes: Array, workers: Workers, most: int | None
) -> Array:
    """Return (P,): what a job gives for genomes (P, C, G), `most` of them a piece."""
    block = problem.driver.block_size
    blocks = -(-len(genomes) // block)
    each = 1 if workers.fine else -(-blocks // (PIECES * workers.count))
    size = each * block if most is None else most
    pieces = [genomes[first : first + size] for first in range(0, len(genomes), size)]
    losses = np.concatenate(workers.map(problem, job, pieces))
    if losses.shape != (len(genomes),):
        raise EvaluationError(
            f"{len(genomes)} networks were evaluated, {len(losses)} losses came back"
        )
    return losses
