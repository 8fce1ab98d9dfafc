"""Kernels against batched NumPy, readouts against numpy and scikit-learn, side by side.

Run by `make bench`. Times are the medians of interleaved repetitions on one core; what
counts is the ratios. Prints a table; with --out also writes it as JSON.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
from threadpoolctl import threadpool_limits

from evolino.network.architecture import LSTM
from evolino.network.kernels.dispatch import BLOCK, pack, teacher_forced
from evolino.readout.linear import PseudoInverse, Ridge

STEPS, REPETITIONS = 500, 15


def numpy_batched(network: LSTM, genomes: np.ndarray, inputs: np.ndarray) -> np.ndarray:
    """The forward pass of P networks, one batched product a step; returns (P, T, C)."""
    parts = network.unpack(genomes)
    weights = np.concatenate(
        [parts.bias[:, :, None], parts.inputs, parts.recurrent], axis=2
    )
    count, cells, sources, gates = weights.shape
    flat = weights.transpose(0, 3, 1, 2).reshape(count, gates * cells, sources)
    peep = parts.peepholes.transpose(2, 0, 1)
    h = s = np.zeros((count, cells))
    outputs = np.empty((len(inputs), count, cells))
    ones = np.ones((count, 1))
    for t, u in enumerate(inputs):
        seen = np.concatenate([ones, np.broadcast_to(u, (count, len(u))), h], axis=1)
        net = (flat @ seen[:, :, None]).reshape(count, gates, cells)
        gate_in = 1 / (1 + np.exp(-net[:, 0] - peep[0] * s))
        forget = 1 / (1 + np.exp(-net[:, 1] - peep[1] * s))
        s = forget * s + gate_in * np.tanh(net[:, 2])
        gate_out = 1 / (1 + np.exp(-net[:, 3] - peep[2] * s))
        h = gate_out * np.tanh(s)
        outputs[t] = h
    return outputs.transpose(1, 0, 2)


def paired(calls: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Median seconds of each call, the calls taking turns."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(REPETITIONS):
        for name, call in calls.items():
            began = time.perf_counter()
            call()
            times[name].append(time.perf_counter() - began)
    return {name: median(each[1:]) for name, each in times.items()}


def forward_pass(cells: int) -> dict[str, float]:
    """Million cell-steps a second of the kernel and of batched NumPy, same weights."""
    rng = np.random.default_rng(cells)
    network = LSTM(
        cells=cells,
        inputs=4,
        feedback=False,
        peepholes=True,
        readout_inputs=False,
        readout_constant=False,
    )
    many = 64
    # Chaotic networks would amplify rounding errors beyond any comparison.
    moderate = 1.0 / np.sqrt(4 + cells)
    genomes = rng.normal(0, moderate, (many, *network.genome_shape))
    inputs = rng.normal(size=(STEPS, 4))
    blocks = [pack(network, genomes[k : k + BLOCK]) for k in range(0, many, BLOCK)]
    ours = np.concatenate([teacher_forced(block, inputs)[0] for block in blocks])
    np.testing.assert_allclose(ours, numpy_batched(network, genomes, inputs), atol=1e-10)
    times = paired(
        {
            "kernel": lambda: [teacher_forced(block, inputs) for block in blocks],
            "numpy": lambda: numpy_batched(network, genomes, inputs),
        }
    )
    work = many * STEPS * cells / 1e6
    return {
        "cells": cells,
        "kernel": work / times["kernel"],
        "numpy": work / times["numpy"],
        "ratio": times["numpy"] / times["kernel"],
    }


def readouts(columns: int, rows: int = 1000) -> dict[str, float]:
    """Microseconds a network of our readouts, numpy's lstsq and scikit-learn's Ridge."""
    from sklearn.linear_model import Ridge as SklearnRidge

    rng = np.random.default_rng(columns)
    lanes = rng.normal(size=(rows, columns, BLOCK)).transpose(2, 0, 1)
    states, targets = np.ascontiguousarray(lanes), rng.normal(size=(rows, 1))
    times = paired(
        {
            "pseudo-inverse": lambda: PseudoInverse().solve(states, targets),
            "ridge": lambda: Ridge(1e-12).solve(states, targets),
            "numpy lstsq": lambda: [
                np.linalg.lstsq(x, targets, rcond=None) for x in states
            ],
            "scikit-learn": lambda: [SklearnRidge(1e-9).fit(x, targets) for x in states],
        }
    )
    return {"columns": columns} | {k: v / BLOCK * 1e6 for k, v in times.items()}


def print_rows(title: str, rows: list[dict[str, float]]) -> None:
    """Print a list of records as a table."""
    print(title)
    print("  ".join(f"{name:>14}" for name in rows[0]))
    for row in rows:
        print("  ".join(f"{value:14.4g}" for value in row.values()))


def main() -> None:
    """Time everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, help="also write JSON to this file")
    arguments = parser.parse_args()
    with threadpool_limits(1):
        forward = [forward_pass(cells) for cells in (5, 10, 20, 40, 100)]
        solved = [readouts(columns) for columns in (11, 21, 41, 101)]
    print_rows("Forward pass, million cell-steps a second on one core", forward)
    print_rows("Readout of 1,000 rows, microseconds a network on one core", solved)
    if arguments.out:
        record = {
            "machine": platform.processor() or platform.machine(),
            "python": platform.python_version(),
            "forward": forward,
            "readout": solved,
        }
        arguments.out.write_text(json.dumps(record, indent=2) + "\n")


if __name__ == "__main__":
    main()
