"""Teacher-forced pass over one sequence and its gradient, for few sources a cell.

As `sequence`, to whose functions these belong; only the recurrent weights lie otherwise.
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
from evolino.network.kernels.sparse_gradient import (
    SparseSequence,
    drive_sparse,
    drive_sparse_backward,
)
from evolino.simd.memory import aligned, aligned_copy
from evolino.vocabulary import Array, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Sparse:
    """Recurrent weights as kernels read them; made by `sparse_of`.

    weights: (n R 4) vectors. sources: (8 n R). to_weights: what weights get, so far.
    """

    weights: Array
    sources: IntArray
    to_weights: Array
    peepholes: Array
    work: Array
    recurrent: int


def sparse_of(matrices: Matrices) -> Sparse:
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


def drive_chunk(sparse: Sparse, net: Array, outputs: Array, states: Array, flags: int
                ) -> None:  # fmt: skip
    """Drive over a chunk; net: (T, 4 n) from bias and input vectors; outputs, states:
    (T + 1, n), written from row 1 on."""
    drive_sparse(_sequence(sparse, net, outputs, states), sparse.work, len(net), flags)


def chunk_backward(
    sparse: Sparse, kept: tuple[Array, Array, Array], own: tuple[Array, Array],
    to: tuple[Array, Array], flags: int,
) -> None:  # fmt: skip
    """Go back over a chunk.

    kept: net, outputs and states, as of `drive_chunk`; net becomes its gradient. own:
    gradients of outputs and states (T, n). to: carry and peepholes, as of the kernel.
    """
    drive_sparse_backward(
        _sequence(sparse, *kept),
        (own[0].reshape(-1), own[1].reshape(-1)),
        (*to, sparse.to_weights),
        sparse.work,
        len(kept[0]),
        flags,
    )


def add_recurrent(sparse: Sparse, gradient: Gradient) -> None:
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
