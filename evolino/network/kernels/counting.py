"""One network on equal rows again and again, many strings in the lanes of a vector.

In a string such as a^n b^n the input stays the same for n rows. A counting network soon
does nothing in them but count: every cell output is the same as two rows before, to the
bit, because gates and tanh are cut off far from 0 (`activations.bounds`); two, since idle
cells like to blink. From there on only the recurrence of the states is computed, by the
same operations, so that the bits are those of computing everything; as soon as a state
comes near where a gate or tanh would notice it, everything is computed again.
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
GLIDE = 16  # rows, an even number, that are tried at once by the states' recurrence alone
CAUTION = 1.001  # on where a gate begins to notice a state, against rounding
FAR = float("inf")


def room_for(cells: int, width: int, columns: int) -> int:
    """Return the vectors that `count` needs to work in."""
    return max(columns, 2) + width + cells * (GATES + 2 * (GATES + 3) + 8)


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
    net: Any,
    law: Any,
    flags: int,
) -> None:
    """Advance all cells by one row; law: gets a, b, d of each cell's transition."""
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
def differ(x: Any, y: Any, cells: int) -> bool:
    """Return whether vectors differ in any lane."""
    differs = like(load(x, 0), 0.0)
    for k in range(cells):
        differs = higher(differs, within(load(x, k) - load(y, k), 0.0, 0.0, 1.0))
    return largest_lane(differs) > 0.0


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
    if flags & PEEPHOLES:
        far = higher(far, where_shut(load(peep, 0), load(net, 0), gate))
        far = higher(far, where_shut(load(peep, 1), load(net, 1), gate))
        far = higher(far, where_shut(load(peep, 2), load(net, 3), gate))
    if flags & LINEAR_OUTPUT:
        far = like(s, FAR)
    elif not flags & GERS_OUTPUT:
        zo = load(net, 3)
        if flags & PEEPHOLES:
            zo = fma(load(peep, 2), s, zo)
        far = higher(far, one_plus_exp_minus(zo) * argument)
    return far * CAUTION


@njit(inline="always")
def unnoticed(
    peep: Any,
    states: Any,
    one: Any,
    two: Any,
    nets: Any,
    moving: Any,
    limit: Any,
    flags: int,
) -> bool:
    """Write how far from 0 each state must stay so that nothing notices it, -FAR where it
    is as two rows before; return whether all are so far in all lanes.

    states, one, two: now, one and two rows before. nets: the net inputs of the last two
    rows. moving: gets which cells are not as two rows before.
    """
    near, cells = like(load(states, 0), -FAR), len(moving)
    for k in range(cells):
        s, s1, s2 = load(states, k), load(one, k), load(two, k)
        its = part(peep, PEEPHOLE_GATES * k)
        far = higher(
            limit_of(its, part(nets, GATES * k), s, flags),
            limit_of(its, part(nets, GATES * (cells + k)), s, flags),
        )
        far = within(s - s2, 0.0, -FAR, far)
        side = sign(s)
        closest = lower(lower(s * side, s1 * side), s2 * side)
        near = higher(near, far - closest)
        store(limit, k, far)
        moving[k] = largest_lane(far) > -FAR
    return largest_lane(near) <= 0.0


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
    near = like(load(states, 0), -FAR)
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
    nets = part(fixed, GATES * cells)
    laws = part(nets, 2 * GATES * cells)
    heard = part(laws, 2 * 3 * cells)  # cell outputs of the last rows, even and odd ones
    kept = part(heard, 2 * cells)  # states likewise
    states, after = part(kept, 2 * cells), part(kept, 3 * cells)
    limit, spare = part(kept, 4 * cells), part(kept, 5 * cells)
    for j in range(width):
        store(u, j, load(x, j))
    driven(w, cells, recurrent, x, width, fixed)
    reached, moving = np.zeros(lanes, np.int64), np.zeros(cells, np.bool_)
    for block in range(0, len(nodes), lanes):
        last = min(len(nodes) - block, lanes)
        before = part(heard, cells)  # of row -1, an odd one
        for lane in range(lanes):
            m = nodes[block + min(lane, last - 1)]
            for k in range(cells):
                put(numbers(before), k * lanes + lane, start_outputs[m, k])
                put(numbers(states), k * lanes + lane, start_states[m, k])
        copy(states, part(kept, cells), cells)
        smallest = like(load(states, 0), FAR)
        errors, bad = like(smallest, 0.0), like(smallest, 0.0)
        reached[:] = 0
        t, rest = 0, 2
        while True:
            pause = -1
            before = part(heard, (t + 1) % 2 * cells)
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
                now, then = t % 2, (t + 1) % 2
                net, law = part(nets, now * GATES * cells), part(laws, now * 3 * cells)
                before, two = part(heard, then * cells), part(heard, now * cells)
                advance(
                    w, p, r, cells, recurrent, width, fixed, before, after, states, net,
                    law, flags,
                )  # fmt: skip
                see(row, after, states, u, width, cells, flags)
                margin = margin_of(v, row, columns, outputs, wanted)
                smallest = lower(smallest, margin)
                worse, bad = bad, (sign(0.0 - margin) + 1.0) * 0.5
                errors = errors + bad
                t += 1
                still = rest == 0 and not flags & SEE_STATES
                still = still and not differ(after, two, cells)
                still = still and unnoticed(
                    p, states, part(kept, then * cells), part(kept, now * cells), nets,
                    moving, limit, flags,
                )  # fmt: skip
                copy(after, two, cells)
                rest = max(rest - 1, 0)
                other = part(laws, then * 3 * cells)
                while still and pause - t > 1:
                    steps = min(GLIDE, (pause - t) // 2 * 2)
                    still = glide(moving, states, spare, other, law, limit, steps, flags)
                    if still:
                        t += steps
                        errors = errors + (bad + worse) * (0.5 * steps)
                    else:
                        rest = GLIDE
                copy(states, part(kept, now * cells), cells)
