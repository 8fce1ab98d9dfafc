"""Gradients of an LSTM's passes: teacher-forced and in free run, by back-propagation in time.

A pass keeps the outputs and states of all steps; the way back computes the gates anew. One
sequence has its cells in the lanes of vectors; free runs lie beside each other in the lanes,
all runs of a step in one matrix product. All of it is in float64.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evolino.network.kernels.cell_gradient import (
    Sequence,
    drive_backward,
    drive_forward,
    step_backward,
    step_forward,
)
from evolino.network.kernels.networks import layout_of
from evolino.network.lstm import LSTM
from evolino.network.weights import Weights, repack, unpack
from evolino.simd.memory import aligned
from evolino.vocabulary import Array, IntArray

LANES = 8
CHUNK = 512  # steps whose net inputs are held at once on the way back
KEPT = 2**26  # bytes of net inputs that free runs keep for it


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
    recurrent = np.zeros((4, cells, cells))
    rows = np.arange(cells)[:, None]
    recurrent[:, rows, architecture.recurrent_sources()] = np.moveaxis(
        weights.recurrent[0], 2, 0
    )
    return Matrices(
        architecture,
        np.ascontiguousarray(weights.bias[0].T),
        np.ascontiguousarray(np.moveaxis(weights.inputs[0], 2, 0)),
        recurrent,
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

    def genome(self) -> Array:
        """Return (C, G)."""
        rows = np.arange(self.architecture.cells)[:, None]
        sources = self.architecture.recurrent_sources()
        return repack(
            self.architecture,
            Weights(
                self.bias.T[None],
                np.moveaxis(self.inputs, 0, 2)[None],
                np.moveaxis(self.recurrent[:, rows, sources], 0, 2)[None],
                self.peepholes.T[None],
            ),
        )[0]


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


def _padded(cells: int) -> int:
    return -(-cells // LANES) * LANES


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


def _peepholes(matrices: Matrices, n: int, runs: int = 1) -> Array:
    """Return (3 n runs,), aligned."""
    cells = matrices.architecture.cells
    values = aligned(3 * n * runs)
    own = matrices.peepholes[:, :, None]
    values.reshape(3, n, runs)[:, :cells] = own
    return values


def drive_sequence(matrices: Matrices, vectors: Array) -> SequencePass:
    """Drive a network over input vectors (T, U), from cells at rest."""
    steps, cells = len(vectors), matrices.architecture.cells
    n = _padded(cells)
    outputs, states = _rows(steps + 1, n), _rows(steps + 1, n)
    weights, peepholes, work = (
        _source_weights(matrices, n).reshape(-1), _peepholes(matrices, n), aligned(56)
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
    n = _padded(cells)
    forward = _source_weights(matrices, n)
    backward = np.ascontiguousarray(forward.T)
    turned = _rows(4 * n, n)
    turned[:, :cells] = backward
    peepholes, to_peepholes, carry = _peepholes(matrices, n), aligned(3 * n), aligned(2 * n)
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
    cells, lanes, inputs = architecture.cells, _padded(count), architecture.inputs
    weights = _all_weights(matrices)
    sources = _stack(steps + 1, weights.shape[1], lanes)
    states = _stack(steps + 1, cells, lanes)
    sources[0, :cells, :count], states[0, :, :count] = starts.outputs.T, starts.states.T
    sources[:-1, cells : cells + inputs, :count] = np.moveaxis(starts.inputs, 2, 1)
    sources[:, -1] = 1.0
    sums = np.zeros((steps, architecture.outputs, lanes))
    fed_back = np.zeros((architecture.outputs, lanes))
    fed_back[:, :count] = starts.fed_back.T
    peepholes, work = _peepholes(matrices, cells, lanes), aligned(56)
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
    return RunsPass(
        matrices, readout, sources, states, sums, nets if kept else None, count
    )


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
    weights = _all_weights(matrices)
    peepholes, to_peepholes = _peepholes(matrices, cells, lanes), aligned(3 * cells * lanes)
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
        to_y[...] = architecture.feedback_scale * to_u[inputs:] if architecture.feedback else 0
    parts = to_weights.reshape(4, cells, -1)
    gradient.recurrent += parts[:, :, :cells]
    gradient.inputs += parts[:, :, cells:-1]
    gradient.bias += parts[:, :, -1]
    gradient.peepholes += to_peepholes.reshape(3, cells, lanes).sum(axis=2)
    started = to_sources[:cells, : passed.count].T, ds[:, : passed.count].T
    return to_readout, *started


def _all_weights(matrices: Matrices) -> Array:
    """Return (4 C, C + U + 1): from cells, input vector and bias."""
    cells = matrices.architecture.cells
    parts = matrices.recurrent, matrices.inputs, matrices.bias[:, :, None]
    return np.concatenate(parts, axis=2).reshape(4 * cells, -1)


def _stack(count: int, rows: int, lanes: int) -> Array:
    return aligned(count * rows * lanes).reshape(count, rows, lanes)


def _readout_parts(architecture: LSTM, readout: Array) -> list[Array]:
    """Return the rows of a readout for outputs, states, inputs, squares and constant."""
    cells, width = architecture.cells, architecture.input_width
    sizes = [
        cells,
        cells * architecture.readout_states,
        width * architecture.readout_inputs,
        cells * architecture.readout_squares,
        width * architecture.readout_squares,
    ]
    return np.split(readout, np.cumsum(sizes))


def read_out(
    architecture: LSTM, readout: Array, seen: tuple[Array, Array, Array], sums: Array
) -> None:
    """Write the sums (K, N) of a readout (S, K) over outputs, states (C, N) and u (U, N)."""
    h, s, u = seen
    of_h, of_s, of_u, of_hh, of_uu, constant = _readout_parts(architecture, readout)
    np.matmul(of_h.T, h, out=sums)
    if len(of_s):
        sums += of_s.T @ s
    if len(of_u):
        sums += of_u.T @ u
    if len(of_hh):
        sums += of_hh.T @ np.square(h) + of_uu.T @ np.square(u)
    if len(constant):
        sums += constant.T


def read_out_backward(
    architecture: LSTM,
    readout: Array,
    seen: tuple[Array, Array, Array],
    to_sums: Array,
    to: tuple[Array, Array, Array],
) -> Array:
    """Add what sums (K, N) pass on to outputs and states (C, N) and the readout (S, K).

    to: these three. Returns what is passed on to u (U, N).
    """
    (h, s, u), (to_h, to_s, to_readout) = seen, to
    of_h, of_s, of_u, of_hh, of_uu, constant = _readout_parts(architecture, readout)
    parts = _readout_parts(architecture, to_readout)  # views, added to below
    back = to_sums.T
    to_h += of_h @ to_sums
    parts[0] += h @ back
    to_u = np.zeros(u.shape)
    if len(of_s):
        to_s += of_s @ to_sums
        parts[1] += s @ back
    if len(of_u):
        to_u += of_u @ to_sums
        parts[2] += u @ back
    if len(of_hh):
        to_h += 2.0 * h * (of_hh @ to_sums)
        to_u += 2.0 * u * (of_uu @ to_sums)
        parts[3] += np.square(h) @ back
        parts[4] += np.square(u) @ back
    if len(constant):
        parts[5] += back.sum(axis=0)
    return to_u


def features_of(architecture: LSTM, h: Array, s: Array, u: Array) -> Array:
    """Return the features (T, S) of outputs, states (T, C) and input vectors (T, U)."""
    parts = [h]
    if architecture.readout_states:
        parts.append(s)
    if architecture.readout_inputs:
        parts.append(u)
    if architecture.readout_squares:
        parts += [h * h, u * u]
    if architecture.readout_constant:
        parts.append(np.ones((len(h), 1)))
    return np.concatenate(parts, axis=1)


def features_backward(
    architecture: LSTM, to_features: Array, h: Array
) -> tuple[Array, Array]:
    """Return what the gradient of features (T, S) passes on to outputs and states (T, C)."""
    to_h, to_s, _, to_hh, _, _ = _readout_parts(architecture, to_features.T)
    whole = to_h.T + 2.0 * h * to_hh.T if len(to_hh) else to_h.T
    return whole, to_s.T if len(to_s) else np.zeros_like(h)
