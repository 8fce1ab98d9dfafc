"""What is told of strings that go through the same rows: at which rows, and how they did.

Strings that begin with the same cells are one, a lane; it is asked for after several
numbers of rows.
"""

from __future__ import annotations

from typing import Any

import numba

from evolino.network.kernels.free_run import EXPLODED
from evolino.simd.memory import number, numbers, put
from evolino.simd.vectors import sign, within

njit: Any = numba.njit

FAR = float("inf")


@njit(inline="always")
def margin(value: Any, wanted: Any) -> Any:
    """Return target times output; -EXPLODED for an output that is not finite."""
    return within(value, EXPLODED, value * wanted, -EXPLODED)


@njit(inline="always")
def is_wrong(nearest: Any) -> Any:
    """Return 1 for a row whose smallest margin is not above 0, else 0."""
    return (sign(0.0 - nearest) + 1.0) * 0.5


@njit(inline="always")
def begin(
    nodes: Any,
    lanes: int,
    start_outputs: Any,
    start_states: Any,
    outputs: Any,
    states: Any,
    reached: Any,
) -> None:
    """Put the cells that strings begin with into lanes, one of `nodes` each.

    start_outputs, start_states: (M, C). outputs, states: get C vectors; empty lanes repeat
    the last node. reached: (lanes,), what has been told of each, gets 0.
    """
    cells = start_outputs.shape[1]
    for lane in range(lanes):
        reached[lane] = 0
        m = nodes[min(lane, len(nodes) - 1)]
        for k in range(cells):
            put(numbers(outputs), k * lanes + lane, start_outputs[m, k])
            put(numbers(states), k * lanes + lane, start_states[m, k])


@njit(inline="always")
def answer(
    t: int,
    nodes: Any,
    lanes: int,
    firsts: Any,
    rows: Any,
    outputs: Any,
    states: Any,
    told: Any,
    reached: Any,
    end_outputs: Any,
    end_states: Any,
    margins: Any,
    wrong: Any,
) -> int:
    """Write what is asked for after row t; return the next row that is asked for, -1 for
    none.

    outputs, states: of the cells, C vectors. told: two vectors, smallest margin and wrong
    rows since the start. Other arguments as of `counting.count`.
    """
    pause = -1
    for lane in range(len(nodes)):
        m = nodes[lane]
        at = firsts[m] + reached[lane]
        while at < firsts[m + 1] and rows[at] == t:
            for k in range(end_outputs.shape[1]):
                end_outputs[at, k] = number(numbers(outputs), k * lanes + lane)
                end_states[at, k] = number(numbers(states), k * lanes + lane)
            margins[at] = number(numbers(told), lane)
            wrong[at] = number(numbers(told), lanes + lane)
            at += 1
        reached[lane] = at - firsts[m]
        if at < firsts[m + 1] and (pause < 0 or rows[at] < pause):
            pause = rows[at]
    return pause
