"""Teacher-forced pass of one large network, its cells in the lanes.

The weights of eight large networks do not stay near the processor; those of one do. Every
net input is summed in the same order as with networks in the lanes, to the same bits.
"""

from __future__ import annotations

from typing import Any

import numba

from evolino.network.kernels.cell import SEE_CONSTANT, SEE_INPUTS, SEE_SQUARES, SEE_STATES
from evolino.network.kernels.net_input import GATES
from evolino.network.kernels.teacher_forced import rest, step
from evolino.simd.compiled import compiled
from evolino.simd.memory import load, memory, number, numbers, part, put, store

njit: Any = numba.njit


def room_for(blocks: int, width: int) -> int:
    """Return the vectors that `drive` needs to work in."""
    return 1 + width + blocks * (3 + GATES)


@njit(inline="always")
def write(source: Any, apart: int, count: int, target: Any, at: int) -> int:
    """Write numbers that are `apart` to a target from `at` on; return where they end."""
    for k in range(count):
        put(target, at + k, number(source, k * apart))
    return at + count


@njit(inline="always")
def write_squares(source: Any, apart: int, count: int, target: Any, at: int) -> int:
    """Write their squares instead."""
    for k in range(count):
        x = number(source, k * apart)
        put(target, at + k, x * x)
    return at + count


@njit(inline="always")
def see(
    seen: Any,
    outputs: Any,
    states: Any,
    cells: int,
    u: Any,
    apart: int,
    width: int,
    one: Any,
    flags: int,
) -> None:
    """Write what the readout sees at a step.

    u: the numbers of the input vector, which are `apart`. one: where a 1 is.
    """
    at = write(outputs, 1, cells, seen, 0)
    if flags & SEE_STATES:
        at = write(states, 1, cells, seen, at)
    if flags & SEE_INPUTS:
        at = write(u, apart, width, seen, at)
    if flags & SEE_SQUARES:
        at = write_squares(outputs, 1, cells, seen, at)
        at = write_squares(u, apart, width, seen, at)
    if flags & SEE_CONSTANT:
        write(one, 1, 1, seen, at)


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
    cell. sources: (blocks, C), every cell in order. seen, start_outputs, start_states: as
    of `lstm.drive`, but of this network alone. room: of `room_for`.
    """
    blocks = sources.shape[0]
    w, p, x, r = memory(weights), memory(peepholes), memory(inputs), memory(sources)
    row = numbers(memory(seen))
    h0, s0 = numbers(memory(start_outputs)), numbers(memory(start_states))
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
                at = order[reached] * cells
                write(numbers(before), 1, cells, h0, at)
                write(numbers(states), 1, cells, s0, at)
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
                see(row, h, s, cells, own, lanes, width, ones, flags)
                row = part(row, columns)
            before, after = after, before
