"""Free runs of stacked layers beside each other and their gradient.

The runs lie in the lanes. Each step goes up through the layers, a matrix product and a step
of the cells each; the way back goes down through them. Kept are outputs and states of all
steps, the net inputs are computed again. All of it is in float64.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evolino.network.backward.features import read_out, read_out_backward, readout_parts
from evolino.network.backward.free_runs import RunStarts
from evolino.network.backward.matrices import (
    LANES,
    Gradient,
    Matrices,
    all_weights,
    padded,
    peepholes_of,
)
from evolino.network.kernels.cell_gradient import step_backward, step_forward
from evolino.network.lstm import LSTM
from evolino.simd.memory import aligned
from evolino.vocabulary import Array


@dataclass(frozen=True, slots=True, eq=False)
class StackRuns:
    """What free runs of a stack leave for the way back.

    layers: the matrices of each, the lowest first. head: one layer whose cells are all that
    the readout sees. readout: (S, K). vectors: (L, U, n). outputs, states: (L + 1, C, n),
    of the cells of all layers, row 0 before the first step. sums: (L, K, n), what the
    readout summed up. count: of the runs without those that fill the lanes.
    """

    layers: tuple[Matrices, ...]
    head: LSTM
    readout: Array
    vectors: Array
    outputs: Array
    states: Array
    sums: Array
    count: int

    def backward(self, to_sums: Array) -> tuple[Array, Array, Array, list[Gradient]]:
        """Go back over all steps, from what is passed on to the sums (L, K, N).

        Returns what is passed on to the readout (S, K), to the outputs and states (N, C) of
        the cells at the starts, and the gradient of each layer.
        """
        steps, _, n = self.sums.shape
        head, external = self.head, self.head.inputs
        gradients = [Gradient(each) for each in self.layers]
        weights = [all_weights(each) for each in self.layers]
        to_weights = [np.zeros_like(each) for each in weights]
        parts = readout_parts(head, self.readout)
        to_readout = np.zeros_like(self.readout)
        to_parts = readout_parts(head, to_readout)
        dh, ds = _block(self.outputs.shape[1], n), _block(self.states.shape[1], n)
        fed = np.zeros((head.outputs, n))  # what the sums before get, being fed back
        for t in reversed(range(steps)):
            back = fed.copy()
            back[:, : self.count] += to_sums[t]
            read = slice(-head.cells, None)
            seen = self.outputs[t + 1, read], self.states[t + 1, read], self.vectors[t]
            to_below = read_out_backward(parts, seen, back, (dh[read], ds[read], to_parts))
            for number in reversed(range(len(self.layers))):
                to_vector = self._layer_backward(
                    number, t, weights[number], (dh, ds, to_weights[number]),
                    gradients[number],
                )  # fmt: skip
                if number:
                    dh[self._rows(number - 1)] += to_vector
                else:
                    to_below += to_vector
            fed = head.feedback_scale * to_below[external:]
            if not head.feedback:
                fed = np.zeros_like(back)
        for gradient, own in zip(gradients, to_weights, strict=True):
            gradient.add_weights(own)
        at_start = dh[:, : self.count].T.copy(), ds[:, : self.count].T.copy()
        return to_readout, *at_start, gradients

    def _rows(self, number: int) -> slice:
        cells = self.layers[number].architecture.cells
        return slice(number * cells, (number + 1) * cells)

    def _layer_backward(
        self,
        number: int,
        t: int,
        weights: Array,
        to: tuple[Array, Array, Array],
        gradient: Gradient,
    ) -> Array:
        """Go back over the step t of a layer; return what its input vector gets (U, n).

        to: what outputs and states of all cells get, and the weights of the layer.
        """
        matrices, rows, n = self.layers[number], self._rows(number), self.sums.shape[2]
        cells, full = matrices.architecture.cells, matrices.architecture.full_peepholes
        (dh, ds), to_weights = (each[rows] for each in to[:2]), to[2]
        below = self.outputs[t + 1, self._rows(number - 1)] if number else self.vectors[t]
        before = (self.states if full else self.outputs)[t, rows]
        sources = _sources(before, below)
        net = _block(4 * cells, n)
        np.matmul(weights, sources, out=net)
        to_peepholes = aligned(3 * cells * n)
        states = self.states[t, rows].reshape(-1), self.states[t + 1, rows].reshape(-1)
        step_backward(
            net.reshape(-1), peepholes_of(matrices, cells, n), states, dh.reshape(-1),
            ds.reshape(-1), to_peepholes, cells * n // LANES, matrices.flags,
        )  # fmt: skip
        passed_on = weights.T @ net
        dh[...] = 0.0 if full else passed_on[:cells]
        if full:
            ds += passed_on[:cells]
        to_weights += net @ sources.T
        gradient.peepholes += to_peepholes.reshape(3, cells, n).sum(axis=2)
        return np.asarray(passed_on[cells:-1])


def run_stack_freely(
    layers: Sequence[Matrices], head: LSTM, readout: Array, starts: RunStarts
) -> StackRuns:
    """Let one stack with a readout (S, K) run freely from N starts, those of all cells.

    Raises ValueError for outputs that are not fed back as they are summed up.
    """
    if head.output != "identity":
        raise ValueError(
            f"free runs have a gradient for output 'identity', got {head.output!r}"
        )
    steps, count, external = starts.inputs.shape
    n, every = padded(count), starts.outputs.shape[1]
    outputs, states = (
        aligned((steps + 1) * every * n).reshape(steps + 1, every, n) for _ in range(2)
    )
    for all_steps, begin in ((outputs, starts.outputs), (states, starts.states)):
        all_steps[0, :, :count] = begin.T
    vectors = np.zeros((steps, head.input_width, n))
    vectors[:, :external, :count] = starts.inputs.swapaxes(1, 2)
    sums = np.zeros((steps, head.outputs, n))
    before = np.zeros((head.outputs, n))
    before[:, :count] = starts.fed_back.T
    parts, work, read = readout_parts(head, readout), aligned(56), slice(-head.cells, None)
    weights = [all_weights(each) for each in layers]
    for t in range(steps):
        if head.feedback:
            vectors[t, external:] = head.feedback_scale * before
        below, first = vectors[t], 0
        for matrices, own in zip(layers, weights, strict=True):
            cells = matrices.architecture.cells
            rows = slice(first, first + cells)
            driving = states if matrices.architecture.full_peepholes else outputs
            net = _block(4 * cells, n)
            np.matmul(own, _sources(driving[t, rows], below), out=net)
            step_forward(
                net.reshape(-1), peepholes_of(matrices, cells, n),
                states[t, rows].reshape(-1), states[t + 1, rows].reshape(-1),
                outputs[t + 1, rows].reshape(-1), work, cells * n // LANES, matrices.flags,
            )  # fmt: skip
            below, first = outputs[t + 1, rows], first + cells
        read_out(parts, (outputs[t + 1, read], states[t + 1, read], vectors[t]), sums[t])
        before = sums[t]
    return StackRuns(tuple(layers), head, readout, vectors, outputs, states, sums, count)


def _sources(driving: Array, below: Array) -> Array:
    """Return (C + U + 1, n): what drives the cells of a layer at a step."""
    return np.concatenate([driving, below, np.ones((1, below.shape[1]))])


def _block(rows: int, n: int) -> Array:
    return aligned(rows * n).reshape(rows, n)
