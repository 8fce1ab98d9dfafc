"""From genomes to models: the readouts of a run's best networks."""

from __future__ import annotations

from collections.abc import Sequence

from evolino.models.ensemble import Trained, trained
from evolino.models.model import Model
from evolino.network.kernel_expansion import Output
from evolino.training.problem import Problem
from evolino.training.workers.base import Workers
from evolino.vocabulary import Array


def solved(problem: Problem, genomes: Sequence[Array], workers: Workers) -> Trained:
    """Return genomes (C, G) with their readouts, fitted on the refit rows.

    The workers solve several; one is solved here.
    """
    if len(genomes) == 1:
        return network_of(problem, genomes[0])
    return with_readouts(problem, genomes, workers.map(problem, output_of, genomes))


def with_readouts(
    problem: Problem, genomes: Sequence[Array], outputs: Sequence[Output]
) -> Trained:
    """Return genomes (C, G) with readouts that are given."""
    architecture = problem.experiment.architecture
    return trained(
        [
            Model(architecture, genome, output, problem.scaling)
            for genome, output in zip(genomes, outputs, strict=True)
        ]
    )


def network_of(problem: Problem, genome: Array) -> Model:
    """Return a genome (C, G) with its readout."""
    architecture = problem.experiment.architecture
    return Model(architecture, genome, output_of(problem, genome), problem.scaling)


def output_of(problem: Problem, genome: Array) -> Output:
    """Return the readout of a genome (C, G); what a worker is asked to do."""
    return problem.evaluator.solve_winner(genome)
