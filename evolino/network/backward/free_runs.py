"""Free runs of one network beside each other and their gradient: runs in the lanes.

Each step is one matrix product for all runs. All of it is in float64.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evolino.network.backward.features import read_out, read_out_backward
from evolino.network.backward.matrices import (
    LANES,
    Gradient,
    Matrices,
    all_weights,
    padded,
    peepholes_of,
)
from evolino.network.kernels.cell_gradient import step_backward, step_forward
from evolino.simd.memory import aligned
from evolino.vocabulary import Array

KEPT = 2**26  # bytes of net inputs that free runs keep for the way back


@dataclass(frozen=True, slots=True, eq=False)
class RunsPass:
    """What free runs beside each other leave for the way back, which uses it up.

    sources: (L + 1, C + U + 1, N), what drives the cells at each step: their outputs before
    it, the input vector, 1; N is a multiple of the lanes. states: (L + 1, C, N). sums: (L,
    K, N), what the readout summed up. net: (L, 4 C, N), the net inputs, None where they
    would take more than KEPT bytes. count: of the runs that were asked for.
    """

    matrices: Matrices
    readout: Array
    sources: Array
    states: Array
    sums: Array
    net: Array | None
    count: int

    def vectors(self) -> Array:
        """Return the input vectors (L, U, N)."""
        return self.sources[:-1, self.matrices.architecture.cells : -1]


@dataclass(frozen=True, slots=True, eq=False)
class RunStarts:
    """Where free runs begin: outputs, states (N, C) of the cells, fed_back (N, K), the
    last output; inputs: (L, N, I), what goes in."""

    outputs: Array
    states: Array
    fed_back: Array
    inputs: Array


def run_freely(matrices: Matrices, readout: Array, starts: RunStarts) -> RunsPass:
    """Let one network with a readout (S, K) run freely from N starts.

    Raises ValueError for outputs that are not fed back as they are summed up.
    """
    architecture = matrices.architecture
    if architecture.output != "identity":
        raise ValueError(
            f"free runs have a gradient for output 'identity', got {architecture.output!r}"
        )
    steps, count = starts.inputs.shape[:2]
    cells, lanes, inputs = architecture.cells, padded(count), architecture.inputs
    weights = all_weights(matrices)
    sources = _stack(steps + 1, weights.shape[1], lanes)
    states = _stack(steps + 1, cells, lanes)
    sources[0, :cells, :count], states[0, :, :count] = starts.outputs.T, starts.states.T
    sources[:-1, cells : cells + inputs, :count] = np.moveaxis(starts.inputs, 2, 1)
    sources[:, -1] = 1.0
    sums = np.zeros((steps, architecture.outputs, lanes))
    fed_back = np.zeros((architecture.outputs, lanes))
    fed_back[:, :count] = starts.fed_back.T
    peepholes, work = peepholes_of(matrices, cells, lanes), aligned(56)
    kept = steps * 4 * cells * lanes * 8 <= KEPT
    nets = _stack(steps if kept else 1, 4 * cells, lanes)
    for t in range(steps):
        if architecture.feedback:
            sources[t, cells + inputs : -1] = architecture.feedback_scale * fed_back
        net = nets[t if kept else 0]
        np.matmul(weights, sources[t], out=net)
        h = sources[t + 1, :cells]
        step_forward(
            net.reshape(-1), peepholes, states[t].reshape(-1), states[t + 1].reshape(-1),
            h.reshape(-1), work, cells * lanes // LANES, matrices.flags,
        )  # fmt: skip
        read_out(architecture, readout, (h, states[t + 1], sources[t, cells:-1]), sums[t])
        fed_back = sums[t]
    return RunsPass(matrices, readout, sources, states, sums, nets if kept else None, count)


def run_freely_backward(
    passed: RunsPass, to_sums: Array, gradient: Gradient
) -> tuple[Array, Array, Array]:
    """Add to a gradient what sums (L, K, N) pass on to it.

    Returns what is passed on to the readout (S, K), and to the cells' outputs and states
    (N, C) at the starts.
    """
    matrices, readout = passed.matrices, passed.readout
    architecture = matrices.architecture
    steps, _, lanes = passed.sums.shape
    cells, inputs = architecture.cells, architecture.inputs
    weights = all_weights(matrices)
    peepholes, to_peepholes = (
        peepholes_of(matrices, cells, lanes),
        aligned(3 * cells * lanes),
    )
    spare = _stack(1, 4 * cells, lanes)[0]
    ds, to_sources = _stack(1, cells, lanes)[0], _stack(1, weights.shape[1], lanes)[0]
    to_weights, to_readout = np.zeros_like(weights), np.zeros_like(readout)
    to_y = np.zeros((architecture.outputs, lanes))
    for t in reversed(range(steps)):
        to_y[:, : passed.count] += to_sums[t]
        dh = to_sources[:cells]
        h, s = passed.sources[t + 1, :cells], passed.states[t + 1]
        u = passed.sources[t, cells:-1]
        to_u = read_out_backward(
            architecture, readout, (h, s, u), to_y, (dh, ds, to_readout)
        )
        if passed.net is None:
            net = np.matmul(weights, passed.sources[t], out=spare)
        else:
            net = passed.net[t]
        states = passed.states[t].reshape(-1), s.reshape(-1)
        step_backward(
            net.reshape(-1), peepholes, states, dh.reshape(-1), ds.reshape(-1),
            to_peepholes, cells * lanes // LANES, matrices.flags,
        )  # fmt: skip
        np.matmul(weights.T, net, out=to_sources)
        to_weights += net @ passed.sources[t].T
        to_u += to_sources[cells:-1]
        to_y[...] = (
            architecture.feedback_scale * to_u[inputs:] if architecture.feedback else 0
        )
    gradient.add_weights(to_weights)
    gradient.peepholes += to_peepholes.reshape(3, cells, lanes).sum(axis=2)
    started = to_sources[:cells, : passed.count].T, ds[:, : passed.count].T
    return to_readout, *started


def _stack(count: int, rows: int, lanes: int) -> Array:
    return aligned(count * rows * lanes).reshape(count, rows, lanes)
