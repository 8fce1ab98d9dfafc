"""One run in memory: where it is, and its next generation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from evolino.model import Model
from evolino.search.base import Search, WeightSpace
from evolino.task import Split, Task
from evolino.training.evaluate import Evaluator
from evolino.training.experiment import Experiment
from evolino.training.history import Generation
from evolino.training.parallel import Workers
from evolino.training.randomness import generator
from evolino.training.stopping import reasons
from evolino.vocabulary import Array


@dataclass(slots=True)
class Progress:
    """Where a run is; all of it goes into the checkpoint.

    best: lowest loss on the present variant; improved_at: its generation. variant: of the
    curriculum, counted down to 0, the task itself. began_at: the variant's generation 0.
    """

    generation: int = 0
    evaluations: int = 0
    seconds: float = 0.0
    variant: int = 0
    began_at: int = 0
    improved_at: int = 0
    best: float = float("inf")
    genome: Array | None = None

    def as_state(self) -> dict[str, Any]:
        """Return the fields by name."""
        return {name: getattr(self, name) for name in self.__slots__}


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
        self.progress = (
            Progress(variant=len(experiment.curriculum.variants))
            if state is None
            else Progress(**state["progress"])
        )
        self.evaluator = self._evaluator()
        self.search = self._search(origin=None)
        if state is not None:
            self.search.restore(state["search"])

    def state(self) -> dict[str, Any]:
        """Return all that a resumed run needs."""
        return {"progress": self.progress.as_state(), "search": self.search.state()}

    def step(self, pool: Workers) -> tuple[Generation, bool]:
        """Run one generation; return its record and whether it found a better network."""
        progress = self.progress
        genomes = self.search.ask()
        losses = pool.losses(self.evaluator, genomes)
        progress.generation += 1
        progress.evaluations += len(losses)
        first = int(np.argmin(losses))
        improved = bool(losses[first] < progress.best)
        if improved:
            progress.best = float(losses[first])
            progress.genome = genomes[first].copy()
            progress.improved_at = progress.generation
        del genomes  # a large population is not held while the next one is bred
        self.search.tell(losses)
        record = describe(losses, progress)
        if self._should_advance():
            self._advance()
        return record, improved

    def stop_reasons(self) -> list[str]:
        """Return the limits of the budget that are reached; empty: go on."""
        progress = self.progress
        on_task = progress.variant == 0
        return reasons(
            self.experiment.budget,
            generations=progress.generation,
            evaluations=progress.evaluations,
            seconds=progress.seconds,
            best=progress.best if on_task else float("inf"),
            stagnant=progress.generation - progress.improved_at if on_task else 0,
        )

    def model(self) -> Model | None:
        """Return the best network with its readout, None if there is none yet."""
        genome = self.progress.genome
        if genome is None:
            return None
        weights = self.evaluator.solve_winner(genome)
        return Model(self.experiment.architecture, genome, weights)

    @property
    def task(self) -> Task:
        """The task, or the variant of it that is learnt at present."""
        variants = self.experiment.curriculum.variants
        if self.progress.variant == 0:
            return self.experiment.task
        return variants[len(variants) - self.progress.variant]

    def _should_advance(self) -> bool:
        progress, curriculum = self.progress, self.experiment.curriculum
        waited = progress.generation - progress.began_at
        return progress.variant > 0 and (
            progress.best <= curriculum.advance_at or waited >= curriculum.patience
        )

    def _advance(self) -> None:
        """Go on to the next variant, from the best network of this one."""
        progress = self.progress
        origin = progress.genome
        progress.variant -= 1
        progress.began_at = progress.improved_at = progress.generation
        progress.best, progress.genome = float("inf"), None
        self.evaluator = self._evaluator()
        self.search = self._search(origin=origin)

    def _evaluator(self) -> Evaluator:
        experiment, task = self.experiment, self.task
        return Evaluator(
            experiment.architecture,
            task,
            experiment.readout,
            split_of(task, experiment.seed),
            experiment.tolerance,
        )

    def _search(self, origin: Array | None) -> Search:
        rng = generator(self.experiment.seed, self._purpose, self.progress.variant)
        return self.experiment.search.start(weight_space(self.experiment), rng, origin)


def weight_space(experiment: Experiment) -> WeightSpace:
    """Return the genomes that an experiment's initialiser offers to its search."""
    initialiser, architecture = experiment.initialiser, experiment.architecture
    return WeightSpace(
        draw=lambda rng, count: initialiser.draw(architecture, rng, count),
        scale=initialiser.scale(architecture),
        level=initialiser.level,
        family=initialiser.family(architecture),
    )


def split_of(task: Task, seed: int) -> Split:
    """Return a task's data for a run's seed."""
    return task.sequences(generator(seed, "task"))


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
