"""Ask and tell of every search, and of the `cmaes` library's CMA-ES beside ours.

Nothing is evaluated: losses are the squared norms of genomes, outside of the timing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.random import Generator

from benchmarks.paired import Effort, Samples, one_core, ratio, spread
from evolino.registry import find
from evolino.search.base import WeightSpace
from evolino.vocabulary import Array

POPULATION, SIZES = 200, (200, 2000)  # networks a generation, weights
SEARCHES = ("esp", "genetic", "random", "diagonal-cma-es", "cma-es", "xnes")
# The library's CMA-ES takes ten seconds a generation at 2,000 weights and P = 20.
PEERS = {"diagonal-cma-es": ("SepCMA", 2000), "cma-es": ("CMA", 200), "xnes": ("XNES", 200)}
Generation = Callable[[], float]


def measure(effort: Effort) -> dict[str, Any]:
    """Return milliseconds of ask and tell together, and the library's over ours."""
    population, sizes = (8, (20,)) if effort.quick else (POPULATION, SIZES)
    with one_core():
        rows = [_row(search, population, sizes, effort) for search in SEARCHES]
    return {
        "population": population,
        "weights": list(sizes),
        "searches": rows,
        "not_measured": [] if find_spec("cmaes") else ["cmaes"],
    }


def _row(
    search: str, population: int, sizes: tuple[int, ...], effort: Effort
) -> dict[str, Any]:
    times, against = [], []
    for size in sizes:
        calls = {"ours": _ours(search, population, size)}
        kind, largest = PEERS.get(search, ("", 0))
        if size <= largest and find_spec("cmaes"):
            calls["cmaes"] = _library(kind, population, size)
        samples = _take_turns(calls, effort)
        times.append(spread([1e3 * each for each in samples["ours"]]))
        against.append(
            ratio(samples["cmaes"], samples["ours"]) if "cmaes" in samples else None
        )
    return {"search": search, "milliseconds": times, "cmaes": against}


def _take_turns(calls: dict[str, Generation], effort: Effort) -> Samples:
    """Return the seconds of each call in each round, which the calls time themselves."""
    samples = Samples({name: [] for name in calls})
    for call in calls.values():
        call()  # what is compiled or loaded at first
    spent = 0.0
    for k in range(effort.rounds):
        if k >= effort.least and spent > effort.seconds:
            break
        for name, call in calls.items():
            samples[name].append(call())
            spent += samples[name][-1]
    return samples


def _ours(search: str, population: int, size: int) -> Generation:
    """Return a call that does a generation and returns the seconds of ask and tell."""
    cells = 20 if size >= 200 else 2

    def draw(rng: Generator, count: int) -> Array:
        return rng.normal(size=(count, cells, size // cells))

    space = WeightSpace(draw, np.full((cells, size // cells), 0.5))
    kind = find("search", search)
    settings = (
        kind(subpopulation=population // 4, combinations=4)
        if search == "esp"
        else kind(population=population)
    )
    running = settings.start(space, np.random.default_rng(1), None)

    def generation() -> float:
        began = time.process_time()
        genomes = running.ask()
        drawn = time.process_time()
        losses = np.square(genomes).sum(axis=(1, 2))
        evaluated = time.process_time()
        running.tell(losses)
        return drawn - began + time.process_time() - evaluated

    return generation


def _library(kind: str, population: int, size: int) -> Generation:
    """Return the same for an optimiser of the `cmaes` library."""
    import cmaes

    optimiser: Any = getattr(cmaes, kind)(
        mean=np.zeros(size), sigma=0.3, seed=1, population_size=population
    )

    def generation() -> float:
        began = time.process_time()
        points = [optimiser.ask() for _ in range(population)]
        drawn = time.process_time()
        found = [(point, float(point @ point)) for point in points]
        evaluated = time.process_time()
        optimiser.tell(found)
        return drawn - began + time.process_time() - evaluated

    return generation
