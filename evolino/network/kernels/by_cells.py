"""Teacher-forced pass of one large network, its cells in the lanes.

The weights of eight large networks do not stay near the processor; those of one do. Every
net input is summed in the same order as with networks in the lanes, to the same bits.
"""

from __future__ import annotations

from typing import Any

import numba

from evolino.network.kernels.cell import (
    SEE_CONSTANT,
    SEE_INPUTS,
    SEE_SQUARES,
    SEE_STATES,
)
from evolino.network.kernels.compiled import compiled
from evolino.network.kernels.lstm import rest, step
from evolino.network.kernels.memory import load, memory, number, numbers, part, put, store
from evolino.network.kernels.net_input import GATES

njit: Any = numba.njit


def room_for(blocks: int, width: int) -> int:
    """Return the vectors that `drive` needs to work in."""
    return 1 + width + blocks * (3 + GATES)


@njit(inline="always")
def into_lane(source: Any, count: int, target: Any, at: int, lanes: int) -> None:
    """Write numbers one after another into a lane: a vector apart, from `at` on."""
    for k in range(count):
        put(target, at + k * lanes, number(source, k))


@njit(inline="always")
def squares_into_lane(
    source: Any, apart: int, count: int, target: Any, at: int, lanes: int
) -> None:
    """Write the squares of numbers that are `apart` into a lane, from `at` on."""
    for k in range(count):
        x = number(source, k * apart)
        put(target, at + k * lanes, x * x)


@njit(inline="always")
def see(
    seen: Any,
    at: int,
    lanes: int,
    outputs: Any,
    states: Any,
    cells: int,
    u: Any,
    apart: int,
    width: int,
    one: Any,
    flags: int,
) -> None:
    """Write what the readout sees at a step into a lane of seen, from number `at` on.

    u: the numbers of the input vector, which are `apart`. one: where a 1 is.
    """
    into_lane(outputs, cells, seen, at, lanes)
    at += cells * lanes
    if flags & SEE_STATES:
        into_lane(states, cells, seen, at, lanes)
        at += cells * lanes
    if flags & SEE_INPUTS:
        for j in range(width):
            put(seen, at + j * lanes, number(u, j * apart))
        at += width * lanes
    if flags & SEE_SQUARES:
        squares_into_lane(outputs, 1, cells, seen, at, lanes)
        at += cells * lanes
        squares_into_lane(u, apart, width, seen, at, lanes)
        at += width * lanes
    if flags & SEE_CONSTANT:
        put(seen, at, number(one, 0))


@compiled
def drive(
    weights: Any,
    peepholes: Any,
    sources: Any,
    cells: int,
    inputs: Any,
    steps: Any,
    firsts: Any,
    width: int,
    columns: int,
    lane: int,
    lanes: int,
    seen: Any,
    order: Any,
    starts: Any,
    start_outputs: Any,
    start_states: Any,
    room: Any,
    flags: int,
) -> None:
    """Drive one network over N series, as `lstm.drive` does.

    weights, peepholes: as `lstm.drive` has them, a block of `lanes` cells in the place of a
    cell. sources: (blocks, C), every cell in order. seen, start_outputs, start_states: of
    `lstm.drive`; gets what this network does into lane `lane`. room: of `room_for`.
    """
    blocks = sources.shape[0]
    w, p, x, r = memory(weights), memory(peepholes), memory(inputs), memory(sources)
    row = part(numbers(memory(seen)), lane)
    h0 = part(numbers(memory(start_outputs)), lane)
    s0 = part(numbers(memory(start_states)), lane)
    one = memory(room)
    store(one, 0, 1.0)
    u = part(one, 1)
    states = part(u, width)
    before, after = part(states, blocks), part(states, 2 * blocks)
    net = part(states, 3 * blocks)
    now = reached = 0
    for n in range(len(steps)):
        rest(states, blocks)
        rest(before, blocks)
        for t in range(steps[n] + 1):
            while reached < len(order) and starts[order[reached]] == now:
                at = order[reached] * cells * lanes
                into_lane(numbers(before), cells, h0, at, lanes)
                into_lane(numbers(states), cells, s0, at, lanes)
                reached += 1
            now += 1
            if t == steps[n]:
                break
            for j in range(width):
                store(u, j, load(x, j))
            x = part(x, width)
            heard = numbers(before)
            step(w, p, r, blocks, cells, u, width, heard, after, states, net, flags)
            if t >= firsts[n]:
                h, s = numbers(after), numbers(states)
                own, ones = numbers(u), numbers(one)
                see(row, 0, lanes, h, s, cells, own, lanes, width, ones, flags)
                row = part(row, columns * lanes)
            before, after = after, before
