"""Records of counted strings: which rows are fed to a network, and what is recorded."""

from __future__ import annotations

from typing import Any, NamedTuple

import numba

from evolino.simd.memory import number, numbers, store

njit: Any = numba.njit


class Strings(NamedTuple):
    """One row again and again, from M different cells on.

    inputs: `Shared`, the row, U numbers. targets: `Shared`, of `cycle` rows in turn, K
    numbers each. turn: after how many rows cells and targets may be alike, a multiple of
    the cycle. outputs, states: (M, C), the cells
    before it; strings that begin with the same cells are one. order: (M,), in which they
    are taken, `lanes` at a time. firsts: (M + 1,): m is recorded after each of the numbers
    of rows at firsts[m] .. firsts[m + 1] - 1 of `rows` (A,), which ascend.
    """

    inputs: Any
    targets: Any
    outputs: Any
    states: Any
    order: Any
    firsts: Any
    rows: Any
    cycle: int
    turn: int
    lanes: int


class Results(NamedTuple):
    """What is recorded after each number of rows.

    outputs, states: (A, C), the cells. margins: (A,), the smallest target times output
    since the beginning, inf for no row. wrong: (A, cycle), how many of the rows with each
    of the targets had an output on the wrong side of 0.
    """

    outputs: Any
    states: Any
    margins: Any
    wrong: Any


@njit(inline="always")
def begin(strings: Any, some: Any, outputs: Any, states: Any, reached: Any) -> None:
    """Put the cells that some of the strings begin with into the lanes.

    outputs, states: get C vectors; empty lanes repeat the last string. reached: (lanes,),
    how much has been recorded of each, gets 0.
    """
    lanes = strings.lanes
    for lane in range(lanes):
        reached[lane] = 0
        m = some[min(lane, len(some) - 1)]
        for k in range(strings.outputs.shape[1]):
            store(numbers(outputs), k * lanes + lane, strings.outputs[m, k])
            store(numbers(states), k * lanes + lane, strings.states[m, k])


@njit(inline="always")
def record(
    t: int, strings: Any, some: Any, reached: Any, outputs: Any, states: Any, scores: Any,
    results: Any,
) -> int:  # fmt: skip
    """Record some of the strings that have had t rows; return the next t at which one is to
    be recorded, -1 for none.

    outputs, states: of the cells, C vectors. scores: the smallest margin since the
    beginning, and the wrong rows for each of the targets: 1 + cycle vectors.
    """
    pause, lanes = -1, strings.lanes
    for lane in range(len(some)):
        m = some[lane]
        last = strings.firsts[m + 1]
        at = strings.firsts[m] + reached[lane]
        while at < last and strings.rows[at] == t:
            for k in range(results.outputs.shape[1]):
                results.outputs[at, k] = number(numbers(outputs), k * lanes + lane)
                results.states[at, k] = number(numbers(states), k * lanes + lane)
            results.margins[at] = number(numbers(scores), lane)
            for row in range(strings.cycle):
                results.wrong[at, row] = number(numbers(scores), (1 + row) * lanes + lane)
            at += 1
        reached[lane] = at - strings.firsts[m]
        if at < last and (pause < 0 or strings.rows[at] < pause):
            pause = strings.rows[at]
    return pause
