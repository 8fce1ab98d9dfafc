"""Workloads of the benchmarks: networks of moderate weights, a task of any length."""

from __future__ import annotations

import numpy as np

from evolino import LSTM, SeriesTask
from evolino.network.kernels.dispatch import Networks, block_size, pack
from evolino.vocabulary import Array

BLOCK = 8  # networks that fill a vector of float64
PAPER_FREQUENCIES = (0.2, 0.311, 0.42, 0.51, 0.74)


def moderate_genomes(network: LSTM, count: int) -> Array:
    """Return (count, C, G) weights that keep cells in the range where they squash.

    Chaotic networks would amplify rounding errors beyond any comparison.
    """
    rng = np.random.default_rng(network.cells)
    deviation = 1.0 / np.sqrt(network.input_width + network.cells)
    return rng.normal(0.0, deviation, (count, *network.genome_shape))


def packed(network: LSTM, genomes: Array) -> list[Networks]:
    """Return genomes in the blocks that kernels take."""
    size = block_size(network)
    return [
        pack(network, genomes[first : first + size])
        for first in range(0, len(genomes), size)
    ]


def sines(steps: int) -> Array:
    """Return (steps, 1): the papers' five superimposed sines."""
    angles = np.outer(np.arange(1, steps + 1), PAPER_FREQUENCIES)
    return np.asarray(np.sin(angles).sum(axis=1)[:, None])


def series_task(steps: int, inputs: int = 3) -> SeriesTask:
    """Return a task whose evaluation takes `steps` steps of each network.

    A tenth of them is washout, a fifth a free run that validates, the rest is fitted.
    """
    washout, validation, test = steps // 10, steps // 5, 10
    rng = np.random.default_rng(steps)
    return SeriesTask(
        sines(steps + test),
        inputs=rng.normal(size=(steps + test, inputs)) if inputs else None,
        washout=washout,
        train=steps - washout - validation,
        validation=validation,
        test=test,
    )
