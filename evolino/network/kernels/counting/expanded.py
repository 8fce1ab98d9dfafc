"""One network on equal rows again and again, its outputs being kernel expansions.

As `counting.strings`, but every row is computed: eight strings at a time, in float64.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from evolino.network.kernels.counting.answers import FAR, answer, begin, is_wrong, margin
from evolino.network.kernels.support_vectors import WIDTH, expand
from evolino.network.kernels.teacher_forced import copy, room_for, see, step
from evolino.simd.compiled import compiled
from evolino.simd.memory import load, memory, part, store
from evolino.simd.vectors import like, lower

njit: Any = numba.njit


def room_to_count(cells: int, width: int, columns: int, outputs: int) -> int:
    """Return the vectors that `count` needs to work in."""
    return room_for(cells, width, columns, outputs) + columns + 2


@njit(inline="always")
def margin_of(y: Any, outputs: int, wanted: Any) -> Any:
    """Return the smallest of target times output."""
    smallest = like(load(y, 0), FAR)
    for j in range(outputs):
        smallest = lower(smallest, margin(load(y, j), load(wanted, j)))
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

    Arguments as of `counting.strings.count` and of `expand`. room: of `room_to_count`.
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
        some = nodes[block : block + last]
        begin(some, WIDTH, start_outputs, start_states, before, states, reached)
        smallest = like(load(states, 0), FAR)
        errors = like(smallest, 0.0)
        t = 0
        while True:
            store(told, 0, smallest)
            store(told, 1, errors)
            pause = answer(
                t, some, WIDTH, firsts, rows, before, states, told, reached, end_outputs,
                end_states, margins, wrong,
            )  # fmt: skip
            if pause < 0:
                break
            while t < pause:
                step(w, p, r, cells, recurrent, u, width, before, after, states, net, flags)
                see(row, after, states, u, width, cells, flags)
                expand(row, scaled, columns, v, vectors, c, b, d, outputs, factor, y)
                nearest = margin_of(y, outputs, wanted)
                smallest = lower(smallest, nearest)
                errors = errors + is_wrong(nearest)
                copy(after, before, cells)
                t += 1
