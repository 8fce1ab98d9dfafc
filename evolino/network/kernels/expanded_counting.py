"""One network on equal rows again and again, its outputs being kernel expansions.

As `evolino.network.kernels.counting`, but every row is computed: eight strings at a time,
in float64.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from evolino.network.kernels.compiled import compiled
from evolino.network.kernels.expansion import WIDTH, expand
from evolino.network.kernels.lanes import like, lower, sign, within
from evolino.network.kernels.lstm import EXPLODED, copy, room_for, see, step
from evolino.network.kernels.memory import load, memory, number, numbers, part, put, store

njit: Any = numba.njit

FAR = float("inf")


def room_to_count(cells: int, width: int, columns: int, outputs: int) -> int:
    """Return the vectors that `count` needs to work in."""
    return room_for(cells, width, columns, outputs) + columns + 2


@njit(inline="always")
def margin_of(y: Any, outputs: int, wanted: Any) -> Any:
    """Return the smallest of target times output; -EXPLODED for one that is not finite."""
    smallest = like(load(y, 0), FAR)
    for j in range(outputs):
        value = load(y, j)
        product = value * load(wanted, j)
        smallest = lower(smallest, within(value, EXPLODED, product, -EXPLODED))
    return smallest


@compiled
def count(
    weights: Any,
    peepholes: Any,
    sources: Any,
    inputs: Any,
    width: int,
    columns: int,
    supports: Any,
    vectors: int,
    coefficients: Any,
    intercepts: Any,
    scales: Any,
    factor: float,
    outputs: int,
    targets: Any,
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

    Arguments as of `evolino.network.kernels.counting.count` and of `expand`. room: of
    `room_to_count`.
    """
    cells, recurrent = sources.shape
    w, p, r = memory(weights), memory(peepholes), memory(sources)
    v, c, b, d = memory(supports), memory(coefficients), memory(intercepts), memory(scales)
    x, wanted = memory(inputs), memory(targets)
    told = memory(room)
    u = part(told, 2)
    row = part(u, width)
    scaled = part(row, columns)
    y = part(scaled, columns)
    states = part(y, outputs)
    before, after = part(states, cells), part(states, 2 * cells)
    net = part(states, 3 * cells)
    for j in range(width):
        store(u, j, load(x, j))
    reached = np.zeros(WIDTH, np.int64)
    for block in range(0, len(nodes), WIDTH):
        last = min(len(nodes) - block, WIDTH)
        for lane in range(WIDTH):
            reached[lane] = 0
            m = nodes[block + min(lane, last - 1)]
            for k in range(cells):
                put(numbers(before), k * WIDTH + lane, start_outputs[m, k])
                put(numbers(states), k * WIDTH + lane, start_states[m, k])
        smallest = like(load(states, 0), FAR)
        errors = like(smallest, 0.0)
        t = 0
        while True:
            pause = -1
            store(told, 0, smallest)
            store(told, 1, errors)
            for lane in range(last):
                m = nodes[block + lane]
                at = firsts[m] + reached[lane]
                while at < firsts[m + 1] and rows[at] == t:
                    for k in range(cells):
                        end_outputs[at, k] = number(numbers(before), k * WIDTH + lane)
                        end_states[at, k] = number(numbers(states), k * WIDTH + lane)
                    margins[at] = number(numbers(told), lane)
                    wrong[at] = number(numbers(told), WIDTH + lane)
                    at += 1
                reached[lane] = at - firsts[m]
                if at < firsts[m + 1] and (pause < 0 or rows[at] < pause):
                    pause = rows[at]
            if pause < 0:
                break
            while t < pause:
                step(w, p, r, cells, recurrent, u, width, before, after, states, net, flags)
                see(row, after, states, u, width, cells, flags)
                expand(row, scaled, columns, v, vectors, c, b, d, outputs, factor, y)
                margin = margin_of(y, outputs, wanted)
                smallest = lower(smallest, margin)
                errors = errors + (sign(0.0 - margin) + 1.0) * 0.5
                copy(after, before, cells)
                t += 1
