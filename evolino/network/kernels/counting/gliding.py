"""Cells that only count: their states go on, and nothing notices.

Gates and tanh are cut off far from 0 (`activations.bounds`). Where the cell outputs are the
same as two rows before, to the bit, and every state that moves is far from where a gate or
tanh would notice it, only the recurrence of the states need be computed. It is, by the same
operations, so that the bits are those of computing everything; once a state comes near,
everything must be computed again.
"""

from __future__ import annotations

from typing import Any

import numba

from evolino.network.kernels.cell import (
    GERS_OUTPUT,
    HAS_PEEPHOLES,
    LINEAR_OUTPUT,
    move,
)
from evolino.network.kernels.net_input import GATE_COUNT, PEEPHOLE_COUNT
from evolino.simd.activations import bounds, one_plus_exp_minus
from evolino.simd.memory import load, part, store
from evolino.simd.vectors import fma, higher, largest_lane, like, lower, sign, within

njit: Any = numba.njit

CAUTION = 1.001  # on where a gate begins to notice a state, against rounding
UNBOUNDED = float("inf")


@njit(inline="always")
def differ(x: Any, y: Any, cells: int) -> bool:
    """Return whether vectors differ in any lane."""
    differs = like(load(x, 0), 0.0)
    for k in range(cells):
        differs = higher(differs, within(load(x, k) - load(y, k), 0.0, 0.0, 1.0))
    return bool(largest_lane(differs) > 0.0)


@njit(inline="always")
def where_shut(peephole: Any, net: Any, bound: float) -> Any:
    """Return the |s| from which on a gate is cut off for all larger ones too."""
    size = higher(peephole, 0.0 - peephole)
    return within(size, 0.0, 0.0, (higher(net, 0.0 - net) + bound) / size)


@njit(inline="always")
def limit_of(peep: Any, net: Any, s: Any, flags: int) -> Any:
    """Return the |s| from which on neither gates nor the output of a cell notice s."""
    gate, argument = bounds(s)
    far = like(s, argument)
    if flags & HAS_PEEPHOLES:
        far = higher(far, where_shut(load(peep, 0), load(net, 0), gate))
        far = higher(far, where_shut(load(peep, 1), load(net, 1), gate))
        far = higher(far, where_shut(load(peep, 2), load(net, 3), gate))
    if flags & LINEAR_OUTPUT:
        far = like(s, UNBOUNDED)
    elif not flags & GERS_OUTPUT:
        zo = load(net, 3)
        if flags & HAS_PEEPHOLES:
            zo = fma(load(peep, 2), s, zo)
        far = higher(far, one_plus_exp_minus(zo) * argument)
    return far * CAUTION


@njit(inline="always")
def unnoticed(
    layer: Any, states: Any, one: Any, two: Any, nets: Any, moving: Any, limit: Any
) -> bool:
    """Write how far from 0 each state must stay so that nothing notices it, -UNBOUNDED
    where it is as two rows before; return whether all are so far in all lanes.

    states, one, two: now, one and two rows before. nets: the net inputs of the last two
    rows. moving: gets which cells are not as two rows before.
    """
    near, cells = like(load(states, 0), -UNBOUNDED), layer.cells
    for k in range(cells):
        s, s1, s2 = load(states, k), load(one, k), load(two, k)
        its = part(layer.peepholes, PEEPHOLE_COUNT * k)
        far = higher(
            limit_of(its, part(nets, GATE_COUNT * k), s, layer.flags),
            limit_of(its, part(nets, GATE_COUNT * (cells + k)), s, layer.flags),
        )
        far = within(s - s2, 0.0, -UNBOUNDED, far)
        side = sign(s)
        closest = lower(lower(s * side, s1 * side), s2 * side)
        near = higher(near, far - closest)
        store(limit, k, far)
        moving[k] = largest_lane(far) > -UNBOUNDED
    return bool(largest_lane(near) <= 0.0)


@njit(inline="always")
def glide(
    moving: Any,
    states: Any,
    spare: Any,
    law: Any,
    other: Any,
    limit: Any,
    steps: int,
    flags: int,
) -> bool:
    """Go on by the states' recurrence alone, by one law and the other in turn.

    moving: which cells; the others come back after two rows. Returns False, with all as
    before, if a state came near where it would be noticed.
    """
    near = like(load(states, 0), -UNBOUNDED)
    for k in range(len(moving)):
        if not moving[k]:
            continue
        s, far = load(states, k), load(limit, k)
        a, b, d = load(law, 3 * k), load(law, 3 * k + 1), load(law, 3 * k + 2)
        a2, b2, d2 = load(other, 3 * k), load(other, 3 * k + 1), load(other, 3 * k + 2)
        side = sign(s)
        for _ in range(steps // 2):
            s = move(s, a, b, d, flags)
            near = higher(near, far - s * side)
            s = move(s, a2, b2, d2, flags)
            near = higher(near, far - s * side)
        store(spare, k, s)
    if largest_lane(near) > 0.0:
        return False
    for k in range(len(moving)):
        if moving[k]:
            store(states, k, load(spare, k))
    return True
