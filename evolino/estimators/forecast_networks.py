"""Unevolved networks for forecasts: driven over windows of the series, or step by step.

Each network sees a window of the last values. Teacher-forced passes go through the
compiled kernels; in a free run the networks of all origins take one step together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.random import Generator

from evolino.estimators.drawing import Distribution, check_genomes
from evolino.network.base import ForcedRuns
from evolino.network.lstm import GATES, LSTM
from evolino.simd.workspace import Workspace
from evolino.vocabulary import Array

# Smooth functions of the whole window, with a memory of few steps beside it: series that go
# by a law need interpolation in the window more than a long memory.
DISTRIBUTION = Distribution(cell_input=1.4, gate_input=1.0, longest=3.0, sources=10**6)
LANES = 16


@dataclass(frozen=True, slots=True, eq=False)
class WindowNetworks:
    """P networks (P, C, G) of one architecture, over input vectors (T, U)."""

    architecture: LSTM
    genomes: Array

    def __post_init__(self) -> None:
        """Check that the genomes fit the architecture."""
        check_genomes(self.architecture, self.genomes)

    @classmethod
    def drawn(cls, count: int, cells: int, width: int, rng: Generator) -> WindowNetworks:
        """Return networks for input vectors of some width U."""
        architecture = window_architecture(cells, width)
        return cls(architecture, DISTRIBUTION.draw(architecture, rng, count))

    @property
    def width(self) -> int:
        """P C: the features at a step."""
        return len(self.genomes) * self.architecture.cells

    def drive(
        self, vectors: Array, starts: Sequence[int] = ()
    ) -> tuple[Array, tuple[Array, Array]]:
        """Return the features (T, P C) over input vectors (T, U), and the outputs and
        states of cells (P, N, C) before each of N starts."""
        driver = self.architecture.driver()
        runs = ForcedRuns((vectors,), (0,), tuple((0, int(row)) for row in starts))
        drive = driver.teacher_forcing(runs)
        rows, outputs, states = [], [], []
        for first in range(0, len(self.genomes), LANES):
            packed = driver.pack(self.genomes[first : first + LANES])
            features, kept = drive(packed, Workspace())
            rows.append(np.moveaxis(features, 0, 1).reshape(len(vectors), -1))
            outputs.append(np.array(kept[0]))
            states.append(np.array(kept[1]))
        joined = np.concatenate(outputs), np.concatenate(states)
        return np.concatenate(rows, axis=1).astype(np.float64), joined

    def stepper(self, outputs: Array, states: Array) -> WindowStepper:
        """Return the networks at N points, to be driven a step at a time."""
        return WindowStepper(self, outputs, states)


def window_architecture(cells: int, width: int) -> LSTM:
    """Return the architecture of networks over input vectors of width U."""
    return LSTM(
        cells,
        inputs=width,
        feedback=False,
        readout_inputs=False,
        readout_constant=False,
        precision="float32",
    )


class WindowStepper:
    """P networks at N points at once. Equations: `evolino.network.lstm`."""

    def __init__(self, networks: WindowNetworks, outputs: Array, states: Array) -> None:
        architecture, genomes = networks.architecture, networks.genomes

        def weights(source: str) -> Array:
            parts = [genomes[..., architecture.genes_of(source, gate)] for gate in GATES]
            return np.concatenate(parts, axis=1).astype(np.float32)

        self._inputs, self._recurrent = weights("input"), weights("recurrent")
        self._bias = weights("bias")[..., 0]
        self._outputs: Any = outputs.astype(np.float32)
        self._states: Any = states.astype(np.float32)

    def step(self, vectors: Array) -> Array:
        """Return the features (N, P C) after a step with input vectors (N, U)."""
        count = self._outputs.shape[1]
        width = self._inputs.shape[2]
        given = vectors.astype(np.float32) @ self._inputs.reshape(-1, width).T
        sums = np.moveaxis(given.reshape(count, len(self._inputs), -1), 1, 0)
        sums = sums + self._outputs @ self._recurrent.transpose(0, 2, 1)
        sums += self._bias[:, None]
        enter, keep, cell, leave = np.split(sums, 4, axis=2)
        self._states = _sigmoid(keep) * self._states + _sigmoid(enter) * np.tanh(cell)
        self._outputs = _sigmoid(leave) * np.tanh(self._states)
        features = np.moveaxis(self._outputs, 0, 1).reshape(count, -1)
        return np.asarray(features, np.float64)


def _sigmoid(x: Array) -> Array:
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * x)))
