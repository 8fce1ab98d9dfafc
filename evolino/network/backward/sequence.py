"""Teacher-forced pass over one sequence and its gradient: cells in the lanes of vectors.

A pass keeps the outputs and states of all steps; the way back computes the gates anew, a
chunk of steps at a time. All of it is in float64.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evolino.network.backward.matrices import (
    LANES,
    Gradient,
    Matrices,
    padded,
    peepholes_of,
)
from evolino.network.kernels.cell_gradient import Sequence, drive_backward, drive_forward
from evolino.simd.memory import aligned
from evolino.vocabulary import Array

CHUNK = 512  # steps whose net inputs are held at once


@dataclass(frozen=True, slots=True, eq=False)
class SequencePass:
    """What a teacher-forced pass over one sequence leaves for the way back.

    vectors: (T, U). outputs, states: (T + 1, n), of all cells and the lanes beyond them;
    row 0 is before the first step.
    """

    matrices: Matrices
    vectors: Array
    outputs: Array
    states: Array

    def cells(self) -> tuple[Array, Array]:
        """Return outputs and states (T, C) after each step."""
        count = self.matrices.architecture.cells
        return self.outputs[1:, :count], self.states[1:, :count]


def _rows(count: int, width: int) -> Array:
    return aligned(count * width).reshape(count, width)


def _input_weights(matrices: Matrices, n: int) -> tuple[Array, Array]:
    """Return (U, 4 n) and the bias (4 n)."""
    cells, width = matrices.architecture.cells, matrices.inputs.shape[2]
    inputs, bias = np.zeros((width, 4, n)), np.zeros((4, n))
    inputs[:, :, :cells] = np.moveaxis(matrices.inputs, 2, 0)
    bias[:, :cells] = matrices.bias
    return inputs.reshape(width, 4 * n), bias.reshape(4 * n)


def _source_weights(matrices: Matrices, n: int) -> Array:
    """Return (C, 4 n), aligned: from each cell to all net inputs."""
    cells = matrices.architecture.cells
    weights = _rows(cells, 4 * n)
    weights.reshape(cells, 4, n)[:, :, :cells] = np.moveaxis(matrices.recurrent, 2, 0)
    return weights


def drive_sequence(matrices: Matrices, vectors: Array) -> SequencePass:
    """Drive a network over input vectors (T, U), from cells at rest."""
    steps, cells = len(vectors), matrices.architecture.cells
    n = padded(cells)
    outputs, states = _rows(steps + 1, n), _rows(steps + 1, n)
    weights, peepholes, work = (
        _source_weights(matrices, n).reshape(-1), peepholes_of(matrices, n), aligned(56)
    )  # fmt: skip
    inputs, bias = _input_weights(matrices, n)
    for first in range(0, steps, CHUNK):
        last = min(first + CHUNK, steps)
        net = _rows(last - first, 4 * n)
        net[...] = vectors[first:last] @ inputs + bias
        rows = slice(first, last + 1)
        sequence = Sequence(
            net.reshape(-1), weights, peepholes, outputs[rows].reshape(-1),
            states[rows].reshape(-1),
        )  # fmt: skip
        drive_forward(sequence, work, last - first, cells, n // LANES, matrices.flags)
    return SequencePass(matrices, vectors, outputs, states)


def drive_sequence_backward(
    passed: SequencePass, to_outputs: Array, to_states: Array, gradient: Gradient
) -> None:
    """Add to a gradient what outputs and states (T, C) after each step pass on to it."""
    matrices, steps = passed.matrices, len(passed.vectors)
    cells = matrices.architecture.cells
    n = padded(cells)
    forward = _source_weights(matrices, n)
    backward = np.ascontiguousarray(forward.T)
    turned = _rows(4 * n, n)
    turned[:, :cells] = backward
    peepholes, to_peepholes, carry = (
        peepholes_of(matrices, n),
        aligned(3 * n),
        aligned(2 * n),
    )
    inputs, bias = _input_weights(matrices, n)
    to_inputs, to_bias = np.zeros_like(inputs), np.zeros_like(bias)
    to_sources = np.zeros_like(forward)
    for first in reversed(range(0, steps, CHUNK)):
        last = min(first + CHUNK, steps)
        before = passed.outputs[first:last, :cells]
        net, dh, ds = (_rows(last - first, width) for width in (4 * n, n, n))
        net[...] = passed.vectors[first:last] @ inputs + bias + before @ forward
        dh[:, :cells], ds[:, :cells] = to_outputs[first:last], to_states[first:last]
        sequence = Sequence(
            net.reshape(-1), turned.reshape(-1), peepholes,
            passed.outputs[first : last + 1].reshape(-1),
            passed.states[first : last + 1].reshape(-1),
        )  # fmt: skip
        drive_backward(
            sequence, dh.reshape(-1), ds.reshape(-1), carry, to_peepholes, last - first,
            n // LANES, matrices.flags,
        )  # fmt: skip
        to_inputs += passed.vectors[first:last].T @ net
        to_bias += net.sum(axis=0)
        to_sources += before.T @ net
    width = matrices.inputs.shape[2]
    gradient.inputs += np.moveaxis(to_inputs.reshape(width, 4, n)[:, :, :cells], 0, 2)
    gradient.bias += to_bias.reshape(4, n)[:, :cells]
    gradient.recurrent += np.moveaxis(to_sources.reshape(cells, 4, n)[:, :, :cells], 0, 2)
    gradient.peepholes += to_peepholes.reshape(3, n)[:, :cells]
