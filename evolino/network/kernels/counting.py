"""One network on equal rows again and again, many strings in the lanes of a vector.

In a string such as a^n b^n the input stays the same for n rows. A counting network soon
does nothing in them but count: every cell output is the same as a row before, to the bit,
because gates and tanh are cut off far from 0 (`activations.bounds`). From there on only the
recurrence of the states is computed, by the same operations, so that the bits are those of
computing everything; as soon as a state comes near where a gate or tanh would notice it,
everything is computed again.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from evolino.network.kernels.activations import bounds, one_plus_exp_minus
from evolino.network.kernels.cell import (
    GERS_OUTPUT,
    LINEAR_OUTPUT,
    PEEPHOLES,
    SEE_STATES,
    move,
    output,
    transition,
)
from evolino.network.kernels.compiled import compiled
from evolino.network.kernels.lanes import (
    fma,
    higher,
    largest_lane,
    like,
    lower,
    sign,
    within,
)
from evolino.network.kernels.lstm import EXPLODED, copy, read_out, see
from evolino.network.kernels.memory import load, memory, number, numbers, part, put, store
from evolino.network.kernels.net_input import GATES, add_source, biases

njit: Any = numba.njit

PEEPHOLE_GATES = 3  # a cell
GLIDE = 16  # rows that are tried at once by the recurrence of the states alone
CAUTION = 1.001  # on where a gate begins to notice a state, against rounding
FAR = float("inf")


def room_for(cells: int, width: int, columns: int) -> int:
    """Return the vectors that `count` needs to work in."""
    return max(columns, 2) + width + cells * (2 * GATES + 3 + 5)


@njit(inline="always")
def driven(
    weights: Any, cells: int, recurrent: int, u: Any, width: int, fixed: Any
) -> None:
    """Write the net inputs of all cells from bias and input vector alone, for all rows."""
    for k in range(cells):
        own = part(weights, k * (1 + width + recurrent) * GATES)
        gates = biases(own)
        for j in range(width):
            gates = add_source(gates, own, GATES * (1 + j), load(u, j))
        store(fixed, GATES * k, gates[0])
        store(fixed, GATES * k + 1, gates[1])
        store(fixed, GATES * k + 2, gates[2])
        store(fixed, GATES * k + 3, gates[3])


@njit(inline="always")
def advance(
    weights: Any,
    peep: Any,
    sources: Any,
    cells: int,
    recurrent: int,
    width: int,
    fixed: Any,
    before: Any,
    after: Any,
    states: Any,
    earlier: Any,
    net: Any,
    law: Any,
    flags: int,
) -> None:
    """Advance all cells by one row; law: gets a, b, d of each cell's transition.

    earlier: gets the states before.
    """
    for k in range(cells):
        own = part(weights, (k * (1 + width + recurrent) + 1 + width) * GATES)
        its = part(sources, k * recurrent)
        at = GATES * k
        gates = (
            load(fixed, at), load(fixed, at + 1), load(fixed, at + 2), load(fixed, at + 3)
        )  # fmt: skip
        for j in range(recurrent):
            gates = add_source(gates, own, GATES * j, load(before, load(its, j)))
        store(net, at, gates[0])
        store(net, at + 1, gates[1])
        store(net, at + 2, gates[2])
        store(net, at + 3, gates[3])
    for k in range(cells):
        s = load(states, k)
        a, b, d = transition(part(net, GATES * k), part(peep, PEEPHOLE_GATES * k), s, flags)
        store(law, 3 * k, a)
        store(law, 3 * k + 1, b)
        store(law, 3 * k + 2, d)
        store(earlier, k, s)
        store(states, k, move(s, a, b, d, flags))
    for k in range(cells):
        own, its = part(net, GATES * k), part(peep, PEEPHOLE_GATES * k)
        store(after, k, output(own, its, load(states, k), flags))


@njit(inline="always")
def margin_of(readout: Any, row: Any, columns: int, outputs: int, wanted: Any) -> Any:
    """Return the smallest of target times output; -EXPLODED for one that is not finite."""
    smallest = like(load(row, 0), FAR)
    for j in range(outputs):
        value = read_out(readout, row, columns, outputs, j)
        product = value * load(wanted, j)
        smallest = lower(smallest, within(value, EXPLODED, product, -EXPLODED))
    return smallest


@njit(inline="always")
def changed(x: Any, y: Any, cells: int) -> bool:
    """Return whether cell outputs differ in any lane."""
    differs = like(load(x, 0), 0.0)
    for k in range(cells):
        differs = higher(differs, within(load(x, k) - load(y, k), 0.0, 0.0, 1.0))
    return largest_lane(differs) > 0.0


@njit(inline="always")
def unnoticed(
    peep: Any, cells: int, states: Any, earlier: Any, net: Any, limit: Any, flags: int
) -> bool:
    """Write how far from 0 each state must stay so that neither gates nor outputs notice
    it, -FAR where it does not move at all; return whether all are so far in all lanes, now
    and a row before.
    """
    near = like(load(states, 0), -FAR)
    for k in range(cells):
        own, its = part(net, GATES * k), part(peep, PEEPHOLE_GATES * k)
        s, s0 = load(states, k), load(earlier, k)
        gate, argument = bounds(s)
        far = like(s, argument)
        if flags & PEEPHOLES:
            far = higher(far, where_shut(load(its, 0), load(own, 0), gate))
            far = higher(far, where_shut(load(its, 1), load(own, 1), gate))
            far = higher(far, where_shut(load(its, 2), load(own, 3), gate))
        if flags & LINEAR_OUTPUT:
            far = like(s, FAR)
        elif not flags & GERS_OUTPUT:
            zo = load(own, 3)
            if flags & PEEPHOLES:
                zo = fma(load(its, 2), s, zo)
            far = higher(far, one_plus_exp_minus(zo) * argument)
        far = within(s - s0, 0.0, -FAR, far * CAUTION)
        side = sign(s0)
        near = higher(near, higher(far - s0 * side, far - s * side))
        store(limit, k, far)
    return largest_lane(near) <= 0.0


@njit(inline="always")
def where_shut(peephole: Any, net: Any, bound: float) -> Any:
    """Return the |s| from which on a gate is cut off for all larger ones too."""
    size = higher(peephole, 0.0 - peephole)
    return within(size, 0.0, 0.0, (higher(net, 0.0 - net) + bound) / size)


@njit(inline="always")
def glide(
    cells: int, states: Any, earlier: Any, law: Any, limit: Any, steps: int, flags: int
) -> bool:
    """Go on by the states' recurrence; return False, with all as before, if one came near."""
    copy(states, earlier, cells)
    near = like(load(states, 0), -FAR)
    for _ in range(steps):
        for k in range(cells):
            s = load(states, k)
            side = sign(s)
            s = move(s, load(law, 3 * k), load(law, 3 * k + 1), load(law, 3 * k + 2), flags)
            near = higher(near, load(limit, k) - s * side)
            store(states, k, s)
    if largest_lane(near) > 0.0:
        copy(earlier, states, cells)
        return False
    return True


@compiled
def count(
    weights: Any,
    peepholes: Any,
    sources: Any,
    inputs: Any,
    width: int,
    readout: Any,
    columns: int,
    outputs: int,
    targets: Any,
    lanes: int,
    start_outputs: Any,
    start_states: Any,
    nodes: Any,
    firsts: Any,
    rows: Any,
    end_outputs: Any,
    end_states: Any,
    margins: Any,
    wrong: Any,
    room: Any,
    flags: int,
) -> None:
    """Feed one row again and again to one network, from M different cells on.

    inputs, targets: the row, U and K numbers, `Shared` as weights, peepholes and readout.
    start_outputs, start_states: (M, C). nodes: (M,), the order in which starts are taken,
    `lanes` at a time. firsts: (M + 1,): start m is asked for after each of the numbers of
    rows at firsts[m] .. firsts[m + 1] - 1 of `rows` (A,), which ascend. At each of them are
    written: the cells, end_outputs and end_states (A, C); margins (A,), the smallest target
    times output since the start, FAR for no row; wrong (A,), how many rows had an output on
    the wrong side of 0. room: of `room_for`.
    """
    cells, recurrent = sources.shape
    w, p, r, v = memory(weights), memory(peepholes), memory(sources), memory(readout)
    x, wanted = memory(inputs), memory(targets)
    row = memory(room)
    u = part(row, max(columns, 2))
    fixed = part(u, width)
    net = part(fixed, GATES * cells)
    law = part(net, GATES * cells)
    before, after = part(law, 3 * cells), part(law, 4 * cells)
    states, earlier = part(law, 5 * cells), part(law, 6 * cells)
    limit = part(law, 7 * cells)
    for j in range(width):
        store(u, j, load(x, j))
    driven(w, cells, recurrent, x, width, fixed)
    reached = np.zeros(lanes, np.int64)
    for block in range(0, len(nodes), lanes):
        last = min(len(nodes) - block, lanes)
        for lane in range(lanes):
            m = nodes[block + min(lane, last - 1)]
            for k in range(cells):
                put(numbers(before), k * lanes + lane, start_outputs[m, k])
                put(numbers(states), k * lanes + lane, start_states[m, k])
        smallest = like(load(states, 0), FAR)
        errors, bad = like(smallest, 0.0), like(smallest, 0.0)
        reached[:] = 0
        t, rest = 0, 0
        while True:
            pause = -1
            store(row, 0, smallest)
            store(row, 1, errors)
            for lane in range(last):
                m = nodes[block + lane]
                at = firsts[m] + reached[lane]
                while at < firsts[m + 1] and rows[at] == t:
                    for k in range(cells):
                        end_outputs[at, k] = number(numbers(before), k * lanes + lane)
                        end_states[at, k] = number(numbers(states), k * lanes + lane)
                    margins[at] = number(numbers(row), lane)
                    wrong[at] = number(numbers(row), lanes + lane)
                    at += 1
                reached[lane] = at - firsts[m]
                if at < firsts[m + 1] and (pause < 0 or rows[at] < pause):
                    pause = rows[at]
            if pause < 0:
                break
            while t < pause:
                advance(
                    w, p, r, cells, recurrent, width, fixed, before, after, states,
                    earlier, net, law, flags,
                )  # fmt: skip
                see(row, after, states, u, width, cells, flags)
                margin = margin_of(v, row, columns, outputs, wanted)
                smallest = lower(smallest, margin)
                bad = (sign(0.0 - margin) + 1.0) * 0.5
                errors = errors + bad
                t += 1
                still = rest == 0 and not flags & SEE_STATES
                still = still and not changed(before, after, cells)
                copy(after, before, cells)
                rest = max(rest - 1, 0)
                if not (still and unnoticed(p, cells, states, earlier, net, limit, flags)):
                    continue
                while t < pause and rest == 0:
                    steps = min(GLIDE, pause - t)
                    if glide(cells, states, earlier, law, limit, steps, flags):
                        t += steps
                        errors = errors + bad * steps
                    else:
                        rest = GLIDE
