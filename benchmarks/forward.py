"""The forward pass of many networks against NumPy, JAX and PyTorch on the same weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from benchmarks.paired import Effort, one_core, rate, ratio, take_turns
from benchmarks.peers import PEERS, installed
from benchmarks.workloads import BLOCK, moderate_genomes, packed
from evolino import LSTM
from evolino.network.kernels.dispatch import CellStates, course_over, drive_over, free_run
from evolino.vocabulary import Array

OURS, OURS_WITHOUT = "evolino", "evolino, without peepholes"
CELLS, INPUTS = (5, 10, 20, 40, 100), 4
SEQUENCE_CELLS, SEQUENCES = (10, 20, 40, 100), (1, 8, 64)


def measure(effort: Effort) -> dict[str, Any]:
    """Return million cell-steps a second on one core, and how often peers take our time."""
    count, many, steps = (8, 8, 20) if effort.quick else (64, 400, 500)
    cells = CELLS[:1] if effort.quick else CELLS
    several = SEQUENCE_CELLS[:1] if effort.quick else SEQUENCE_CELLS
    with one_core():
        return {
            "networks": count,
            "steps": steps,
            "inputs": INPUTS,
            "not_measured": [
                name for name, package, _, _ in PEERS if not _wanted(package, effort)
            ],
            "rows": [_against_peers(each, count, steps, effort) for each in cells],
            "large_networks": many,
            "large": [
                _against_peers(each, many, steps // 5, effort, only=("numpy", "jax"))
                for each in cells
            ],
            "sequences": [_in_sequences(each, effort) for each in several],
        }


def _wanted(package: str, effort: Effort) -> bool:
    return package == "numpy" or (installed(package) and not effort.quick)


def _against_peers(
    cells: int,
    count: int,
    steps: int,
    effort: Effort,
    *,
    only: Sequence[str] = ("numpy", "jax", "torch"),
) -> dict[str, Any]:
    """Time `count` networks over `steps` rows; only: the packages of the peers."""
    network = LSTM(
        cells=cells,
        inputs=INPUTS,
        feedback=False,
        peepholes=True,
        readout_inputs=False,
        readout_constant=False,
    )
    inputs = np.random.default_rng(cells).normal(size=(steps, INPUTS))
    calls: dict[str, Callable[[], Any]] = {}
    bases = {}
    for has, ours in ((True, OURS), (False, OURS_WITHOUT)):
        variant = replace(network, peepholes=has)
        genomes = moderate_genomes(variant, count)
        calls[ours] = _kernel(variant, genomes, inputs)
        wanted = np.concatenate(calls[ours]())
        for name, package, peer, has_peepholes in PEERS:
            if has_peepholes == has and package in only and _wanted(package, effort):
                calls[name], bases[name] = peer(variant, genomes, inputs), ours
                np.testing.assert_allclose(np.asarray(calls[name]()), wanted, atol=1e-9)
    samples = take_turns(calls, effort)
    work = count * steps * cells / 1e6
    return {
        "cells": cells,
        "rates": {name: rate(work, seconds) for name, seconds in samples.items()},
        "ratios": {
            peer: ratio(samples[peer], samples[ours]) for peer, ours in bases.items()
        },
    }


def _kernel(network: LSTM, genomes: Array, inputs: Array) -> Callable[[], list[Array]]:
    blocks, course = packed(network, genomes), course_over(network, [inputs])
    return lambda: [drive_over(block, course)[0] for block in blocks]


def _in_sequences(cells: int, effort: Effort) -> dict[str, Any]:
    """Free runs of BLOCK networks over N sequences each, against one sequence each."""
    steps = 20 if effort.quick else 250
    network = LSTM(cells=cells, inputs=INPUTS - 1, peepholes=True)
    (block,) = packed(network, moderate_genomes(network, BLOCK))
    rng = np.random.default_rng(cells)
    readout = rng.normal(0.0, 0.1 / cells, (BLOCK, network.readout_width, 1))
    most = max(SEQUENCES)
    start = CellStates(*rng.normal(0.0, 0.3, (2, BLOCK, most, cells)))
    fed, inputs = rng.normal(size=(most, 1)), rng.normal(size=(most, steps, INPUTS - 1))

    def run(first: int, count: int) -> Array:
        rows = slice(first, first + count)
        before = CellStates(start.outputs[:, rows], start.states[:, rows])
        return free_run(block, readout, before, fed[rows], inputs[rows])

    alone = np.concatenate([run(n, 1) for n in range(BLOCK)], axis=1)
    np.testing.assert_allclose(run(0, BLOCK), alone, atol=1e-9)
    samples = take_turns({str(n): partial(run, 0, n) for n in SEQUENCES}, effort)
    each = {name: [s / int(name) for s in seconds] for name, seconds in samples.items()}
    work = BLOCK * steps * cells / 1e6
    return {
        "cells": cells,
        "rates": {name: rate(work, seconds) for name, seconds in each.items()},
        "ratios": {name: ratio(each["1"], each[name]) for name in each if name != "1"},
    }
