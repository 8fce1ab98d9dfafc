"""Teacher-forced pass of one large network, its cells in the lanes of a vector.

The weights of eight large networks do not stay near the processor; those of one do. Every
net input is summed in the same order as with networks in the lanes, to the same bits.
"""

from __future__ import annotations

from typing import Any

import numba

from evolino.network.kernels.features import write_features
from evolino.network.kernels.full_peepholes import write_driving
from evolino.network.kernels.inputs import inputs_at, next_inputs
from evolino.network.kernels.records import Recording
from evolino.network.kernels.teacher_forced import keep_cells, step
from evolino.simd.compiled import compiled
from evolino.simd.memory import addresses, clear, load, memory, numbers, part

njit: Any = numba.njit


@njit(inline="always")
def opened(layer: Any, course: Any, recording: Any) -> Any:
    """Return the three records as addresses, those of what is recorded in numbers."""
    to = addresses(recording)
    in_numbers = Recording(
        numbers(to.features), to.columns, numbers(to.outputs), numbers(to.states)
    )
    return addresses(layer), addresses(course), in_numbers


@compiled
def drive(layer: Any, course: Any, recording: Any, workspace: Any) -> None:
    """Drive one network over N series, as `teacher_forced.drive` does.

    layer: blocks of cells in the place of cells, recurrent from every cell in order.
    recording: of this network alone. workspace: of `workspace_size`.
    """
    own, over, to = opened(layer, course, recording)
    blocks, cells, width = own.cells, own.recurrent, own.width
    u, row = inputs_at(over, 0), to.features
    states = memory(workspace)
    before, after = part(states, blocks), part(states, 2 * blocks)
    net = part(states, 3 * blocks)
    now = due = 0
    for n in range(over.series):
        steps, first = load(over.steps, n), load(over.firsts, n)
        clear(states, blocks)
        clear(before, blocks)
        for t in range(steps + 1):
            due = keep_cells(due, now, over, to, before, states, cells)
            now += 1
            if t == steps:
                break
            write_driving(own, states, before, blocks)
            step(own, u, numbers(before), after, states, net)
            if t >= first:
                write_features(row, own, cells, after, states, u)
                row = part(row, to.columns)
            u = next_inputs(u, width)
            before, after = after, before
