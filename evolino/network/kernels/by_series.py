"""Teacher-forced pass of one large network over four series at once, cells in the lanes.

Reading the weights of a large network takes longer than multiplying them; here they are
read once for a step of four series. Every net input is summed in the same order as in
`by_cells`, to the same bits.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np

from evolino.network.kernels.by_cells import opened
from evolino.network.kernels.cell import next_state, output
from evolino.network.kernels.features import write_features
from evolino.network.kernels.full_peepholes import write_driving
from evolino.network.kernels.inputs import add_symbol, inputs_at, others_of, symbols_of
from evolino.network.kernels.net_input import (
    GATE_COUNT,
    PEEPHOLE_COUNT,
    add_source,
    load_gates,
    store_gates,
)
from evolino.network.kernels.records import Course
from evolino.network.kernels.teacher_forced import keep_cells
from evolino.simd.compiled import compiled
from evolino.simd.memory import addresses, clear, load, memory, numbers, part, store

njit: Any = numba.njit

AT_ONCE = 4  # series; more than four times four sums do not stay in the registers


class Places(NamedTuple):
    """Where the series are that are driven at once; made by `places_of`.

    series, row: (AT_ONCE,), which series is in a place, -1 for none, and its row. vectors,
    recorded, rows: (N,), of each series its first input vector, its first recorded row, and
    its first row as starts count. due: (N,), the next start of each, as of `keep_cells`.
    """

    series: Any
    row: Any
    vectors: Any
    recorded: Any
    rows: Any
    due: Any


def workspace_size(blocks: int) -> int:
    """Return the vectors that `drive` works in."""
    return AT_ONCE * blocks * (3 + GATE_COUNT)


def places_of(course: Course) -> Places:
    """Return the places before the first step."""
    steps = course.steps
    each = np.stack([steps, steps - course.firsts, steps + 1])
    vectors, recorded, rows = np.cumsum(each, axis=1) - each
    return Places(
        np.full(AT_ONCE, -1, np.int64),
        np.zeros(AT_ONCE, np.int64),
        vectors,
        recorded,
        rows,
        np.searchsorted(np.sort(course.starts), rows),
    )


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
def four_symbols(sums: Any, weights: Any, u: Any) -> Any:
    """Return the net inputs of all four series with those of their symbols added, if any.

    weights: of the inputs. u: what enters each of the series.
    """
    return (
        add_symbol(sums[0], weights, u[0]),
        add_symbol(sums[1], weights, u[1]),
        add_symbol(sums[2], weights, u[2]),
        add_symbol(sums[3], weights, u[3]),
    )


@njit(inline="always")
def step(layer: Any, u: Any, before: Any, after: Any, states: Any, net: Any) -> None:
    """Advance all cells by one step in all four series.

    u: what enters the four. before, after, states, net: a vector for each block of
    cells (net: GATE_COUNT) of the first series, then those of the next one.
    """
    blocks, cells, width = layer.cells, layer.recurrent, layer.width
    each = (1 + width + cells) * GATE_COUNT
    h = (
        numbers(before),
        numbers(part(before, blocks)),
        numbers(part(before, 2 * blocks)),
        numbers(part(before, 3 * blocks)),
    )
    symbols = symbols_of(u[0])
    x = others_of(u[0]), others_of(u[1]), others_of(u[2]), others_of(u[3])
    for k in range(blocks):
        own = part(layer.weights, k * each)
        bias = load_gates(own)
        sums = (bias, bias, bias, bias)
        sums = four_symbols(sums, part(own, GATE_COUNT), u)
        for j in range(width - symbols):
            sums = four_sources(sums, own, GATE_COUNT * (1 + symbols + j), x, j)
        recurrent = part(own, GATE_COUNT * (1 + width))
        for j in range(cells):
            sums = four_sources(sums, recurrent, GATE_COUNT * j, h, j)
        store_gates(part(net, GATE_COUNT * k), sums[0])
        store_gates(part(net, GATE_COUNT * (blocks + k)), sums[1])
        store_gates(part(net, GATE_COUNT * (2 * blocks + k)), sums[2])
        store_gates(part(net, GATE_COUNT * (3 * blocks + k)), sums[3])
    for q in range(AT_ONCE * blocks):
        zs = part(net, GATE_COUNT * q)
        its = part(layer.peepholes, PEEPHOLE_COUNT * (q % blocks))
        store(states, q, next_state(zs, its, load(states, q), layer.flags))
        store(after, q, output(zs, its, load(states, q), layer.flags))


@njit(inline="always")
def arrive(places: Any, s: int, layer: Any, course: Any, to: Any, h: Any, c: Any) -> None:
    """Record the cells in place s if they are at a start; free it after the last row.

    to: the recording. h, c: outputs and states of the cells there.
    """
    n, t = load(places.series, s), load(places.row, s)
    due, now = load(places.due, n), load(places.rows, n) + t
    store(places.due, n, keep_cells(due, now, course, to, h, c, layer.recurrent))
    if t == load(course.steps, n):
        store(places.series, s, -1)


@njit(inline="always")
def fill_places(
    places: Any, taken: int, layer: Any, course: Any, to: Any, h: Any, c: Any
) -> int:
    """Put the next series where one has ended; return how many have been taken, -1 if no
    place has a series.

    taken: how many have been before. Others as of `arrive`, h and c of all places.
    """
    blocks, idle = layer.cells, True
    for s in range(AT_ONCE):
        outputs, states = part(h, s * blocks), part(c, s * blocks)
        if load(places.series, s) >= 0:
            arrive(places, s, layer, course, to, outputs, states)
        while load(places.series, s) < 0 and taken < course.series:
            store(places.series, s, taken)
            store(places.row, s, 0)
            taken += 1
            clear(outputs, blocks)
            clear(states, blocks)
            arrive(places, s, layer, course, to, outputs, states)
        idle = idle and load(places.series, s) < 0
    return -1 if idle else taken


@njit(inline="always")
def inputs_in(place: int, places: Any, course: Any) -> Any:
    """Return what enters the series in a place; an idle one what the first of all gets."""
    n, first = load(places.series, place), 0
    if n >= 0:
        first = load(places.vectors, n) + load(places.row, place)
    return inputs_at(course, first)


@compiled
def drive(layer: Any, course: Any, places: Any, recording: Any, workspace: Any) -> None:
    """Drive one network over N series, as `by_cells.drive` does.

    places: of `places_of`; changed. A place whose series has ended takes the next one;
    while there is none it idles. workspace: of `workspace_size`.
    """
    own, over, to = opened(layer, course, recording)
    blocks, at = own.cells, addresses(places)
    states = memory(workspace)
    before = part(states, AT_ONCE * blocks)
    after, net = part(before, AT_ONCE * blocks), part(before, 2 * AT_ONCE * blocks)
    clear(states, AT_ONCE * blocks)
    clear(before, AT_ONCE * blocks)
    taken = 0
    while True:
        taken = fill_places(at, taken, own, over, to, before, states)
        if taken < 0:
            return
        u = (
            inputs_in(0, at, over),
            inputs_in(1, at, over),
            inputs_in(2, at, over),
            inputs_in(3, at, over),
        )
        write_driving(own, states, before, AT_ONCE * blocks)
        step(own, u, before, after, states, net)
        for s in range(AT_ONCE):
            n, t = load(at.series, s), load(at.row, s)
            if n >= 0 and t >= load(over.firsts, n):
                line = load(at.recorded, n) + t - load(over.firsts, n)
                row = part(to.features, line * to.columns)
                h, c = part(after, s * blocks), part(states, s * blocks)
                write_features(row, own, own.recurrent, h, c, u[s])
            store(at.row, s, t + 1)
        before, after = after, before
