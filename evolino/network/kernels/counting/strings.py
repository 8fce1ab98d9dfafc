"""One network on equal rows again and again, many counted strings in the lanes of a vector.

In a string such as a^n b^n the input stays the same for n rows. A counting network soon
does nothing in them but count: every cell output is the same as a turn before, to the bit.
A turn is two rows, since idle cells like to blink, or a multiple of two of as many as the
targets need to come again. From there on only the recurrence of the states is computed
(`gliding`), to the bits of computing everything.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numba
import numpy as np

from evolino.network.base import EXPLODED
from evolino.network.kernels.cell import FULL_PEEPHOLES, move, output, transition
from evolino.network.kernels.counting.gliding import differ, glide, unnoticed
from evolino.network.kernels.counting.records import begin, record
from evolino.network.kernels.features import STATES, write_features
from evolino.network.kernels.net_input import (
    GATE_COUNT,
    PEEPHOLE_COUNT,
    add_source,
    load_gates,
    store_gates,
)
from evolino.network.kernels.readouts import read_out
from evolino.simd.compiled import compiled
from evolino.simd.memory import addresses, copy, load, memory, part, store
from evolino.simd.vectors import like, lower, sign, within

njit: Any = numba.njit

GLIDE = 16  # rows, or a turn, that are tried at once by the states' recurrence alone
BLINK = 2  # rows after which idle cells are alike
NO_MARGIN = float("inf")


class Work(NamedTuple):
    """What `count` works in.

    scores: smallest margin, and wrong rows for each of the targets. bad: whether each of
    the last `turn` rows is wrong. row, y, scaled: of `read_out`. constant: the net inputs
    that stay the same. nets, laws, outputs, kept: net inputs, transitions, cell outputs and
    states of the last `turn` rows, row t at t mod turn. states, after: of the cells now,
    and their new outputs. limit, spare: of `gliding`.
    """

    scores: Any
    bad: Any
    row: Any
    y: Any
    scaled: Any
    constant: Any
    nets: Any
    laws: Any
    outputs: Any
    kept: Any
    states: Any
    after: Any
    limit: Any
    spare: Any


def turn_of(cycle: int) -> int:
    """Return after how many rows cells and targets may be alike, for a cycle of targets."""
    return math.lcm(BLINK, cycle)


def workspace_size(cells: int, columns: int, outputs: int, cycle: int) -> int:
    """Return the vectors that `count` works in."""
    turn = turn_of(cycle)
    held = GATE_COUNT + turn * (GATE_COUNT + 3 + 2) + 4
    return 1 + cycle + turn + 2 * columns + outputs + cells * held


@njit(inline="always")
def divided(layer: Any, readout: Any, strings: Any, workspace: Any) -> Any:
    """Return a workspace, divided up."""
    cells, columns, turn = layer.cells, readout.columns, strings.turn
    bad = part(workspace, 1 + strings.cycle)
    row = part(bad, turn)
    scaled = part(row, columns)
    y = part(scaled, columns)
    constant = part(y, readout.outputs)
    nets = part(constant, GATE_COUNT * cells)
    laws = part(nets, turn * GATE_COUNT * cells)
    outputs = part(laws, turn * 3 * cells)
    kept = part(outputs, turn * cells)
    states = part(kept, turn * cells)
    return Work(
        workspace,
        bad,
        row,
        y,
        scaled,
        constant,
        nets,
        laws,
        outputs,
        kept,
        states,
        part(states, cells),
        part(states, 2 * cells),
        part(states, 3 * cells),
    )


@njit(inline="always")
def write_constant(layer: Any, u: Any, constant: Any) -> None:
    """Write the net inputs of bias and input vector alone, the same for all rows."""
    for k in range(layer.cells):
        each = (1 + layer.width + layer.recurrent) * GATE_COUNT
        own = part(layer.weights, k * each)
        gates = load_gates(own)
        for j in range(layer.width):
            gates = add_source(gates, own, GATE_COUNT * (1 + j), load(u, j))
        store_gates(part(constant, GATE_COUNT * k), gates)


@njit(inline="always")
def advance(
    layer: Any, constant: Any, before: Any, after: Any, states: Any, net: Any, law: Any
) -> None:
    """Advance all cells by one row; law: gets a, b, d of each cell's transition."""
    width, recurrent, flags = layer.width, layer.recurrent, layer.flags
    for k in range(layer.cells):
        first = (k * (1 + width + recurrent) + 1 + width) * GATE_COUNT
        own, its = part(layer.weights, first), part(layer.sources, k * recurrent)
        gates = load_gates(part(constant, GATE_COUNT * k))
        for j in range(recurrent):
            gates = add_source(gates, own, GATE_COUNT * j, load(before, load(its, j)))
        store_gates(part(net, GATE_COUNT * k), gates)
    for k in range(layer.cells):
        own = part(layer.peepholes, PEEPHOLE_COUNT * k)
        s = load(states, k)
        a, b, d = transition(part(net, GATE_COUNT * k), own, s, flags)
        store(law, 3 * k, a)
        store(law, 3 * k + 1, b)
        store(law, 3 * k + 2, d)
        store(states, k, move(s, a, b, d, flags))
    for k in range(layer.cells):
        own = part(layer.peepholes, PEEPHOLE_COUNT * k)
        store(after, k, output(part(net, GATE_COUNT * k), own, load(states, k), flags))


@njit(inline="always")
def margin_of(y: Any, outputs: int, wanted: Any) -> Any:
    """Return the smallest of target times output; -EXPLODED for one that is not finite."""
    smallest = like(load(y, 0), NO_MARGIN)
    for j in range(outputs):
        value = load(y, j)
        margin = within(value, EXPLODED, value * load(wanted, j), -EXPLODED)
        smallest = lower(smallest, margin)
    return smallest


@njit(inline="always")
def is_wrong(nearest: Any) -> Any:
    """Return 1 for a row whose smallest margin is not above 0, else 0."""
    return (sign(0.0 - nearest) + 1.0) * 0.5


@njit(inline="always")
def only_counts(layer: Any, work: Any, turn: int, now: int, moving: Any) -> bool:
    """Return whether nothing but the states that move differs from a turn before.

    now: the last row mod turn. moving, work.limit: of `unnoticed`.
    """
    if layer.flags & (STATES | FULL_PEEPHOLES):
        return False
    cells = layer.cells
    if differ(work.after, part(work.outputs, now * cells), cells):
        return False
    return bool(unnoticed(layer, work, turn, now, moving))


@njit(inline="always")
def skip(layer: Any, work: Any, strings: Any, now: int, moving: Any, rows: int) -> int:
    """Go on by the states' recurrence alone for at most so many rows, in whole turns;
    return how many were skipped. They are as wrong as those of the last turn.
    """
    turn, cycle, done = strings.turn, strings.cycle, 0
    while rows - done >= turn:
        steps = min(max(GLIDE // turn, 1), (rows - done) // turn) * turn
        if not glide(layer, work, turn, now, moving, steps):
            break
        done += steps
    for row in range(turn):
        at = 1 + row % cycle
        errors = load(work.bad, row) * float(done // turn)
        store(work.scores, at, load(work.scores, at) + errors)
    return done


@compiled
def count(layer: Any, readout: Any, strings: Any, results: Any, workspace: Any) -> None:
    """Feed one row again and again to one network, from M different cells on.

    layer, readout: of one network, the same in every lane. strings, results: of
    `counting.records`. workspace: of `workspace_size`.
    """
    own, its = addresses(layer), addresses(readout)
    work = divided(own, its, strings, memory(workspace))
    u, targets = memory(strings.inputs), memory(strings.targets)
    cells, lanes, order = own.cells, strings.lanes, strings.order
    states, after, scores = work.states, work.after, work.scores
    cycle, turn = strings.cycle, strings.turn
    write_constant(own, u, work.constant)
    reached, moving = np.zeros(lanes, np.int64), np.zeros(cells, np.bool_)
    for block in range(0, len(order), lanes):
        some = order[block : block + lanes]
        before = part(work.outputs, (turn - 1) * cells)
        begin(strings, some, before, states, reached)
        copy(states, part(work.kept, (turn - 1) * cells), cells)
        smallest = like(load(states, 0), NO_MARGIN)
        for row in range(cycle):
            store(scores, 1 + row, 0.0)
        t, rest = 0, turn
        while True:
            before = part(work.outputs, (t + turn - 1) % turn * cells)
            store(scores, 0, smallest)
            pause = record(t, strings, some, reached, before, states, scores, results)
            if pause < 0:
                break
            while t < pause:
                now, row = t % turn, t % cycle
                before = part(work.outputs, (t + turn - 1) % turn * cells)
                net = part(work.nets, now * GATE_COUNT * cells)
                law = part(work.laws, now * 3 * cells)
                if own.flags & FULL_PEEPHOLES:
                    before = part(work.kept, (t + turn - 1) % turn * cells)
                advance(own, work.constant, before, after, states, net, law)
                write_features(work.row, own, cells, after, states, u)
                read_out(its, work.row, work.y, work.scaled)
                wanted = part(targets, row * its.outputs)
                nearest = margin_of(work.y, its.outputs, wanted)
                smallest = lower(smallest, nearest)
                bad = is_wrong(nearest)
                store(work.bad, now, bad)
                store(scores, 1 + row, load(scores, 1 + row) + bad)
                t += 1
                still = rest == 0 and only_counts(own, work, turn, now, moving)
                copy(after, part(work.outputs, now * cells), cells)
                rest = max(rest - 1, 0)
                if still:
                    rows = pause - t
                    done = skip(own, work, strings, now, moving, rows)
                    if rows - done >= turn:
                        rest = max(GLIDE, turn)  # a state came near where it is noticed
                    t += done
                copy(states, part(work.kept, now * cells), cells)
