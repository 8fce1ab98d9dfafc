"""Teacher-forced pass and its gradient where a cell has few recurrent sources.

Eight cells are in the lanes of a vector; the outputs of their sources are gathered, and
what they get is scattered, number by number.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba

from evolino.network.kernels.cell import FULL_PEEPHOLES, HAS_PEEPHOLES
from evolino.network.kernels.cell_gradient import (
    add_to_peepholes,
    cell_backward,
    let_out,
    opened,
)
from evolino.network.kernels.full_peepholes import give_to_states
from evolino.network.kernels.net_input import GATE_COUNT
from evolino.simd.compiled import compiled
from evolino.simd.memory import (
    addresses,
    clear,
    copy,
    load,
    memory,
    number,
    numbers,
    part,
    store,
)
from evolino.simd.vectors import WIDTH, fma

njit: Any = numba.njit


class SparseSequence(NamedTuple):
    """What a pass over one sequence reads and writes; n vectors hold the cells.

    net: (T, 4 n) net inputs from bias and input vectors; on the way back they become the
    gradients of all net inputs. weights: (n, R, 4), of the R sources of each cell. sources:
    (8 n, R), integers. peepholes: (3 n). outputs, states: (T + 1, n), row 0 before the
    first step.
    """

    net: Any
    weights: Any
    sources: Any
    peepholes: Any
    outputs: Any
    states: Any
    recurrent: int
    n: int


@njit(inline="always")
def _gather(values: Any, sources: Any, recurrent: int, k: int, j: int, to: Any) -> Any:
    """Return the values of source j of eight cells. to: a vector to gather in."""
    found, own = numbers(to), part(sources, WIDTH * k * recurrent + j)
    for lane in range(WIDTH):
        store(found, lane, number(values, load(own, lane * recurrent)))
    return load(to, 0)


@njit(inline="always")
def _all_net(run: Any, row: Any, before: Any, k: int, spare: Any) -> Any:
    """Return all net inputs of eight cells; before: numbers, the outputs of all cells."""
    n = run.n
    a, b, c, d = load(row, k), load(row, n + k), load(row, 2 * n + k), load(row, 3 * n + k)
    for j in range(run.recurrent):
        h = _gather(before, run.sources, run.recurrent, k, j, spare)
        at = GATE_COUNT * (k * run.recurrent + j)
        a, b = fma(load(run.weights, at), h, a), fma(load(run.weights, at + 1), h, b)
        c = fma(load(run.weights, at + 2), h, c)
        d = fma(load(run.weights, at + 3), h, d)
    return a, b, c, d


@njit(inline="always")
def _driving(run: Any, flags: int) -> Any:
    """Return what drives the gates: the outputs of the cells, or their states."""
    return run.states if flags & FULL_PEEPHOLES else run.outputs


@njit(inline="always")
def _own_peepholes(run: Any, k: int) -> Any:
    peep, n = run.peepholes, run.n
    return load(peep, k), load(peep, n + k), load(peep, 2 * n + k)


@compiled
def drive_sparse(sequence: SparseSequence, work: Any, steps: int, flags: int) -> None:
    """Drive one network over a sequence; writes outputs and states. work: a vector."""
    run, spare = addresses(sequence), memory(work)
    n = run.n
    for t in range(steps):
        before = numbers(part(_driving(run, flags), t * n))
        row = part(run.net, t * GATE_COUNT * n)
        for k in range(n):
            net, peep = _all_net(run, row, before, k, spare), _own_peepholes(run, k)
            s0 = load(run.states, t * n + k)
            i, f, g = opened(net, peep, s0, flags)
            s = fma(f, s0, i * g)
            _, h = let_out(net, peep, s, flags)
            store(run.states, (t + 1) * n + k, s)
            store(run.outputs, (t + 1) * n + k, h)


@compiled
def drive_sparse_backward(sequence: SparseSequence, own: Any, to: Any, work: Any,
                          steps: int, flags: int) -> None:  # fmt: skip
    """Go back over a sequence; its net inputs become their gradients.

    own: gradients of outputs and states (T, n) at each step by themselves. to: carry (2 n),
    of outputs and states from after the last step, then from before the first; those of
    peepholes (3 n) and weights, which are added to. work: n + 1 vectors.
    """
    run, spare = addresses(sequence), memory(work)
    n, later = run.n, part(memory(work), 1)
    own_h, own_s = memory(own[0]), memory(own[1])
    carry, to_peep, to_weights = memory(to[0]), memory(to[1]), memory(to[2])
    for back in range(steps):
        t = steps - 1 - back
        give_to_states(carry, part(carry, n), n, flags)
        copy(carry, later, n)
        clear(carry, n)
        before = numbers(part(_driving(run, flags), t * n))
        row = part(run.net, t * GATE_COUNT * n)
        for k in range(n):
            net, peep = _all_net(run, row, before, k, spare), _own_peepholes(run, k)
            s0, s = load(run.states, t * n + k), load(run.states, (t + 1) * n + k)
            i, f, g = opened(net, peep, s0, flags)
            o, h = let_out(net, peep, s, flags)
            to_h = load(later, k) + load(own_h, t * n + k)
            to_s = load(carry, n + k) + load(own_s, t * n + k)
            found = cell_backward((i, f, g, o), peep, (s0, s, h), to_h, to_s, flags)
            if flags & HAS_PEEPHOLES:
                add_to_peepholes(to_peep, (k, n + k, 2 * n + k), (s0, s), found)
            for gate in range(GATE_COUNT):
                store(row, gate * n + k, found[gate])
            store(carry, n + k, found[4])
            _to_sources(run, found, before, k, (numbers(carry), to_weights, spare))


@njit(inline="always")
def _to_sources(run: Any, found: Any, before: Any, k: int, to: Any) -> None:
    """Add what the net inputs of eight cells pass on to their sources and weights.

    to: the outputs before the step, as numbers; the weights; a vector to work in.
    """
    outputs, weights, spare = to
    each = numbers(spare)
    for j in range(run.recurrent):
        h = _gather(before, run.sources, run.recurrent, k, j, spare)
        at = GATE_COUNT * (k * run.recurrent + j)
        back = load(run.weights, at) * found[0]
        for gate in range(1, GATE_COUNT):
            back = fma(load(run.weights, at + gate), found[gate], back)
        for gate in range(GATE_COUNT):
            store(weights, at + gate, fma(found[gate], h, load(weights, at + gate)))
        store(spare, 0, back)
        own = part(run.sources, WIDTH * k * run.recurrent + j)
        for lane in range(WIDTH):
            source = load(own, lane * run.recurrent)
            store(outputs, source, number(outputs, source) + number(each, lane))
