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
    Held,
    Matrices,
    padded,
    peepholes_of,
)
from evolino.network.backward.sparse_sequence import (
    Sparse,
    add_recurrent,
    chunk_backward,
    drive_chunk,
    sparse_of,
)
from evolino.network.kernels.cell_gradient import Sequence, drive_backward, drive_forward
from evolino.simd.memory import aligned
from evolino.vocabulary import Array

CHUNK = 512  # steps whose net inputs are held at once


@dataclass(frozen=True, slots=True, eq=False)
class SequencePass:
    """What a teacher-forced pass over one sequence leaves for the way back.

    vectors: (T, U). outputs, states: (T + 1, n), of all cells and the lanes beyond them;
    row 0 is before the first step. held: where they are.
    """

    matrices: Matrices
    vectors: Array
    outputs: Array
    states: Array
    held: Held

    def cells(self) -> tuple[Array, Array]:
        """Return outputs and states (T, C) after each step."""
        count = self.matrices.architecture.cells
        return self.outputs[1:, :count], self.states[1:, :count]


def _rows(count: int, width: int) -> Array:
    return aligned(count * width).reshape(count, width)


def _sparse(matrices: Matrices) -> Sparse | None:
    """Return the recurrent weights of a network with few sources, None of others."""
    return None if matrices.architecture.sources is None else sparse_of(matrices)


def _weights(matrices: Matrices, n: int, sources: int) -> Array:
    """Return (C + U + 1, 4 n), aligned: from cells, input vector, 1 to all net inputs.

    sources: C, or 0 without the cells.
    """
    cells, width = matrices.architecture.cells, matrices.inputs.shape[2]
    weights = _rows(sources + width + 1, 4 * n)
    parts = weights.reshape(-1, 4, n)[:, :, :cells]
    parts[:sources] = np.moveaxis(matrices.recurrent, 2, 0)[:sources]
    parts[sources:-1] = np.moveaxis(matrices.inputs, 2, 0)
    parts[-1] = matrices.bias
    return weights


def drive_sequence(
    matrices: Matrices, vectors: Array, held: Held | None = None, name: str = ""
) -> SequencePass:
    """Drive a network over input vectors (T, U), from cells at rest.

    held: memory to use again; what it held of an earlier pass of this name is lost.
    """
    held = held or Held()
    steps, cells = len(vectors), matrices.architecture.cells
    n = padded(cells)
    outputs, states = (
        held.take(f"{each} {name}", (steps + 1) * n).reshape(-1, n)
        for each in ("outputs", "states")
    )
    outputs[0] = states[0] = 0.0
    sparse = _sparse(matrices)
    weights = _weights(matrices, n, 0 if sparse else cells)
    peepholes, work = peepholes_of(matrices, n), aligned(56)
    room = held.take("net", min(CHUNK, steps) * 4 * n).reshape(-1, 4 * n)
    for first in range(0, steps, CHUNK):
        last = min(first + CHUNK, steps)
        net = room[: last - first]
        np.matmul(vectors[first:last], weights[-1 - vectors.shape[1] : -1], out=net)
        net += weights[-1]
        rows = slice(first, last + 1)
        if sparse is not None:
            drive_chunk(sparse, net, outputs[rows], states[rows], matrices.flags)
            continue
        sequence = Sequence(
            net.reshape(-1), weights[:cells].reshape(-1), peepholes,
            outputs[rows].reshape(-1), states[rows].reshape(-1),
        )  # fmt: skip
        drive_forward(sequence, work, last - first, cells, n // LANES, matrices.flags)
    return SequencePass(matrices, vectors, outputs, states, held)


def drive_sequence_backward(
    passed: SequencePass, to_outputs: Array, to_states: Array, gradient: Gradient
) -> None:
    """Add to a gradient what outputs and states (T, C) after each step pass on to it."""
    matrices, steps = passed.matrices, len(passed.vectors)
    cells = matrices.architecture.cells
    n = padded(cells)
    sparse = _sparse(matrices)
    sources = 0 if sparse else cells
    weights = _weights(matrices, n, sources)
    to_weights = np.zeros_like(weights)
    turned = _rows(4 * n, n if sources else 0)
    turned[:, :sources] = weights[:sources].T
    peepholes, to_peepholes, carry = (
        peepholes_of(matrices, n), aligned(3 * n), aligned(2 * n)
    )  # fmt: skip
    most = min(CHUNK, steps)
    net_room, dh_room, ds_room, driving = (
        passed.held.take(name, most * size).reshape(-1, size)
        for name, size in (("net", 4 * n), ("dh", n), ("ds", n), ("row", len(weights)))
    )
    dh_room[:, cells:] = ds_room[:, cells:] = 0.0
    driving[:, -1] = 1.0
    product = np.empty_like(to_weights)
    full = matrices.architecture.full_peepholes
    driving_cells = passed.states if full else passed.outputs
    for first in reversed(range(0, steps, CHUNK)):
        last = min(first + CHUNK, steps)
        net, dh, ds = (room[: last - first] for room in (net_room, dh_room, ds_room))
        seen = driving[: last - first]
        seen[:, :sources] = driving_cells[first:last, :sources]
        seen[:, sources:-1] = passed.vectors[first:last]
        np.matmul(seen, weights, out=net)
        dh[:, :cells], ds[:, :cells] = to_outputs[first:last], to_states[first:last]
        kept = net, passed.outputs[first : last + 1], passed.states[first : last + 1]
        if sparse is not None:
            chunk_backward(sparse, kept, (dh, ds), (carry, to_peepholes), matrices.flags)
        else:
            sequence = Sequence(
                net.reshape(-1), turned.reshape(-1), peepholes, kept[1].reshape(-1),
                kept[2].reshape(-1),
            )  # fmt: skip
            drive_backward(
                sequence, dh.reshape(-1), ds.reshape(-1), carry, to_peepholes, len(net),
                n // LANES, matrices.flags,
            )  # fmt: skip
        to_weights += np.matmul(seen.T, net, out=product)
    parts = np.moveaxis(to_weights.reshape(-1, 4, n)[:, :, :cells], 0, 2)
    if sparse is None:
        gradient.recurrent += parts[:, :, :cells]
    else:
        add_recurrent(sparse, gradient)
    gradient.inputs += parts[:, :, sources:-1]
    gradient.bias += parts[:, :, -1]
    gradient.peepholes += to_peepholes.reshape(3, n)[:, :cells]
