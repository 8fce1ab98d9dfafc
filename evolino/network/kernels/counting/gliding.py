"""Cells that only count: their states go on, and nothing notices.

Gates and tanh are cut off far from 0 (`activations.bounds`). Where the cell outputs are the
same as a turn of rows before, to the bit, and every state that moves is far from where a
gate or tanh would notice it, only the recurrence of the states need be computed. It is, by
the same operations, so that the bits are those of computing everything; once a state comes
near, everything must be computed again.
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
def unnoticed(layer: Any, work: Any, turn: int, now: int, moving: Any) -> bool:
    """Write how far from 0 each state must stay so that nothing notices it, -UNBOUNDED
    where it is as a turn before; return whether all are so far in all lanes.

    work: of `strings.Work`; its kept[now] are still the states of a turn before, its limit
    is what is written. moving: gets which cells are not as a turn before.
    """
    kept, nets = work.kept, work.nets
    near, cells = like(load(work.states, 0), -UNBOUNDED), layer.cells
    for k in range(cells):
        s = load(work.states, k)
        its, side = part(layer.peepholes, PEEPHOLE_COUNT * k), sign(s)
        far, closest = like(s, -UNBOUNDED), s * side
        for row in range(turn):
            net = part(nets, GATE_COUNT * (row * cells + k))
            far = higher(far, limit_of(its, net, s, layer.flags))
            closest = lower(closest, load(kept, row * cells + k) * side)
        far = within(s - load(kept, now * cells + k), 0.0, -UNBOUNDED, far)
        near = higher(near, far - closest)
        store(work.limit, k, far)
        moving[k] = largest_lane(far) > -UNBOUNDED
    return bool(largest_lane(near) <= 0.0)


@njit(inline="always")
def glide(
    layer: Any, work: Any, turn: int, now: int, moving: Any, steps: int
) -> bool:  # fmt: skip
    """Go on by the states' recurrence alone, for a number of steps that is a multiple of
    `turn`, by the laws of the last `turn` rows, of which the latest is laws[now].

    work: of `strings.Work`. moving: which cells; the others come back after a turn. Returns
    False, with all as before, if a state came near where it would be noticed.
    """
    states, spare, laws = work.states, work.spare, work.laws
    near, cells, flags = like(load(states, 0), -UNBOUNDED), layer.cells, layer.flags
    for k in range(cells):
        if not moving[k]:
            continue
        s, far = load(states, k), load(work.limit, k)
        side = sign(s)
        for _ in range(steps // turn):
            for ahead in range(1, turn + 1):
                row = now + ahead - (turn if now + ahead >= turn else 0)
                law = part(laws, 3 * (row * cells + k))
                s = move(s, load(law, 0), load(law, 1), load(law, 2), flags)
                near = higher(near, far - s * side)
        store(spare, k, s)
    if largest_lane(near) > 0.0:
        return False
    for k in range(cells):
        if moving[k]:
            store(states, k, load(spare, k))
    return True
