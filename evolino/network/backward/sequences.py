"""Teacher-forced passes over many sequences beside each other and their gradient.

The sequences lie in the lanes, the longest first, so that each step is one matrix product
for all that are as long; those that have ended drop out. A pass keeps outputs and states of
all steps, and the net inputs while they take no more than KEPT. All of it is in float64.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evolino.network.backward.free_runs import KEPT
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
from evolino.vocabulary import Array, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """Which sequences take part in each step; made by `steps_of`.

    rows: of each step, the rows (n,) that its sequences have in the joined (T, ..), the
    longest sequence first. lanes: (L,), n of each step, a multiple of the lanes or more.
    vectors: (T, U), the input vectors of all sequences, one after another.
    """

    rows: tuple[IntArray, ...]
    lanes: tuple[int, ...]
    vectors: Array


def steps_of(vectors: Sequence[Array]) -> Steps:
    """Return the steps of sequences of input vectors (T_n, U)."""
    lengths = np.array([len(each) for each in vectors])
    firsts = np.cumsum([0, *lengths[:-1]])
    order = np.argsort(-lengths, kind="stable")
    rows = tuple(
        firsts[order[: np.count_nonzero(lengths > t)]] + t for t in range(lengths.max())
    )
    lanes = tuple(padded(len(own)) for own in rows)
    return Steps(rows, lanes, np.concatenate(vectors))


@dataclass(frozen=True, slots=True, eq=False)
class SequencesPass:
    """What a pass over sequences leaves for the way back.

    outputs, states: of each step (C, n), and those before the first, 0. net: of each step
    (4 C, n), the net inputs; None where they are computed again.
    """

    matrices: Matrices
    steps: Steps
    outputs: tuple[Array, ...]
    states: tuple[Array, ...]
    net: tuple[Array, ...] | None

    def cells(self) -> tuple[Array, Array]:
        """Return outputs and states (T, C) after each step, sequence after sequence."""
        shape = len(self.steps.vectors), self.matrices.architecture.cells
        outputs, states = np.empty(shape), np.empty(shape)
        for t, rows in enumerate(self.steps.rows):
            outputs[rows] = self.outputs[t + 1][:, : len(rows)].T
            states[rows] = self.states[t + 1][:, : len(rows)].T
        return outputs, states


def drive_sequences(matrices: Matrices, steps: Steps) -> SequencesPass:
    """Drive a network over sequences, from cells at rest."""
    cells = matrices.architecture.cells
    weights = all_weights(matrices)
    total = sum(steps.lanes)
    kept = total * 4 * cells * 8 <= KEPT
    outputs, states = ([_block(cells, steps.lanes[0])] for _ in range(2))
    nets = []
    work = aligned(56)
    for t, n in enumerate(steps.lanes):
        if not t or n != steps.lanes[t - 1]:
            peepholes = peepholes_of(matrices, cells, n)
            spare = _block(4 * cells, n)
        net = _block(4 * cells, n) if kept else spare
        driving = states if matrices.architecture.full_peepholes else outputs
        np.matmul(weights, _sources(steps, t, driving[t]), out=net)
        before = _narrowed(states[t], n)
        h, s = _block(cells, n), _block(cells, n)
        step_forward(
            net.reshape(-1), peepholes, before.reshape(-1), s.reshape(-1), h.reshape(-1),
            work, cells * n // LANES, matrices.flags,
        )  # fmt: skip
        outputs.append(h)
        states.append(s)
        if kept:
            nets.append(net)
    return SequencesPass(
        matrices, steps, tuple(outputs), tuple(states), tuple(nets) if kept else None
    )


def drive_sequences_backward(
    passed: SequencesPass,
    to_outputs: Array,
    to_states: Array,
    gradient: Gradient,
    to_vectors: Array | None = None,
) -> None:
    """Add to a gradient what outputs and states (T, C) pass on to it; uses the pass up.

    to_vectors: (T, U), where what they pass on to the input vectors is written; None has no
    use for it.
    """
    matrices, steps = passed.matrices, passed.steps
    cells = matrices.architecture.cells
    weights = all_weights(matrices)
    to_weights = np.zeros_like(weights)
    to_recurrent = np.ascontiguousarray(weights[:, :cells].T)
    to_inputs = np.ascontiguousarray(weights[:, cells:-1].T)
    dh, ds = _block(cells, 0), _block(cells, 0)
    full = matrices.architecture.full_peepholes
    driving = passed.states if full else passed.outputs
    width = 0
    for t in reversed(range(len(steps.lanes))):
        n, rows = steps.lanes[t], steps.rows[t]
        if n != width:
            dh, ds, width = _widened(dh, n), _widened(ds, n), n
            peepholes, spare = peepholes_of(matrices, cells, n), _block(4 * cells, n)
            to_peepholes = aligned(3 * cells * n)
        dh[:, : len(rows)] += to_outputs[rows].T
        ds[:, : len(rows)] += to_states[rows].T
        sources = _sources(steps, t, driving[t])
        net = (
            np.matmul(weights, sources, out=spare) if passed.net is None else passed.net[t]
        )
        before = _narrowed(passed.states[t], n)
        to_peepholes[:] = 0.0
        states = before.reshape(-1), passed.states[t + 1].reshape(-1)
        step_backward(
            net.reshape(-1), peepholes, states, dh.reshape(-1), ds.reshape(-1),
            to_peepholes, cells * n // LANES, matrices.flags,
        )  # fmt: skip
        if full:
            ds += to_recurrent @ net
            dh[:] = 0.0
        else:
            np.matmul(to_recurrent, net, out=dh)
        if to_vectors is not None:
            to_vectors[rows] = (to_inputs @ net)[:, : len(rows)].T
        to_weights += net @ sources.T
        gradient.peepholes += to_peepholes.reshape(3, cells, n).sum(axis=2)
    gradient.add_weights(to_weights)


def _sources(steps: Steps, t: int, before: Array) -> Array:
    """Return (C + U + 1, n): what drives the cells at a step, after outputs (C, ..)."""
    rows, n = steps.rows[t], steps.lanes[t]
    cells, inputs = len(before), steps.vectors.shape[1]
    sources = np.zeros((cells + inputs + 1, n))
    sources[:cells] = before[:, :n]
    sources[cells:-1, : len(rows)] = steps.vectors[rows].T
    sources[-1] = 1.0
    return sources


def _block(rows: int, n: int) -> Array:
    return aligned(rows * n).reshape(rows, n)


def _narrowed(values: Array, n: int) -> Array:
    """Return the first n columns, in memory of their own unless they are all."""
    if values.shape[1] == n:
        return values
    narrowed = _block(len(values), n)
    narrowed[...] = values[:, :n]
    return narrowed


def _widened(values: Array, n: int) -> Array:
    """Return n columns, 0 after those that there are."""
    widened = _block(len(values), n)
    widened[:, : values.shape[1]] = values
    return widened
