"""Gradient of a memory cell's step: forward and backward over vectors of cells or runs.

The equations are those of `evolino.network.lstm`. Arrays run over the gates (input, forget,
cell input, output), then over n elements: the cells of one sequence, or cells times runs.
The backward step computes the activations anew from the net inputs, so that a pass keeps
no more than outputs and states.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba

from evolino.network.kernels.cell import (
    GERS_OUTPUT,
    HAS_FORGET_GATE,
    HAS_PEEPHOLES,
    LINEAR_OUTPUT,
    TANH_INPUT,
    next_state,
    output,
)
from evolino.simd.activations import expm1_twice, one_plus_exp_minus
from evolino.simd.compiled import compiled
from evolino.simd.memory import load, memory, number, numbers, part, store
from evolino.simd.vectors import fma, like

njit: Any = numba.njit


class Sequence(NamedTuple):
    """What a pass over one sequence reads and writes; every row is whole vectors.

    net: (T, 4 n) net inputs from bias and input vectors; backward: all of the net inputs,
    which become their gradients. weights: (C, 4 n), from each cell to all net inputs;
    backward: (4 n, n), transposed. peepholes: (3 n). outputs, states: (T + 1, n), row 0
    before the first step.
    """

    net: Any
    weights: Any
    peepholes: Any
    outputs: Any
    states: Any


@njit(inline="always")
def _gather(net: Any, k: int, n: int, into: Any) -> None:
    """Copy the four net inputs of element k next to each other, as `cell` reads them."""
    store(into, 0, load(net, k))
    store(into, 1, load(net, n + k))
    store(into, 2, load(net, 2 * n + k))
    store(into, 3, load(net, 3 * n + k))


@njit(inline="always")
def _step(net: Any, peep: Any, before: Any, states: Any, outputs: Any, work: Any,
          n: int, flags: int) -> None:  # fmt: skip
    """Write states and outputs of n vectors from their net inputs."""
    own = part(work, 4)
    for k in range(n):
        _gather(net, k, n, work)
        store(own, 0, load(peep, k))
        store(own, 1, load(peep, n + k))
        store(own, 2, load(peep, 2 * n + k))
        s = next_state(work, own, load(before, k), flags)
        store(states, k, s)
        store(outputs, k, output(work, own, s, flags))


@njit(inline="always")
def _step_backward(net: Any, peep: Any, cells: Any, dh: Any, ds: Any, dpeep: Any,
                   n: int, flags: int) -> None:  # fmt: skip
    """Turn net inputs into their gradients, and ds into that of the states before.

    cells: states before and after the step. dh, ds: gradients of outputs and states after
    it. dpeep: is added to.
    """
    for k in range(n):
        s0, s = load(cells[0], k), load(cells[1], k)
        zi, zf, zg = load(net, k), load(net, n + k), load(net, 2 * n + k)
        zo = load(net, 3 * n + k)
        if flags & HAS_PEEPHOLES:
            zi = fma(load(peep, k), s0, zi)
            zf = fma(load(peep, n + k), s0, zf)
            zo = fma(load(peep, 2 * n + k), s, zo)
        one = like(s, 1.0)
        i = one / one_plus_exp_minus(zi)
        o = one / one_plus_exp_minus(zo)
        g, slope = zg, one
        if flags & TANH_INPUT:
            e = expm1_twice(zg)
            g = e / (e + 2.0)
            slope = one - g * g
        to_h, to_s = load(dh, k), load(ds, k)
        if flags & LINEAR_OUTPUT:
            to_o = to_h * s
            to_s = fma(to_h, o, to_s)
        else:
            gers = flags & GERS_OUTPUT
            e = expm1_twice(s if gers else o * s)
            q = e / (e + 2.0)
            bent = to_h * (one - q * q)
            to_o = to_h * q if gers else bent * s
            to_s = fma(bent, o, to_s)
        to_o = to_o * (o * (one - o))
        if flags & HAS_PEEPHOLES:
            to_s = fma(to_o, load(peep, 2 * n + k), to_s)
        to_i = to_s * g * (i * (one - i))
        kept, to_f = to_s, like(s, 0.0)
        if flags & HAS_FORGET_GATE:
            f = one / one_plus_exp_minus(zf)
            kept = to_s * f
            to_f = to_s * s0 * (f * (one - f))
        if flags & HAS_PEEPHOLES:
            kept = fma(to_i, load(peep, k), fma(to_f, load(peep, n + k), kept))
            store(dpeep, k, fma(to_i, s0, load(dpeep, k)))
            store(dpeep, n + k, fma(to_f, s0, load(dpeep, n + k)))
            store(dpeep, 2 * n + k, fma(to_o, s, load(dpeep, 2 * n + k)))
        store(net, k, to_i)
        store(net, n + k, to_f)
        store(net, 2 * n + k, to_s * i * slope)
        store(net, 3 * n + k, to_o)
        store(ds, k, kept)


@njit(inline="always")
def _add_product(matrix: Any, factors: Any, rows: int, sums: Any, columns: int) -> None:
    """Add the factors (rows,) times a matrix of rows to sums, `columns` vectors."""
    k = 0
    while k < columns:
        a, b = load(sums, k), load(sums, min(k + 1, columns - 1))
        c, d = load(sums, min(k + 2, columns - 1)), load(sums, min(k + 3, columns - 1))
        at = part(matrix, k)
        if k + 4 <= columns:
            for r in range(rows):
                x = number(factors, r)
                row = part(at, r * columns)
                a, b = fma(load(row, 0), x, a), fma(load(row, 1), x, b)
                c, d = fma(load(row, 2), x, c), fma(load(row, 3), x, d)
            store(sums, k, a)
            store(sums, k + 1, b)
            store(sums, k + 2, c)
            store(sums, k + 3, d)
            k += 4
        else:
            for r in range(rows):
                a = fma(load(at, r * columns), number(factors, r), a)
            store(sums, k, a)
            k += 1


@compiled
def step_forward(net: Any, peepholes: Any, before: Any, states: Any, outputs: Any,
                 work: Any, n: int, flags: int) -> None:  # fmt: skip
    """Step n vectors of cells. net: (4 n) vectors. peepholes: (3 n). before, states,
    outputs: (n). work: 7 vectors."""
    _step(memory(net), memory(peepholes), memory(before), memory(states),
          memory(outputs), memory(work), n, flags)  # fmt: skip


@compiled
def step_backward(net: Any, peepholes: Any, cells: Any, dh: Any, ds: Any, dpeep: Any,
                  n: int, flags: int) -> None:  # fmt: skip
    """Turn net inputs (4 n) into their gradients; ds: after the step, then before it.

    cells: states before and after the step, a pair of (n).
    """
    states = memory(cells[0]), memory(cells[1])
    _step_backward(memory(net), memory(peepholes), states, memory(dh), memory(ds),
                   memory(dpeep), n, flags)  # fmt: skip


@compiled
def drive_forward(sequence: Sequence, work: Any, steps: int, cells: int, n: int,
                  flags: int) -> None:  # fmt: skip
    """Drive one network over a sequence; net inputs become complete, states are kept.

    work: 7 vectors. cells: C. n: vectors that hold the cells.
    """
    net, weights = memory(sequence.net), memory(sequence.weights)
    peep, room = memory(sequence.peepholes), memory(work)
    h, s = memory(sequence.outputs), memory(sequence.states)
    for t in range(steps):
        own, before, after = part(net, t * 4 * n), t * n, (t + 1) * n
        _add_product(weights, numbers(part(h, before)), cells, own, 4 * n)
        _step(own, peep, part(s, before), part(s, after), part(h, after), room, n, flags)


@compiled
def drive_backward(sequence: Sequence, dh: Any, ds: Any, carry: Any, dpeep: Any,
                   steps: int, n: int, flags: int) -> None:  # fmt: skip
    """Go back over a sequence whose net inputs are complete; they become gradients.

    dh, ds: (T, n), gradients of outputs and states at each step by themselves. carry:
    (2 n), those that come from after the last step, then those before the first.
    """
    net, weights = memory(sequence.net), memory(sequence.weights)
    peep, s = memory(sequence.peepholes), memory(sequence.states)
    own_h, own_s = memory(dh), memory(ds)
    to_h, to_peep = memory(carry), memory(dpeep)
    to_s = part(to_h, n)
    for back in range(steps):
        t = steps - 1 - back
        row = part(net, t * 4 * n)
        for k in range(n):
            store(to_h, k, load(to_h, k) + load(own_h, t * n + k))
            store(to_s, k, load(to_s, k) + load(own_s, t * n + k))
        cells = part(s, t * n), part(s, (t + 1) * n)
        _step_backward(row, peep, cells, to_h, to_s, to_peep, n, flags)
        for k in range(n):
            store(to_h, k, like(load(to_h, k), 0.0))
        _add_product(weights, numbers(row), 4 * n * 8, to_h, n)
