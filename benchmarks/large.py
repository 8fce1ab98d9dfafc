"""Large networks over several teacher-forced series, at once and one after another."""

from __future__ import annotations

from typing import Any, get_args

import numpy as np

from benchmarks.paired import Effort, one_core, rate, ratio, take_turns
from benchmarks.workloads import moderate_genomes
from evolino import LSTM
from evolino.network.kernels.dispatch import course_over, drive_over, pack
from evolino.network.lstm import Precision

CELLS, INPUTS, SERIES, CELL_STEPS = (64, 100, 200, 400, 1000), 4, 8, 40_000
TOGETHER, IN_TURN = "at once", "one after another"


def measure(effort: Effort) -> dict[str, Any]:
    """Return million cell-steps a second on one core, and what driving series at once
    gains."""
    cells = CELLS[:1] if effort.quick else CELLS
    with one_core():
        return {
            "series": SERIES,
            "inputs": INPUTS,
            "rows": [
                _row(each, precision, effort)
                for precision in get_args(Precision)
                for each in cells
            ],
        }


def _row(cells: int, precision: Precision, effort: Effort) -> dict[str, Any]:
    """Time a network over all series in one call, against a call for each."""
    network = LSTM(cells=cells, inputs=INPUTS, feedback=False, precision=precision)
    packed = pack(network, moderate_genomes(network, 1))
    rng, steps = np.random.default_rng(cells), max(10, CELL_STEPS // cells)
    series = [rng.normal(size=(steps, INPUTS)) for _ in range(SERIES)]
    whole = course_over(network, series)
    single = [course_over(network, [each]) for each in series]
    calls = {
        TOGETHER: lambda: drive_over(packed, whole)[0],
        IN_TURN: lambda: np.concatenate([drive_over(packed, c)[0] for c in single], 1),
    }
    np.testing.assert_array_equal(calls[TOGETHER](), calls[IN_TURN]())
    samples = take_turns(calls, effort)
    work = SERIES * steps * cells / 1e6
    return {
        "cells": cells,
        "precision": precision,
        "rates": {name: rate(work, seconds) for name, seconds in samples.items()},
        "ratios": {TOGETHER: ratio(samples[IN_TURN], samples[TOGETHER])},
    }
