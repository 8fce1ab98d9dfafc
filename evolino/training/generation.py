"""Losses of a whole generation, where they depend on all its networks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from evolino.readout.base import Readout
from evolino.readout.best_only import BestOnly, chosen, joined
from evolino.readout.linear import PseudoInverse, Ridge
from evolino.training.problem import Problem
from evolino.vocabulary import Array

# Does a job on networks (P, C, G), its losses in their order. The number: at most so many
# networks to a piece; None leaves it to whoever cuts.
Measure = Callable[[Callable[[Problem, Array], Array], Array, int | None], Array]


def generation_losses(problem: Problem, genomes: Array, measure: Measure) -> Array:
    """Return (P,): the losses of a generation (P, C, G), to the same bits however cut."""
    readout = problem.experiment.readout
    if not isinstance(readout, BestOnly):
        return measure(losses_of, genomes, 1 if _alone(problem, readout) else None)
    ranks = measure(ranks_of, genomes, 1 if _alone(problem, readout.ranking) else None)
    best = chosen(ranks, readout.count)
    if not len(best):
        return np.full(len(genomes), np.inf)
    return joined(ranks, best, measure(losses_of, genomes[best], 1))


def _alone(problem: Problem, readout: Readout) -> bool:
    """Return whether networks share no work, so that smaller pieces cost nothing: large
    ones are driven one by one; free runs and linear readouts take eight together."""
    experiment = problem.experiment
    together = experiment.task.generates or isinstance(readout, PseudoInverse | Ridge)
    return problem.driver.one_by_one and not together


def losses_of(problem: Problem, genomes: Array) -> Array:
    """Return (P,): the losses of genomes (P, C, G); what a worker is asked to do."""
    return problem.evaluator.losses(genomes)


def ranks_of(problem: Problem, genomes: Array) -> Array:
    """Return (P,): the losses by the cheap readout; what a worker is asked to do."""
    return problem.ranking.losses(genomes)
