"""Refinement during the search: at intervals the best network descends and goes back.

It descends for a few gradients, every so many generations.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from evolino.gradient.descent import Descent
from evolino.search.base import State
from evolino.training.best_networks import Found, best_of
from evolino.training.evolution import Evaluated, OneSearch
from evolino.training.problem import Problem
from evolino.training.refining import refinement_for, refinement_settings
from evolino.training.workers.base import Workers
from evolino.vocabulary import Array


class RefinedSearch:
    """One search whose best network is refined on the way; an `Evolution`."""

    ended = ""

    def __init__(
        self, problem: Problem, origin: Array | None, state: Mapping[str, Any] | None
    ) -> None:
        self._problem = problem
        self._settings: Descent = refinement_settings(problem)
        self._inner = OneSearch(problem, origin, None if state is None else state["inner"])
        self._generation = 0 if state is None else int(state["generation"])
        self._best: list[Found] = [] if state is None else list(state["best"])

    def advance(self, workers: Workers, most: int | None = None) -> list[Evaluated]:
        """Move the search on by a generation; then refine, if it is time."""
        (evaluated,) = self._inner.advance(workers, most)
        if evaluated.before is not None:
            return [replace(evaluated, before=self._state_of(evaluated.before))]
        self._generation += 1
        self._best = best_of(self._best, evaluated.found, 1)
        if self._generation % self._settings.every or not self._best:
            return [evaluated]
        ((loss, genome),) = workers.map(self._problem, refined, [self._best[0][1]])
        if not loss < self._best[0][0]:
            return [evaluated]
        self._best = [(loss, genome)]
        self._inner.receive(genome, loss)
        kept = self._problem.experiment.kept
        return [replace(evaluated, found=best_of(evaluated.found, self._best, kept))]

    def state(self) -> State:
        """Return all of it."""
        return self._state_of(self._inner.state())

    def _state_of(self, inner: State) -> State:
        return {"inner": inner, "generation": self._generation, "best": self._best}


def refined(problem: Problem, genome: Array) -> Found:
    """Return a genome (C, G) after its few gradients, with the loss that evolution gives
    it; a job of workers."""
    refinement = refinement_for(problem, genome)
    start = refinement.begin(genome)
    after = refinement.next_round(start, refinement.settings.every_steps)
    loss = float(problem.evaluator.losses(after.genome[None])[0])
    return loss, after.genome
