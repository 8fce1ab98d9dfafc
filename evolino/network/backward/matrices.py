"""A genome as matrices, and the gradient with respect to it, gathered over passes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evolino.network.kernels.networks import layout_of
from evolino.network.lstm import LSTM
from evolino.network.weights import Weights, repack, unpack
from evolino.simd.memory import aligned
from evolino.simd.workspace import Workspace
from evolino.vocabulary import Array

LANES = 8  # numbers of a vector in float64
Held = Workspace  # memory that passes use again for the next genome


@dataclass(frozen=True, slots=True, eq=False)
class Matrices:
    """A genome as matrices, gates before cells; made by `matrices_of`.

    bias: (4, C). inputs: (4, C, U). recurrent: (4, C, C), 0 for absent sources.
    peepholes: (3, C). flags: the variant, as kernels read it.
    """

    architecture: LSTM
    bias: Array
    inputs: Array
    recurrent: Array
    peepholes: Array
    flags: int


def matrices_of(architecture: LSTM, genome: Array) -> Matrices:
    """Return a genome (C, G) as matrices."""
    weights, cells = unpack(architecture, genome[None]), architecture.cells
    recurrent = weights.recurrent[0].transpose(2, 0, 1)
    if architecture.sources is not None:
        present, recurrent = recurrent, np.zeros((4, cells, cells))
        rows = np.arange(cells)[:, None]
        recurrent[:, rows, architecture.recurrent_sources()] = present
    return Matrices(
        architecture,
        np.ascontiguousarray(weights.bias[0].T),
        np.ascontiguousarray(weights.inputs[0].transpose(2, 0, 1)),
        np.ascontiguousarray(recurrent),
        np.ascontiguousarray(weights.peepholes[0].T),
        layout_of(architecture).flags,
    )


class Gradient:
    """The gradient of a loss with respect to a genome, gathered over passes."""

    def __init__(self, matrices: Matrices) -> None:
        self.architecture = matrices.architecture
        self.bias = np.zeros_like(matrices.bias)
        self.inputs = np.zeros_like(matrices.inputs)
        self.recurrent = np.zeros_like(matrices.recurrent)
        self.peepholes = np.zeros_like(matrices.peepholes)

    def add_weights(self, to_weights: Array) -> None:
        """Add what `all_weights` (4 C, C + U + 1) pass on."""
        cells = self.architecture.cells
        parts = to_weights.reshape(4, cells, -1)
        self.recurrent += parts[:, :, :cells]
        self.inputs += parts[:, :, cells:-1]
        self.bias += parts[:, :, -1]

    def genome(self) -> Array:
        """Return (C, G)."""
        recurrent = self.recurrent
        if self.architecture.sources is not None:
            rows = np.arange(self.architecture.cells)[:, None]
            recurrent = recurrent[:, rows, self.architecture.recurrent_sources()]
        genomes = repack(
            self.architecture,
            Weights(
                self.bias.T[None],
                self.inputs.transpose(1, 2, 0)[None],
                recurrent.transpose(1, 2, 0)[None],
                self.peepholes.T[None],
            ),
        )
        return np.asarray(genomes[0])


def all_weights(matrices: Matrices) -> Array:
    """Return (4 C, C + U + 1): from cells, input vector and bias."""
    cells = matrices.architecture.cells
    parts = matrices.recurrent, matrices.inputs, matrices.bias[:, :, None]
    return np.concatenate(parts, axis=2).reshape(4 * cells, -1)


def padded(count: int) -> int:
    """Return the next multiple of the lanes."""
    return -(-count // LANES) * LANES


def peepholes_of(matrices: Matrices, n: int, runs: int = 1) -> Array:
    """Return the peephole weights (3 n runs,), aligned, of n cells for each run."""
    cells = matrices.architecture.cells
    values = aligned(3 * n * runs)
    own = matrices.peepholes[:, :, None]
    values.reshape(3, n, runs)[:, :cells] = own
    return values
