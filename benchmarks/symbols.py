"""Passes over symbols given as indices: what a thousand symbols cost beside four."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.paired import Effort, one_core, ratio, spread, take_turns
from benchmarks.workloads import BLOCK
from evolino import LSTM, Segment, Series, Symbols
from evolino.models.driving import forced_pass, teacher_forced
from evolino.simd.workspace import Workspace
from evolino.vocabulary import Array

CELLS, SERIES, STEPS, SYMBOLS = (2, 3, 10), 40, 2_000, (4, 104, 1_004)
ONE_HOT = "one-hot"


def measure(effort: Effort) -> dict[str, Any]:
    """Return milliseconds that a block of networks takes for its passes, on one core, and
    how many times those over the fewest symbols.

    One-hot inputs are an array of the most symbols.
    """
    cells, steps = (CELLS[:1], STEPS // 10) if effort.quick else (CELLS, STEPS)
    with one_core():
        return {
            "networks": BLOCK,
            "series": SERIES,
            "steps": steps,
            "rows": [_row(each, steps, effort) for each in cells],
        }


def _row(cells: int, steps: int, effort: Effort) -> dict[str, Any]:
    calls = {str(count): _passes(cells, count, steps) for count in SYMBOLS}
    calls[ONE_HOT] = _passes(cells, SYMBOLS[-1], steps, one_hot=True)
    np.testing.assert_array_equal(calls[str(SYMBOLS[-1])](), calls[ONE_HOT]())
    samples = take_turns(calls, effort)
    few = samples[str(SYMBOLS[0])]
    return {
        "cells": cells,
        "milliseconds": {
            name: spread([1e3 * each for each in taken]) for name, taken in samples.items()
        },
        "ratios": {name: ratio(taken, few) for name, taken in samples.items()},
    }


def _passes(
    cells: int, count: int, steps: int, *, one_hot: bool = False
) -> Callable[[], Array]:
    """Return a call that packs a block of networks and drives it over all series."""
    network = LSTM(
        cells=cells, inputs=count, outputs=2, feedback=False, readout_inputs=False
    )
    rng = np.random.default_rng(cells)
    genomes, driver = rng.normal(size=(BLOCK, *network.genome_shape)), network.driver()
    segments = []
    for _ in range(SERIES):
        symbols = Symbols(rng.integers(0, count, steps), count)
        inputs = symbols.one_hot() if one_hot else symbols
        segments.append(Segment(Series(inputs, np.zeros((steps, 2))), steps - 1, steps))
    over, workspace = forced_pass(driver, segments), Workspace()

    def drive() -> Array:
        networks = driver.pack(genomes, workspace)
        return teacher_forced(driver, networks, over, workspace).features

    return drive
