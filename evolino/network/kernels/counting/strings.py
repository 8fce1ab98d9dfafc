"""One network on equal rows again and again, many strings in the lanes of a vector.

In a string such as a^n b^n the input stays the same for n rows. A counting network soon
does nothing in them but count: every cell output is the same as two rows before, to the
bit; two, since idle cells like to blink. From there on only the recurrence of the states is
computed (`gliding`), to the bits of computing everything.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from evolino.network.kernels.cell import SEE_STATES, move, output, transition
from evolino.network.kernels.counting.answers import FAR, answer, begin, is_wrong, margin
from evolino.network.kernels.counting.gliding import differ, glide, unnoticed
from evolino.network.kernels.free_run import read_out
from evolino.network.kernels.net_input import GATES, add_source, biases
from evolino.network.kernels.teacher_forced import PEEPHOLES, copy, see
from evolino.simd.compiled import compiled
from evolino.simd.memory import load, memory, part, store
from evolino.simd.vectors import like, lower

njit: Any = numba.njit

GLIDE = 16  # rows, an even number, that are tried at once by the states' recurrence alone


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
        a, b, d = transition(part(net, GATES * k), part(peep, PEEPHOLES * k), s, flags)
        store(law, 3 * k, a)
        store(law, 3 * k + 1, b)
        store(law, 3 * k + 2, d)
        store(states, k, move(s, a, b, d, flags))
    for k in range(cells):
        own, its = part(net, GATES * k), part(peep, PEEPHOLES * k)
        store(after, k, output(own, its, load(states, k), flags))


@njit(inline="always")
def margin_of(readout: Any, row: Any, columns: int, outputs: int, wanted: Any) -> Any:
    """Return the smallest of target times output."""
    smallest = like(load(row, 0), FAR)
    for j in range(outputs):
        value = read_out(readout, row, columns, outputs, j)
        smallest = lower(smallest, margin(value, load(wanted, j)))
    return smallest


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
        some = nodes[block : block + last]
        begin(some, lanes, start_outputs, start_states, before, states, reached)
        copy(states, part(kept, cells), cells)
        smallest = like(load(states, 0), FAR)
        errors, bad = like(smallest, 0.0), like(smallest, 0.0)
        t, rest = 0, 2
        while True:
            before = part(heard, (t + 1) % 2 * cells)
            store(row, 0, smallest)
            store(row, 1, errors)
            pause = answer(
                t, some, lanes, firsts, rows, before, states, row, reached, end_outputs,
                end_states, margins, wrong,
            )  # fmt: skip
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
                nearest = margin_of(v, row, columns, outputs, wanted)
                smallest = lower(smallest, nearest)
                worse, bad = bad, is_wrong(nearest)
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
