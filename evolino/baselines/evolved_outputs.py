"""Genetic algorithm on all weights, output weights too: what solving the readout adds.

The network, its initialiser and the loss on validation are those of the experiment; no
readout is solved. Output weights begin uniform, of the size that back-propagation through
time begins with.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.random import Generator

from evolino.models.model import Model
from evolino.search.base import WeightSpace
from evolino.search.genetic import Genetic
from evolino.task.capabilities import over_evaluations
from evolino.training.experiment import Curriculum, Experiment
from evolino.training.problem import Problem, split_of, weight_space
from evolino.training.randomness import generator
from evolino.training.workers.base import Workers
from evolino.vocabulary import Array


def evolved_outputs(
    experiment: Experiment, evaluations: int, workers: Workers
) -> dict[str, float]:
    """Return the metrics of the best network of a genetic algorithm whose genomes hold the
    output weights, after so many evaluations; {} if all networks failed.

    Ternary initialisers give the first genomes; from there on weights are real numbers.
    """
    problem = Problem(replace(experiment, curriculum=Curriculum(), islands=None))
    space = all_weights(problem)
    rng = generator(experiment.seed, "evolved outputs")
    population = max(2, min(100, evaluations))
    elite = min(4, population - 1)
    search = Genetic(population=population, elite=elite).start(space, rng, None)
    best_loss, best, left = float("inf"), None, evaluations
    while left > 0:
        genomes = search.ask()
        losses = np.full(len(genomes), np.inf)
        losses[:left] = losses_of(problem, genomes[:left], workers)
        if losses.min() < best_loss:
            best_loss, best = float(losses.min()), genomes[int(losses.argmin())]
        left -= len(genomes)
        search.tell(losses)
    if best is None:
        return {}
    genome, weights = parts_of(problem, best[None])
    model = Model(experiment.architecture, genome[0], weights[0], problem.scaling)
    figures = experiment.task.measure(model, split_of(experiment.task, experiment.seed))
    return over_evaluations(experiment.task, figures, evaluations)


def all_weights(problem: Problem) -> WeightSpace:
    """Return the space of genomes (1, n): the weights into the cells, then (S, K)."""
    space = weight_space(problem.experiment, problem.driver)
    size = problem.experiment.architecture.readout_width
    outputs = size * problem.experiment.architecture.outputs
    width = 1.0 / np.sqrt(size)

    def draw(rng: Generator, count: int) -> Array:
        cells = space.draw(rng, count).reshape(count, -1)
        drawn = rng.uniform(-width, width, (count, outputs))
        return np.concatenate([cells, drawn], axis=1)[:, None]

    scale = np.concatenate([space.scale.ravel(), np.full(outputs, width)])[None]
    return WeightSpace(draw, scale)


def parts_of(problem: Problem, genomes: Array) -> tuple[Array, Array]:
    """Return genomes (P, C, G) and output weights (P, S, K) of all weights (P, 1, n)."""
    architecture = problem.experiment.architecture
    size = int(np.prod(architecture.genome_shape))
    rows = genomes[:, 0]
    cells = rows[:, :size].reshape(-1, *architecture.genome_shape)
    shape = architecture.readout_width, architecture.outputs
    return np.ascontiguousarray(cells), rows[:, size:].reshape(-1, *shape).copy()


def losses_of(problem: Problem, genomes: Array, workers: Workers) -> Array:
    """Return (P,): the losses on validation of all weights (P, 1, n)."""
    blocks = problem.evaluator.blocks(genomes)
    return np.concatenate(workers.map(problem, losses_of_block, blocks))


def losses_of_block(problem: Problem, genomes: Array) -> Array:
    """Return (P,) for a block of all weights (P, 1, n); a job of workers."""
    with np.errstate(over="ignore", invalid="ignore"):
        return problem.evaluator.losses_with(*parts_of(problem, genomes))
