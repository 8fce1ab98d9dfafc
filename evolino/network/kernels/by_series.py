"""Teacher-forced pass of one large network over four series at once, cells in the lanes.

Reading the weights of a large network takes longer than multiplying them; here they are
read once for a step of four series. Every net input is summed in the same order as in
`by_cells`, to the same bits.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from evolino.network.kernels.by_cells import see, write
from evolino.network.kernels.cell import next_state, output
from evolino.network.kernels.net_input import GATES, add_source, biases
from evolino.network.kernels.teacher_forced import PEEPHOLES, rest
from evolino.simd.compiled import compiled
from evolino.simd.memory import load, memory, numbers, part, store
from evolino.vocabulary import IntArray

njit: Any = numba.njit

AT_ONCE = 4  # series; more than four times four sums do not stay in the registers


def room_for(blocks: int) -> int:
    """Return the vectors that `drive` needs to work in."""
    return 1 + AT_ONCE * blocks * (3 + GATES)


@njit(inline="always")
def four_sources(sums: Any, weights: Any, at: int, x: Any, j: int) -> Any:
    """Return the net inputs of all four series with those of a source added.

    sums: four of `add_source`. x: where the source's value is at j, for each series.
    """
    return (
        add_source(sums[0], weights, at, load(x[0], j)),
        add_source(sums[1], weights, at, load(x[1], j)),
        add_source(sums[2], weights, at, load(x[2], j)),
        add_source(sums[3], weights, at, load(x[3], j)),
    )


@njit(inline="always")
def keep(sums: Any, net: Any) -> None:
    """Write the net inputs of a block of cells."""
    for gate in range(GATES):
        store(net, gate, sums[gate])


@njit(inline="always")
def step(
    weights: Any,
    peep: Any,
    blocks: int,
    cells: int,
    u: Any,
    width: int,
    before: Any,
    after: Any,
    states: Any,
    net: Any,
    flags: int,
) -> None:
    """Advance all cells by one step in all four series.

    u: the input vectors of the four. before, after, states, net: `blocks` vectors (net:
    times GATES) of the first series, then those of the next one.
    """
    each = (1 + width + cells) * GATES
    h = (
        numbers(before),
        numbers(part(before, blocks)),
        numbers(part(before, 2 * blocks)),
        numbers(part(before, 3 * blocks)),
    )
    for k in range(blocks):
        own = part(weights, k * each)
        bias = biases(own)
        sums = (bias, bias, bias, bias)
        for j in range(width):
            sums = four_sources(sums, own, GATES * (1 + j), u, j)
        recurrent = part(own, GATES * (1 + width))
        for j in range(cells):
            sums = four_sources(sums, recurrent, GATES * j, h, j)
        keep(sums[0], part(net, GATES * k))
        keep(sums[1], part(net, GATES * (blocks + k)))
        keep(sums[2], part(net, GATES * (2 * blocks + k)))
        keep(sums[3], part(net, GATES * (3 * blocks + k)))
    for q in range(AT_ONCE * blocks):
        zs, its = part(net, GATES * q), part(peep, PEEPHOLES * (q % blocks))
        store(states, q, next_state(zs, its, load(states, q), flags))
        store(after, q, output(zs, its, load(states, q), flags))


@njit(inline="always")
def write_starts(
    due: Any,
    order: Any,
    starts: Any,
    row: int,
    cells: int,
    heard: Any,
    states: Any,
    start_outputs: Any,
    start_states: Any,
) -> Any:
    """Write the cells before a row to every start there; return the next one that is due.

    due: the place in the order from which on starts of this series are.
    """
    while due < len(order) and starts[order[due]] == row:
        at = order[due] * cells
        write(heard, 1, cells, start_outputs, at)
        write(states, 1, cells, start_states, at)
        due += 1
    return due


def offsets(steps: IntArray, firsts: IntArray, starts: IntArray) -> IntArray:
    """Return (4, N), of each series: its first input vector, its first recorded row, its
    first row as starts count, and how many starts lie before it."""
    after = np.cumsum([steps, steps - firsts, steps + 1], axis=1)
    before = after - [steps, steps - firsts, steps + 1]
    return np.concatenate([before, [np.searchsorted(np.sort(starts), before[2])]])


@compiled
def drive(
    weights: Any,
    peepholes: Any,
    offsets: Any,
    cells: int,
    inputs: Any,
    steps: Any,
    firsts: Any,
    width: int,
    columns: int,
    lanes: int,
    seen: Any,
    order: Any,
    starts: Any,
    start_outputs: Any,
    start_states: Any,
    room: Any,
    flags: int,
) -> None:
    """Drive one network over N series, as `by_cells.drive` does.

    offsets: of the function. A place whose series has ended takes the next one; while there
    is none it idles. room: of `room_for`.
    """
    blocks = (cells + lanes - 1) // lanes
    w, p, x = memory(weights), memory(peepholes), memory(inputs)
    row = numbers(memory(seen))
    h0, s0 = numbers(memory(start_outputs)), numbers(memory(start_states))
    one = memory(room)
    store(one, 0, 1.0)
    states = part(one, 1)
    before = part(states, AT_ONCE * blocks)
    after, net = part(before, AT_ONCE * blocks), part(before, 2 * AT_ONCE * blocks)
    rest(states, AT_ONCE * blocks)
    rest(before, AT_ONCE * blocks)
    vectors, rows, base, due = offsets[0], offsets[1], offsets[2], offsets[3].copy()
    # What a place is at: a series, -1 for none, and its row.
    series, now = np.full(AT_ONCE, -1, np.int64), np.zeros(AT_ONCE, np.int64)
    taken = busy = 0
    while True:
        busy = 0
        for s in range(AT_ONCE):
            c, h = part(states, s * blocks), part(before, s * blocks)
            while True:
                n, t = series[s], now[s]
                if n >= 0:
                    heard, own = numbers(h), numbers(c)
                    due[n] = write_starts(
                        due[n], order, starts, base[n] + t, cells, heard, own, h0, s0
                    )
                    if t < steps[n]:
                        busy += 1
                        break
                if taken == len(steps):
                    series[s] = -1
                    break
                series[s], now[s] = taken, 0
                taken += 1
                rest(c, blocks)
                rest(h, blocks)
        if busy == 0:
            return
        # An idle place hears the first vector of all.
        at = np.where(series < 0, 0, vectors[series] + now) * width
        u = part(x, at[0]), part(x, at[1]), part(x, at[2]), part(x, at[3])
        step(w, p, blocks, cells, u, width, before, after, states, net, flags)
        for s in range(AT_ONCE):
            n, t = series[s], now[s]
            if n >= 0 and t >= firsts[n]:
                its = part(row, (rows[n] + t - firsts[n]) * columns)
                heard, own = (
                    numbers(part(after, s * blocks)),
                    numbers(part(states, s * blocks)),
                )
                see(its, heard, own, cells, u[s], 1, width, numbers(one), flags)
            now[s] += 1
        before, after = after, before
