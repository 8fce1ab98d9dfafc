"""Quick baselines: trivial methods, unevolved networks, random search.

They say how much of a result is due to evolution.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from evolino.readout.best_only import BestOnly
from evolino.readout.ctc import CTC
from evolino.search.random_search import RandomSearch
from evolino.task.capabilities import over_evaluations
from evolino.training.experiment import Budget, Curriculum, Experiment
from evolino.training.problem import Problem, split_of
from evolino.training.randomness import generator
from evolino.training.run import Run
from evolino.training.winners import solved
from evolino.training.workers import open_workers
from evolino.training.workers.base import Workers

DRAWS = 20
COSTLY_DRAWS = 5  # where a solution of the readout takes seconds
ENSEMBLES = 3  # of such networks
BATCH = 96  # networks that random search draws at a time


def baselines(
    experiment: Experiment, *, evaluations: int, workers: int = 1, draws: int = DRAWS
) -> dict[str, dict[str, float]]:
    """Return `measure_baselines` by so many threads."""
    with open_workers(workers) as pool:
        return measure_baselines(experiment, evaluations, pool, draws)


def measure_baselines(
    experiment: Experiment, evaluations: int, workers: Workers, draws: int = DRAWS
) -> dict[str, dict[str, float]]:
    """Return the metrics of trivial methods on the experiment's data, by method.

    The task's own ones; "unevolved": the median over `draws` first draws of the same
    network with the same readout, over 5 at most where that is costly (`BestOnly`,
    `CTC`); "random search": the best of as many draws as the run evaluated. Where the run
    makes an ensemble, so do these: a draw is one of as many first draws (3 are enough where
    the readout is costly), and random search takes its best.
    """
    split = split_of(experiment.task, experiment.seed)
    found = dict(experiment.task.baselines(split))
    if isinstance(experiment.readout, BestOnly | CTC):
        draws = min(draws, COSTLY_DRAWS if experiment.ensemble == 1 else ENSEMBLES)
    drawn = "unevolved, one draw" if draws == 1 else f"unevolved, median of {draws} draws"
    found[drawn] = unevolved(experiment, workers, draws)
    found["random search, equal evaluations"] = random_search(
        experiment, evaluations, workers
    )
    return found


def unevolved(
    experiment: Experiment, workers: Workers, draws: int = DRAWS
) -> dict[str, float]:
    """Return the median of each metric over first draws of the initialiser."""
    split = split_of(experiment.task, experiment.seed)
    problem = Problem(experiment)
    rng = generator(experiment.seed, "unevolved")
    figures: list[dict[str, float]] = []
    for _ in range(draws):
        genomes = experiment.initialiser.draw(
            experiment.architecture, rng, experiment.ensemble
        )
        model = solved(problem, list(genomes), workers)
        figures.append(experiment.task.measure(model, split))
    return {
        metric: float(np.median([each[metric] for each in figures]))
        for metric in figures[0]
    }


def random_search(
    experiment: Experiment, evaluations: int, workers: Workers
) -> dict[str, float]:
    """Return the metrics of the best of `evaluations` first draws, chosen by loss."""
    run = Run(
        replace(
            experiment,
            search=RandomSearch(population=min(BATCH, evaluations)),
            budget=Budget(evaluations=evaluations),
            curriculum=Curriculum(),
            islands=None,
            bptt=None,
            kalman=None,
            reinforce=None,
        ),
        purpose="random search",
    )
    while not run.stop_reasons():
        run.step(workers)
    model = run.model(workers)
    if model is None:
        return {}
    figures = experiment.task.measure(model, split_of(experiment.task, experiment.seed))
    return over_evaluations(experiment.task, figures, evaluations)
