"""A run in memory: its state, and its next generation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from evolino.models.ensemble import Trained
from evolino.models.model import Model
from evolino.task.control import ControlTask, is_control
from evolino.training.backpropagation import Backpropagation
from evolino.training.best_networks import best_of
from evolino.training.evolution import Evaluated, Evolution, OneSearch
from evolino.training.experiment import Experiment
from evolino.training.filtering import Filtering
from evolino.training.history import Generation
from evolino.training.islands import Ring
from evolino.training.policy_gradient import PolicyGradient
from evolino.training.problem import Problem
from evolino.training.refined_search import RefinedSearch
from evolino.training.refining import (
    Round,
    advance,
    are_refined,
    begin,
    check_refinable,
    chosen,
    round_of,
)
from evolino.training.run_progress import Progress
from evolino.training.stopping import reasons
from evolino.training.variants import begin_again, go_to, is_exhausted, is_passed
from evolino.training.winners import network_of, solved, with_readouts
from evolino.training.workers.base import Workers
from evolino.vocabulary import Array

WITH_OUTPUTS = (Backpropagation, Filtering)  # these train output weights, none is solved

AGAIN = "the curriculum begins again, with new draws"

Attend = Callable[[Callable[[], list[Evaluated]]], list[Evaluated]]


def at_once(work: Callable[[], list[Evaluated]]) -> list[Evaluated]:
    """Return work()."""
    return work()


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """A generation that was run. better: the genome (C, G) of the best network so far, if
    this generation found it. messages: on networks that were given up, and restarts."""

    record: Generation
    better: Array | None
    messages: tuple[str, ...] = ()


class Run:
    """An experiment on its way; a state of `state` goes on where that one was.

    purpose: of the generator that the search draws from; two runs of one seed whose draws
    are compared have two.
    """

    def __init__(
        self,
        experiment: Experiment,
        state: dict[str, Any] | None = None,
        *,
        purpose: str = "search",
    ) -> None:
        self.experiment, self._purpose = experiment, purpose
        # The state before a generation that the budget cut short, once there was one.
        self._cut_short: dict[str, Any] | None = None
        self.progress = (
            Progress(variant=len(experiment.curriculum.variants))
            if state is None
            else Progress(**state["progress"])
        )
        self._failed: Array = np.zeros(0)  # the last genome that failed the task's test
        self._begin(None, None if state is None else state["search"])

    def state(self) -> dict[str, Any]:
        """Return all that a resumed run needs."""
        if self._cut_short is not None:
            kept = self._cut_short
            return {**kept, "progress": {**kept["progress"], **self.progress.later()}}
        return {"progress": self.progress.as_state(), "search": self._evolution.state()}

    def step(self, workers: Workers, attend: Attend = at_once) -> list[Step]:
        """Go on as far as the run can then be saved; return the generations.

        attend: does the work, or leaves it behind and raises. Raises EvaluationError if
        the work fails; the run cannot go on from there, a new one can from the state
        before.
        """
        evolution, most = self._evolution, self.experiment.budget.evaluations
        if most is not None:
            most -= self.progress.evaluations
        generations = attend(lambda: self._tested(evolution.advance(workers, most)))
        before = generations[-1].before
        if before is not None:
            self._cut_short = {"progress": self.progress.as_state(), "search": before}
        self.progress.forget_refinement()
        steps = [self._take(each) for each in generations]
        curriculum = self.experiment.curriculum
        if is_passed(self.progress, curriculum):
            self._advance()
        elif is_exhausted(self.progress, curriculum) and not self.stop_reasons():
            self._restart()
            steps[-1] = replace(steps[-1], messages=(*steps[-1].messages, AGAIN))
        return steps

    def stop_reasons(self) -> list[str]:
        """Return the limits of the budget that are reached; empty: go on."""
        progress = self.progress
        on_task = progress.variant == 0
        if on_task and is_control(self.experiment.task) and progress.best == 0:
            return ["solved: a network passed the task's test"]
        ended = [self._evolution.ended] if self._evolution.ended else []
        return ended + reasons(
            self.experiment.budget,
            generations=progress.generation,
            evaluations=progress.evaluations,
            seconds=progress.seconds,
            best=progress.best if on_task else float("inf"),
            stagnant=progress.generation - progress.improved_at if on_task else 0,
            cpu_seconds=progress.cpu_seconds,
        )

    @property
    def may_refine(self) -> bool:
        """Whether there is another round of refinement."""
        if self.experiment.refine is None or not self.progress.answers:
            return False
        refined = self.progress.refined
        return not refined or not are_refined(refined)

    def refine(self, workers: Workers) -> Round:
        """Refine the best networks by a round; return its line."""
        progress, settings = self.progress, self.experiment.refine
        assert settings is not None
        states = progress.refined or begin(
            [genome for _, genome in progress.answers[: settings.best]]
        )
        progress.refined = advance(self._answering, states, workers)
        line = round_of(len(progress.rounds) + 1, progress.refined)
        progress.rounds.append(line.as_dict())
        return line

    def model(self, workers: Workers, *, refined: bool = True) -> Trained | None:
        """Return the best network with its readout, or the ensemble of the best that the
        experiment asks for; None if there is none yet.

        refined: what refinement made of them, if there was any.
        """
        progress, count = self.progress, self.experiment.ensemble
        if not progress.answers:
            return None
        if isinstance(self._evolution, WITH_OUTPUTS):
            return self._evolution.model()
        genomes = [genome for _, genome in progress.answers[:count]]
        if refined and progress.refined:
            genomes, kept = chosen(progress.refined, count)
            readouts = [each for each in kept if each is not None]
            if readouts:  # then all have one
                return with_readouts(self._answering, genomes, readouts)
        return solved(self._answering, genomes, workers)

    def best_network(self) -> Model | None:
        """Return the best network with its readout, None if there is none yet."""
        answers = self.progress.answers
        if answers and isinstance(self._evolution, WITH_OUTPUTS):
            return self._evolution.model()
        return network_of(self._answering, answers[0][1]) if answers else None

    @property
    def _answering(self) -> Problem:
        """What the answers were found on: the task, where it was reached before."""
        again = self.progress.variant > 0 and self.progress.before
        return Problem(self.experiment) if again else self._problem

    def _tested(self, generations: list[Evaluated]) -> list[Evaluated]:
        """Put the best network of each generation to the test of a task of control."""
        task = self._problem.task
        if not isinstance(task, ControlTask):
            return generations
        return [self._tested_best(task, each) for each in generations]

    def _tested_best(self, task: ControlTask, generation: Evaluated) -> Evaluated:
        """Return a generation, its best network with loss 0 if it passes the test."""
        if not generation.found or generation.found[0][0] > task.tested_at:
            return generation
        genome = generation.found[0][1]
        if np.array_equal(genome, self._failed):
            return generation
        if not task.passes(network_of(self._problem, genome)):
            self._failed = genome
            return generation
        losses = generation.losses.copy()
        losses[int(np.argmin(losses))] = 0.0
        found = [(0.0, genome), *generation.found[1:]]
        return replace(generation, losses=losses, found=found)

    def _take(self, generation: Evaluated) -> Step:
        """Count a generation."""
        progress, losses, before = self.progress, generation.losses, self.progress.best
        progress.generation += 1
        taken = generation.evaluations
        progress.evaluations += len(losses) if taken is None else taken
        progress.found = best_of(progress.found, generation.found, self.experiment.kept)
        improved = progress.best < before
        if improved:
            progress.improved_at = progress.generation
        return Step(
            describe(losses, progress),
            progress.genome if improved else None,
            generation.messages,
        )

    def _advance(self) -> None:
        """Go on to the next variant, from the best network of this one."""
        origin = self.progress.genome
        go_to(self.progress, self.progress.variant - 1)
        self._begin(origin, None)

    def _restart(self) -> None:
        """Begin again at the easiest variant, with new draws; keep the best on the task."""
        begin_again(self.progress, self.experiment.curriculum)
        self._begin(None, None)

    def _begin(self, origin: Array | None, state: Mapping[str, Any] | None) -> None:
        """Begin on the present variant, from an origin or where a state was."""
        progress = self.progress
        self._problem = Problem(
            self.experiment, progress.variant, self._purpose, progress.restarts
        )
        self._problem.check()
        check_refinable(self._problem)
        if self.experiment.bptt is not None:
            self._evolution: Evolution = Backpropagation(
                self._problem, state, self._share_used
            )
            return
        if self.experiment.kalman is not None:
            self._evolution = Filtering(self._problem, state)
            return
        if self.experiment.reinforce is not None:
            self._evolution = PolicyGradient(self._problem, origin, state)
            return
        self._evolution = self._kind()(self._problem, origin, state)

    def _kind(self) -> type[OneSearch] | type[RefinedSearch] | type[Ring]:
        """Return how the population moves on."""
        if self.experiment.islands is not None:
            return Ring
        refine = self.experiment.refine
        return RefinedSearch if refine is not None and refine.every else OneSearch

    def _share_used(self) -> float:
        """Return the share of the budget that is used, 0 to 1."""
        budget, progress = self.experiment.budget, self.progress
        pairs = [
            (progress.generation, budget.generations),
            (progress.evaluations, budget.evaluations),
            (progress.seconds, budget.seconds),
            (progress.cpu_seconds, budget.cpu_seconds),
        ]
        return min(max((a / b for a, b in pairs if b is not None), default=0.0), 1.0)


def describe(losses: Array, progress: Progress) -> Generation:
    """Return the line of history for a generation's losses (P,)."""
    finite = np.sort(losses[np.isfinite(losses)])
    # A failed network ranks last; quartiles of ranks stay defined when some losses are inf.
    ranked = np.concatenate([finite, np.full(len(losses) - len(finite), np.inf)])
    lower, median, upper = (ranked[int(q * (len(ranked) - 1))] for q in (0.25, 0.5, 0.75))
    return Generation(
        generation=progress.generation,
        evaluations=progress.evaluations,
        best=progress.best,
        lowest=float(ranked[0]),
        lower_quartile=float(lower),
        median=float(median),
        upper_quartile=float(upper),
        failed=len(losses) - len(finite),
        variant=progress.variant,
    )
