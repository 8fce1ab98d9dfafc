"""How the time of evaluating grows with the problem, and shrinks with workers."""

from __future__ import annotations

import inspect
import time
from functools import partial
from typing import Any

import numpy as np

import evolino
from benchmarks.generation import CELLS, POPULATION, STEPS
from benchmarks.paired import Effort, one_core, rate, ratio, spread, take_turns
from benchmarks.workloads import moderate_genomes, series_task, sines
from evolino import LSTM, Budget, Callback, PseudoInverse, Uniform
from evolino.search.esp import ESP
from evolino.task.series import Segment, Series, Split
from evolino.training.evaluation import Evaluator
from evolino.training.scoring import scoring_of
from evolino.training.solved_candidates import Setting

GRID: dict[str, tuple[int, ...]] = {
    "cells": (5, 10, 20, 40, 100, 200),
    "steps": (100, 1_000, 10_000),
    "networks": (8, 64, 512),
    "sequences": (1, 8, 64),
}
USUAL = {"cells": 20, "steps": 1_000, "networks": 64, "sequences": 1}
SEQUENCE_STEPS = 100
ISLAND_OPTIONS = {"islands", "migrate_every", "backend"}


def measure(effort: Effort) -> dict[str, Any]:
    """Return million cell-steps a second over each parameter, and the gain by workers."""
    grid = {k: v[:1] for k, v in GRID.items()} if effort.quick else GRID
    with one_core():
        rows = {name: _over(name, values, effort) for name, values in grid.items()}
    return {
        "usual": USUAL,
        "rows": rows,
        "workers": _workers(effort),
        "islands": _islands(effort),
    }


def _over(name: str, values: tuple[int, ...], effort: Effort) -> list[dict[str, Any]]:
    """Return the rates of whole evaluations over one parameter, the others as usual."""
    cases = {str(value): {**USUAL, name: value} for value in values}
    if name == "sequences":
        cases = {k: {**case, "steps": SEQUENCE_STEPS} for k, case in cases.items()}
    calls = {}
    for key, case in cases.items():
        network = LSTM(cells=case["cells"], readout_inputs=False)
        genomes = moderate_genomes(network, case["networks"])
        evaluator = _evaluator(network, case["steps"], case["sequences"])
        calls[key] = partial(evaluator.losses, genomes)
    samples = take_turns(calls, effort)
    return [
        {"value": int(key), "rate": rate(np.prod(list(case.values())) / 1e6, samples[key])}
        for key, case in cases.items()
    ]


def _evaluator(network: LSTM, steps: int, count: int) -> Evaluator:
    """Return an evaluator of `count` sequences: a tenth washout, a fifth free-running."""
    washout, stop = steps // 10, steps - steps // 5
    signal = sines(steps + count)
    each = [
        Series(np.zeros((steps, 0)), signal[n : n + steps]) for n in range(count)
    ]  # begun a step later each
    split = Split(
        tuple(Segment(series, washout, stop) for series in each),
        tuple(Segment(series, stop, steps) for series in each),
        (),
    )
    task = series_task(steps, inputs=0)
    setting = Setting(network.driver(), task, PseudoInverse(), split)
    return Evaluator(setting, scoring_of(task))


class _Marks(Callback):
    """Notes when each generation ends."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def on_generation(self, generation: Any, seconds: float) -> None:
        self.seconds.append(time.perf_counter())


def _train(generations: int, **options: Any) -> list[float]:
    """Return the seconds of each generation but the first two."""
    marks = _Marks()
    evolino.train(
        series_task(STEPS),
        network=LSTM(cells=CELLS, readout_inputs=False),
        initialiser=Uniform(0.3),
        search=ESP(subpopulation=POPULATION // 10, combinations=10),
        readout=PseudoInverse(),
        budget=Budget(generations=generations),
        callbacks=[marks],
        **options,
    )
    return list(np.diff(marks.seconds)[1:])


def _workers(effort: Effort) -> dict[str, Any]:
    """Return seconds a generation with 1 and 2 threads, runs taking turns, and the gain."""
    generations, turns = (3, 1) if effort.quick else (15, 7)
    seconds: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(turns):
        for count, taken in seconds.items():
            taken.append(float(np.median(_train(generations, workers=count))))
    return {
        "population": POPULATION,
        "seconds": {str(count): spread(taken) for count, taken in seconds.items()},
        "gain": ratio(seconds[1], seconds[2]),
    }


def _islands(effort: Effort) -> dict[str, Any] | None:
    """Return seconds of a run of two islands on 1 and 2 loky workers, and the gain.

    None where this version has no islands.
    """
    if not set(inspect.signature(evolino.train).parameters) >= ISLAND_OPTIONS:
        return None
    generations, turns = (2, 1) if effort.quick else (40, 3)
    seconds: dict[int, list[float]] = {1: [], 2: []}
    for turn in range(turns + 1):
        for count, taken in seconds.items():
            began = time.perf_counter()
            _train(generations, workers=count, backend="loky", islands=2, migrate_every=10)
            if turn > 0 or effort.quick:  # the first turn started the processes
                taken.append(time.perf_counter() - began)
    return {
        "seconds": {str(count): spread(taken) for count, taken in seconds.items()},
        "gain": ratio(seconds[1], seconds[2]),
    }
