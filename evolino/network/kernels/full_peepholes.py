"""Full peepholes: gates driven by the states of all cells, in the place of their outputs.

What kernels do for this variant, forward and on the way back of gradients.
"""

from __future__ import annotations

from typing import Any

import numba

from evolino.network.kernels.cell import FULL_PEEPHOLES, GERS_OUTPUT, LINEAR_OUTPUT
from evolino.simd.activations import expm1_twice
from evolino.simd.memory import copy, load, store

njit: Any = numba.njit


@njit(inline="always")
def write_driving(layer: Any, states: Any, before: Any, count: int) -> None:
    """Write states over the cell outputs of the last step, where they drive the gates.

    To be done before a step: the states change on its way.
    """
    if layer.flags & FULL_PEEPHOLES:
        copy(states, before, count)


@njit(inline="always")
def squashed(o: Any, s: Any, flags: int) -> Any:
    """Return the output of a cell from its output gate and its new state."""
    if flags & LINEAR_OUTPUT:
        return o * s
    if flags & GERS_OUTPUT:
        e = expm1_twice(s)
        return e * o / (e + 2.0)
    e = expm1_twice(o * s)
    return e / (e + 2.0)


@njit(inline="always")
def give_to_states(to_h: Any, to_s: Any, count: int, flags: int) -> None:
    """Move what sources of the gates get to the states, where these drive the gates.

    to_h: what the cells get as sources, and as outputs of the step before; to_s: what
    their states get.
    """
    if flags & FULL_PEEPHOLES:
        for k in range(count):
            store(to_s, k, load(to_s, k) + load(to_h, k))
            store(to_h, k, 0.0)
