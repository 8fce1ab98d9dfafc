"""What a generation consists of, for each search: ask, evaluate, tell, record.

Whole runs of `evolino.train` with a folder; a search in between notes the processor time
when it is asked and told. What lies between the end of a tell and the next ask is the
record: history, checkpoints, callbacks, reasons to stop.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import Generator

import evolino
from benchmarks.paired import Effort, one_core, spread
from benchmarks.workloads import series_task
from evolino import LSTM, Budget, PseudoInverse, Uniform
from evolino.registry import to_table
from evolino.search.base import Search, State, WeightSpace
from evolino.search.diagonal_cma_es import DiagonalCMAES
from evolino.search.esp import ESP
from evolino.search.genetic import Genetic
from evolino.search.random_search import RandomSearch
from evolino.vocabulary import Array

POPULATION, CELLS, STEPS = 200, 20, 1000  # and with 3 inputs 100 genes a cell
SEARCHES: tuple[Any, ...] = (
    ESP(subpopulation=20, combinations=10),
    Genetic(population=POPULATION),
    DiagonalCMAES(population=POPULATION),
    RandomSearch(population=POPULATION),
)
PARTS = ("ask", "evaluate", "tell", "record")
WARM_UP = 2  # generations


@dataclass(frozen=True, slots=True)
class Timed:
    """A search's settings; the running search notes when it is entered and left."""

    inner: Any
    marks: list[float] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The name of the search."""
        return str(self.inner.name)

    def to_table(self) -> dict[str, Any]:
        """Return the table of the search."""
        return to_table(self.inner)

    def start(self, space: WeightSpace, rng: Generator, origin: Array | None) -> Search:
        """Begin."""
        return _Running(self.inner.start(space, rng, origin), self.marks)

    def seconds(self) -> Array:
        """Return (generations - 1, 4): the parts of each generation but the last."""
        marks = np.array(self.marks).reshape(-1, 4)
        parts = np.column_stack([marks[:-1], marks[1:, 0]])
        return np.diff(parts, axis=1)[WARM_UP:]


class _Running:
    def __init__(self, inner: Search, marks: list[float]) -> None:
        self._inner, self._marks = inner, marks

    def ask(self) -> Array:
        self._marks.append(time.process_time())
        genomes = self._inner.ask()
        self._marks.append(time.process_time())
        return genomes

    def tell(self, losses: Array) -> None:
        self._marks.append(time.process_time())
        self._inner.tell(losses)
        self._marks.append(time.process_time())

    def receive(self, genome: Array, loss: float) -> None:
        self._inner.receive(genome, loss)

    def state(self) -> State:
        return self._inner.state()

    def restore(self, state: Mapping[str, Any]) -> None:
        self._inner.restore(state)


def measure(effort: Effort) -> dict[str, Any]:
    """Return milliseconds of each part, and the share of all but the evaluation."""
    generations, turns = (WARM_UP + 2, 1) if effort.quick else (40, 3)
    parts: dict[str, list[Array]] = {search.name: [] for search in SEARCHES}
    with one_core():
        for _ in range(turns):
            for search in SEARCHES:
                parts[search.name].append(_run(search, generations, effort))
    return {
        "population": POPULATION,
        "cells": CELLS,
        "genes": LSTM(cells=CELLS, inputs=3).genes,
        "steps": STEPS if not effort.quick else STEPS // 10,
        "searches": [_describe(name, runs) for name, runs in parts.items()],
    }


def _run(search: Any, generations: int, effort: Effort) -> Array:
    """Return the seconds of the parts (generations, 4) of a run with its folder."""
    timed = Timed(search)
    with tempfile.TemporaryDirectory() as folder:
        evolino.train(
            series_task(STEPS // 10 if effort.quick else STEPS),
            network=LSTM(cells=CELLS, readout_inputs=False),
            initialiser=Uniform(0.3),
            search=timed,
            readout=PseudoInverse(),
            budget=Budget(generations=generations),
            out=Path(folder) / "run",
        )
    return timed.seconds()


def _describe(name: str, runs: list[Array]) -> dict[str, Any]:
    """Return the parts' spreads over all generations; the share of each run's totals.

    Totals, because a checkpoint is written every other second only.
    """
    seconds = np.concatenate(runs)
    totals = [run.sum(axis=0) for run in runs]
    evaluated = [each[PARTS.index("evaluate")] / each.sum() for each in totals]
    return {
        "search": name,
        "milliseconds": {
            part: spread((1e3 * seconds[:, k]).tolist()) for k, part in enumerate(PARTS)
        },
        "share": spread([1.0 - share for share in evaluated]),
    }
