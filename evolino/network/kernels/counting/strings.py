"""One network on equal rows again and again, many counted strings in the lanes of a vector.

In a string such as a^n b^n the input stays the same for n rows. A counting network soon
does nothing in them but count: every cell output is the same as two rows before, to the
bit; two, since idle cells like to blink. From there on only the recurrence of the states is
computed (`gliding`), to the bits of computing everything.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np

from evolino.network.kernels.cell import move, output, transition
from evolino.network.kernels.counting.gliding import differ, glide, unnoticed
from evolino.network.kernels.counting.records import begin, record
from evolino.network.kernels.features import STATES, write_features
from evolino.network.kernels.free_run import EXPLODED
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

GLIDE = 16  # rows, an even number, that are tried at once by the states' recurrence alone
NO_MARGIN = float("inf")


class Work(NamedTuple):
    """What `count` works in.

    scores: smallest margin and wrong rows. row, y, scaled: of `read_out`. constant: the net
    inputs that stay the same. nets, laws, outputs, kept: net inputs, transitions, cell
    outputs and states of the last two rows, even and odd ones. states, after: of the cells
    now, and their new outputs. limit, spare: of `gliding`.
    """

    scores: Any
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


def workspace_size(cells: int, columns: int, outputs: int) -> int:
    """Return the vectors that `count` works in."""
    return 2 + 2 * columns + outputs + cells * (GATE_COUNT + 2 * (GATE_COUNT + 3) + 8)


@njit(inline="always")
def divided(layer: Any, readout: Any, workspace: Any) -> Any:
    """Return a workspace, divided up."""
    cells, columns = layer.cells, readout.columns
    row = part(workspace, 2)
    scaled = part(row, columns)
    y = part(scaled, columns)
    constant = part(y, readout.outputs)
    nets = part(constant, GATE_COUNT * cells)
    laws = part(nets, 2 * GATE_COUNT * cells)
    outputs = part(laws, 2 * 3 * cells)
    kept = part(outputs, 2 * cells)
    return Work(
        workspace,
        row,
        y,
        scaled,
        constant,
        nets,
        laws,
        outputs,
        kept,
        part(kept, 2 * cells),
        part(kept, 3 * cells),
        part(kept, 4 * cells),
        part(kept, 5 * cells),
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
def only_counts(layer: Any, work: Any, now: int, moving: Any) -> bool:
    """Return whether nothing but the states that move differs from two rows before.

    now: 0 after an even row, 1 after an odd one. moving, work.limit: of `unnoticed`.
    """
    if layer.flags & STATES:
        return False
    cells = layer.cells
    if differ(work.after, part(work.outputs, now * cells), cells):
        return False
    one, two = part(work.kept, (1 - now) * cells), part(work.kept, now * cells)
    return bool(unnoticed(layer, work.states, one, two, work.nets, moving, work.limit))


@njit(inline="always")
def skip(
    layer: Any, work: Any, now: int, moving: Any, rows: int, errors: Any, wrong: Any
) -> Any:
    """Go on by the states' recurrence alone for at most so many rows.

    errors: wrong rows so far. wrong: those of the last two rows together. Returns how many
    rows were skipped, and the errors after them.
    """
    law = part(work.laws, now * 3 * layer.cells)
    other = part(work.laws, (1 - now) * 3 * layer.cells)
    states, spare, limit = work.states, work.spare, work.limit
    done = 0
    while rows - done > 1:
        steps = min(GLIDE, (rows - done) // 2 * 2)
        if not glide(moving, states, spare, other, law, limit, steps, layer.flags):
            break
        done += steps
        errors = errors + wrong * (0.5 * steps)
    return done, errors


@compiled
def count(layer: Any, readout: Any, strings: Any, results: Any, workspace: Any) -> None:
    """Feed one row again and again to one network, from M different cells on.

    layer, readout: of one network, the same in every lane. strings, results: of
    `counting.records`. workspace: of `workspace_size`.
    """
    own, its = addresses(layer), addresses(readout)
    work = divided(own, its, memory(workspace))
    u, wanted = memory(strings.inputs), memory(strings.targets)
    cells, lanes, order = own.cells, strings.lanes, strings.order
    states, after = work.states, work.after
    write_constant(own, u, work.constant)
    reached, moving = np.zeros(lanes, np.int64), np.zeros(cells, np.bool_)
    for block in range(0, len(order), lanes):
        some = order[block : block + lanes]
        begin(strings, some, part(work.outputs, cells), states, reached)  # an odd row's
        copy(states, part(work.kept, cells), cells)
        smallest = like(load(states, 0), NO_MARGIN)
        errors, bad = like(smallest, 0.0), like(smallest, 0.0)
        t, rest = 0, 2
        while True:
            before = part(work.outputs, (t + 1) % 2 * cells)
            store(work.scores, 0, smallest)
            store(work.scores, 1, errors)
            pause = record(t, strings, some, reached, before, states, work.scores, results)
            if pause < 0:
                break
            while t < pause:
                now = t % 2
                before, two = (
                    part(work.outputs, (1 - now) * cells),
                    part(work.outputs, now * cells),
                )
                net = part(work.nets, now * GATE_COUNT * cells)
                law = part(work.laws, now * 3 * cells)
                advance(own, work.constant, before, after, states, net, law)
                write_features(work.row, own, cells, after, states, u)
                read_out(its, work.row, work.y, work.scaled)
                nearest = margin_of(work.y, its.outputs, wanted)
                smallest = lower(smallest, nearest)
                worse, bad = bad, is_wrong(nearest)
                errors = errors + bad
                t += 1
                still = rest == 0 and only_counts(own, work, now, moving)
                copy(after, two, cells)
                rest = max(rest - 1, 0)
                if still:
                    rows = pause - t
                    done, errors = skip(own, work, now, moving, rows, errors, bad + worse)
                    if rows - done > 1:
                        rest = GLIDE  # a state came near where it is noticed
                    t += done
                copy(states, part(work.kept, now * cells), cells)
