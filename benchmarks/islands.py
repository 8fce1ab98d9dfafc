"""Islands on one worker and on several, in turns: how much faster, and the same result?

    python benchmarks/islands.py --backend loky --workers 2

Prints the seconds of every run as JSON, and the ratio of the medians. What else the machine
is doing counts: run it on an idle one.
"""

from __future__ import annotations

import argparse
import json
import platform
from statistics import median

import numpy as np

import evolino
from evolino.search.esp import ESP
from evolino.training.experiment import Budget, Experiment, Islands
from evolino.training.problem import Problem
from evolino.training.run import Run
from evolino.training.workers import open_workers
from evolino.training.workers.base import BACKENDS, Workers, WorkerSettings


def experiment(islands: int, every: int, exchanges: int) -> Experiment:
    """Five sines, 1,000 steps fitted; 20 cells, 80 networks a generation of an island."""
    frequencies = evolino.Oscillators(sines=5).angular_frequencies
    wave = np.sin(np.outer(np.arange(1500), frequencies)).sum(axis=1)
    return Experiment(
        task=evolino.SeriesTask(wave, washout=100, train=1000, validation=200),
        network=evolino.LSTM(cells=20),
        initialiser=evolino.LinearRegime(),
        search=ESP(subpopulation=20, combinations=4),
        readout=evolino.PseudoInverse(),
        budget=Budget(generations=every * exchanges),
        islands=Islands(islands, every),
    )


def seconds_of(made: Experiment, workers: Workers) -> tuple[float, bytes]:
    """Return the wall-clock seconds of a run, and the genome that it found."""
    from time import perf_counter

    run, began = Run(made), perf_counter()
    while not run.stop_reasons():
        run.step(workers)
    return perf_counter() - began, run.progress.genome.tobytes()


def main() -> None:
    """Read the options, run, print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--backend", choices=BACKENDS, default="loky")
    parser.add_argument("--scheduler")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--islands", type=int, default=4)
    parser.add_argument("--migrate-every", type=int, default=10)
    parser.add_argument("--exchanges", type=int, default=3)
    parser.add_argument("--repetitions", type=int, default=3)
    given = parser.parse_args()
    made = experiment(given.islands, given.migrate_every, given.exchanges)
    Problem(made).text  # noqa: B018 - imports what a table needs before the clock starts
    many = WorkerSettings(given.workers, given.backend, given.scheduler)
    times: dict[str, list[float]] = {"one": [], "many": []}
    found = set()
    with open_workers(1) as one, open_workers(many) as several:
        for repetition in range(given.repetitions + 1):  # the first one starts processes
            for name, workers in (("one", one), ("many", several)):
                seconds, genome = seconds_of(made, workers)
                found.add(genome)
                if repetition:
                    times[name].append(seconds)
    assert len(found) == 1, "workers changed the result"
    one_median, many_median = (median(each) for each in times.values())
    record = {
        "backend": given.backend,
        "workers": several.count,
        "islands": given.islands,
        "migrate_every": given.migrate_every,
        "machine": platform.processor() or platform.machine(),
        "seconds": times,
        "ratio": one_median / many_median,
    }
    print(json.dumps(record, indent=1))


if __name__ == "__main__":
    main()
