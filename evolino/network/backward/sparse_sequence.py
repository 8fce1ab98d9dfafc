"""Teacher-forced pass over one sequence and its gradient, for few sources a cell.

As `sequence`; but the recurrent weights lie otherwise, and the way back computes the gates
anew, a chunk of steps at a time.
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
from evolino.network.kernels.sparse_gradient import (
    SparseSequence,
    drive_sparse,
    drive_sparse_backward,
)
from evolino.simd.memory import aligned, aligned_copy
from evolino.vocabulary import Array, IntArray

CHUNK = 512  # steps whose net inputs are held at once


@dataclass(frozen=True, slots=True, eq=False)
class Sparse:
    """Recurrent weights as kernels read them; made by `_sparse_of`.

    weights: (n R 4) vectors. sources: (8 n R). to_weights: what weights get, so far.
    """

    weights: Array
    sources: IntArray
    to_weights: Array
    peepholes: Array
    work: Array
    recurrent: int


def _sparse_of(matrices: Matrices) -> Sparse:
    """Return the recurrent weights of a network with `sources`."""
    cells = matrices.architecture.cells
    sources = matrices.architecture.recurrent_sources()
    n, count = padded(cells), sources.shape[1]
    all_sources = np.zeros((n, count), dtype=np.int64)
    all_sources[:cells] = sources
    weights = np.zeros((n, count, 4))
    rows = np.arange(cells)[:, None]
    weights[:cells] = np.moveaxis(matrices.recurrent[:, rows, sources], 0, 2)
    in_lanes = weights.reshape(-1, LANES, count, 4).transpose(0, 2, 3, 1)
    return Sparse(
        aligned_copy(in_lanes).reshape(-1),
        all_sources.reshape(-1),
        aligned(weights.size),
        peepholes_of(matrices, n),
        aligned(n + LANES),
        count,
    )


def drive_sparse_sequence(
    matrices: Matrices, vectors: Array, outputs: Array, states: Array, held: Held
) -> None:
    """Write outputs and states (T + 1, n), from row 1 on, of a network driven over input
    vectors (T, U)."""
    n, sparse, weights = outputs.shape[1], _sparse_of(matrices), _of_vectors(matrices)
    for rows in _chunks(len(vectors)):
        net = _net_inputs(vectors[rows], weights, held, n)
        after = slice(rows.start, rows.stop + 1)
        sequence = _sequence(sparse, net, outputs[after], states[after])
        drive_sparse(sequence, sparse.work, len(net), matrices.flags)


def sparse_sequence_backward(
    matrices: Matrices, vectors: Array, kept: tuple[Array, Array],
    own: tuple[Array, Array], gradient: Gradient, held: Held,
) -> None:  # fmt: skip
    """Add to a gradient what outputs and states (T, C) pass on.

    kept: outputs and states (T + 1, n) of `drive_sparse_sequence`. own: their gradients.
    """
    n, sparse, weights = kept[0].shape[1], _sparse_of(matrices), _of_vectors(matrices)
    cells = matrices.architecture.cells
    to_vectors, carry, to_peepholes = np.zeros_like(weights), aligned(2 * n), aligned(3 * n)
    for rows in reversed(_chunks(len(vectors))):
        net = _net_inputs(vectors[rows], weights, held, n)
        after = slice(rows.start, rows.stop + 1)
        to = [held.take(name, len(net) * n).reshape(-1, n) for name in ("dh", "ds")]
        for each, values in zip(to, own, strict=True):
            each[:, :cells], each[:, cells:] = values[rows], 0.0
        drive_sparse_backward(
            _sequence(sparse, net, kept[0][after], kept[1][after]),
            (to[0].reshape(-1), to[1].reshape(-1)),
            (carry, to_peepholes, sparse.to_weights),
            sparse.work,
            len(net),
            matrices.flags,
        )
        to_vectors[:-1] += vectors[rows].T @ net
        to_vectors[-1] += net.sum(axis=0)
    parts = np.moveaxis(to_vectors.reshape(-1, 4, n)[:, :, :cells], 0, 2)
    _add_recurrent(sparse, gradient)
    gradient.inputs += parts[:, :, :-1]
    gradient.bias += parts[:, :, -1]
    gradient.peepholes += to_peepholes.reshape(3, n)[:, :cells]


def _chunks(steps: int) -> list[slice]:
    return [slice(k, min(k + CHUNK, steps)) for k in range(0, steps, CHUNK)]


def _of_vectors(matrices: Matrices) -> Array:
    """Return (U + 1, 4 n): from input vector and 1 to all net inputs."""
    cells, width = matrices.architecture.cells, matrices.inputs.shape[2]
    weights = np.zeros((width + 1, 4, padded(cells)))
    weights[:-1, :, :cells] = np.moveaxis(matrices.inputs, 2, 0)
    weights[-1, :, :cells] = matrices.bias
    return weights.reshape(width + 1, -1)


def _net_inputs(vectors: Array, weights: Array, held: Held, n: int) -> Array:
    """Return what input vectors (L, U) and the bias give the net inputs (L, 4 n)."""
    net = held.take("net", len(vectors) * 4 * n).reshape(-1, 4 * n)
    np.matmul(vectors, weights[:-1], out=net)
    net += weights[-1]
    return net


def _add_recurrent(sparse: Sparse, gradient: Gradient) -> None:
    """Add what the recurrent weights got to a gradient."""
    cells = gradient.architecture.cells
    shape = -1, sparse.recurrent, 4, LANES
    by_cell = sparse.to_weights.reshape(shape).transpose(0, 3, 1, 2)
    found = by_cell.reshape(-1, sparse.recurrent, 4)[:cells]
    rows, sources = np.arange(cells)[:, None], gradient.architecture.recurrent_sources()
    gradient.recurrent[:, rows, sources] += np.moveaxis(found, 2, 0)


def _sequence(sparse: Sparse, net: Array, outputs: Array, states: Array) -> SparseSequence:
    return SparseSequence(
        net.reshape(-1),
        sparse.weights,
        sparse.sources,
        sparse.peepholes,
        outputs.reshape(-1),
        states.reshape(-1),
        sparse.recurrent,
        outputs.shape[1] // LANES,
    )
