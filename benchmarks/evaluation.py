"""Whole evaluations a second: teacher-forced pass, readout, free-running validation.

PyBrain 0.3, the one other implementation of Evolino, needs Python 2.7. Its figures were
measured with its own EvolinoTrainer on this work: five superimposed sines of 400 points, a
teacher-forced pass, a fit on the last 267, 133 points of washout once more, and a free run
over 267. Evolino keeps the cells at the start of the free run, and so has no washout to
repeat; all else is the same here: a bias and the fed-back output into LSTM cells without
peepholes, and a readout of the cell outputs. The second figure is for the split that
evolino's own task makes of 400 points: 100 washout, 200 fitted, 100 free-running.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from benchmarks.paired import Effort, one_core, rate, spread, take_turns
from benchmarks.workloads import moderate_genomes, series_task, sines
from evolino import LSTM, PseudoInverse
from evolino.task.series import Segment, Series, Split
from evolino.training.evaluation import Evaluator
from evolino.training.scoring import scoring_of
from evolino.training.solved_candidates import Setting

# Individuals per processor second at 400 points: Python 2.7, numpy 1.11.3, scipy 0.19.1, a
# comparable machine.
PYBRAIN = {10: 26.8, 20: 25.4, 40: 18.1}
POINTS = 400
SPLITS = {"as PyBrain": (133, 400, 133, 400), "as evolino": (100, 300, 300, 400)}


def measure(effort: Effort) -> dict[str, Any]:
    """Return evaluations per processor second, and how many of PyBrain's that is."""
    cells = list(PYBRAIN)[:1] if effort.quick else list(PYBRAIN)
    with one_core():
        return {
            "points": POINTS,
            "splits": {name: list(split) for name, split in SPLITS.items()},
            "pybrain": [{"cells": c, "rate": PYBRAIN[c]} for c in cells],
            "rows": [_evaluate(each, effort) for each in cells],
        }


def evaluator(network: LSTM, split: tuple[int, int, int, int]) -> Evaluator:
    """Return an evaluator: rows that are fitted, rows of the free run."""
    series = Series(np.zeros((POINTS, 0)), sines(POINTS))
    fitted, run = Segment(series, *split[:2]), Segment(series, *split[2:])
    task = series_task(POINTS, inputs=0)  # only its loss is used
    setting = Setting(network.driver(), task, PseudoInverse(), Split((fitted,), (run,), ()))
    return Evaluator(setting, scoring_of(task))


def _evaluate(cells: int, effort: Effort) -> dict[str, Any]:
    count = 8 if effort.quick else 64
    network = LSTM(cells=cells, readout_inputs=False, readout_constant=False)
    genomes = moderate_genomes(network, count)
    evaluators = {name: evaluator(network, split) for name, split in SPLITS.items()}
    failed = {
        name: float(np.isinf(each.losses(genomes)).mean())
        for name, each in evaluators.items()
    }
    calls = {name: partial(each.losses, genomes) for name, each in evaluators.items()}
    samples = take_turns(calls, effort)
    return {
        "cells": cells,
        "rates": {name: rate(count, seconds) for name, seconds in samples.items()},
        "failed": failed,
        "times_pybrain": {
            name: spread([count / s / PYBRAIN[cells] for s in seconds])
            for name, seconds in samples.items()
        },
    }
