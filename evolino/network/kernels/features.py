"""The columns that a readout sees, as kernels write them.

The layout is that of `evolino.network.features`, to which tests tie it.
"""

from __future__ import annotations

from typing import Any

import numba

from evolino.network.kernels.inputs import copy_squares, write_inputs, write_squares
from evolino.simd.memory import copy, part, store

njit: Any = numba.njit

# The bits of a layer's `flags` that say which features there are beside the cell outputs.
STATES, INPUTS, SQUARES, CONSTANT = 16, 32, 64, 128


@njit(inline="always")
def write_features(
    row: Any, layer: Any, cells: int, outputs: Any, states: Any, u: Any
) -> None:
    """Write the features at a step to a row.

    cells: C. outputs, states: of the cells. u: what enters. A row of `numbers` takes
    numbers from them, one of vectors vectors.
    """
    copy(outputs, row, cells)
    at = cells
    if layer.flags & STATES:
        copy(states, part(row, at), cells)
        at += cells
    if layer.flags & INPUTS:
        write_inputs(u, part(row, at), layer.width)
        at += layer.width
    if layer.flags & SQUARES:
        copy_squares(outputs, part(row, at), cells)
        at += cells
        write_squares(u, part(row, at), layer.width)
        at += layer.width
    if layer.flags & CONSTANT:
        store(row, at, 1.0)
