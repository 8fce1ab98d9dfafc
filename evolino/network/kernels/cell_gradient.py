"""Gradient of a memory cell's step: forward and backward over vectors of cells or runs.

The equations are those of `evolino.network.lstm`. Arrays run over the gates (input, forget,
cell input, output), then over n elements: the cells of one sequence, or cells times runs.
The backward step computes the activations anew from the net inputs, so that a pass keeps
no more than outputs and states.
"""

from __future__ import annotations

from typing import Any

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
from evolino.simd.memory import load, memory, part, store
from evolino.simd.vectors import fma, like

njit: Any = numba.njit


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
def opened(net: Any, peep: Any, s0: Any, flags: int) -> Any:
    """Return input gate, forget gate (1 if there is none) and cell input of a cell.

    net: net inputs of input gate, forget gate, cell input and output gate. peep: the
    peephole weights of the three gates. s0: the state before the step.
    """
    return gates_of(exponentials(net, peep, s0, flags), flags)


@njit(inline="always")
def exponentials(net: Any, peep: Any, s0: Any, flags: int) -> Any:
    """Return what `gates_of` takes; as of `opened`. Where many cells have theirs computed
    first, none of them waits for another one's quotients."""
    zi, zf, zg, _ = net
    if flags & HAS_PEEPHOLES:
        zi = fma(peep[0], s0, zi)
        zf = fma(peep[1], s0, zf)
    ei, ef = one_plus_exp_minus(zi), like(zi, 1.0)
    if flags & HAS_FORGET_GATE:
        ef = one_plus_exp_minus(zf)
    if flags & TANH_INPUT:
        zg = expm1_twice(zg)
    return ei, ef, zg


@njit(inline="always")
def gates_of(parts: Any, flags: int) -> Any:
    """Return what `opened` does, of what `exponentials` returns."""
    ei, ef, numerator = parts
    eg = like(ei, 1.0)
    if flags & TANH_INPUT:
        eg = numerator + 2.0
    both = ei * ef
    inverse = like(ei, 1.0) / (both * eg)  # one division for all three
    return inverse * (ef * eg), inverse * (ei * eg), numerator * (inverse * both)


@njit(inline="always")
def let_out(net: Any, peep: Any, s: Any, flags: int) -> Any:
    """Return output gate and output of a cell from its new state s; as of `opened`."""
    return output_of(output_exponential(net[3], peep, s, flags), s, flags)


@njit(inline="always")
def output_exponential(zo: Any, peep: Any, s: Any, flags: int) -> Any:
    """Return what `output_of` takes, of the net input of the output gate."""
    if flags & HAS_PEEPHOLES:
        zo = fma(peep[2], s, zo)
    return one_plus_exp_minus(zo)


@njit(inline="always")
def output_of(eo: Any, s: Any, flags: int) -> Any:
    """Return what `let_out` does, of what `output_exponential` returns."""
    one = like(s, 1.0)
    if flags & LINEAR_OUTPUT:
        o = one / eo
        return o, o * s
    if flags & GERS_OUTPUT:
        e = expm1_twice(s)
        inverse = one / (eo * (e + 2.0))
        return inverse * (e + 2.0), e * inverse
    o = one / eo
    e = expm1_twice(o * s)
    return o, e / (e + 2.0)


@njit(inline="always")
def cell_backward(
    gates: Any, peep: Any, cell: Any, to_h: Any, to_s: Any, flags: int
) -> Any:
    """Return what a cell's step passes on to its four net inputs and to the state before.

    gates: input gate, forget gate, cell input, output gate. peep: the peephole weights of
    the three gates. cell: states before and after the step, output. to_h, to_s: gradients
    of output and state after it.
    """
    i, f, g, o = gates
    s0, s, h = cell
    one = like(s, 1.0)
    if flags & LINEAR_OUTPUT:
        to_o = to_h * s
        to_s = fma(to_h, o, to_s)
    elif flags & GERS_OUTPUT:
        q = h / o
        to_o = to_h * q
        to_s = fma(to_h * (one - q * q), o, to_s)
    else:
        bent = to_h * (one - h * h)
        to_o = bent * s
        to_s = fma(bent, o, to_s)
    to_o = to_o * (o * (one - o))
    if flags & HAS_PEEPHOLES:
        to_s = fma(to_o, peep[2], to_s)
    to_i = to_s * g * (i * (one - i))
    to_g = to_s * i
    if flags & TANH_INPUT:
        to_g = to_g * (one - g * g)
    kept, to_f = to_s, like(s, 0.0)
    if flags & HAS_FORGET_GATE:
        kept = to_s * f
        to_f = to_s * s0 * (f * (one - f))
    if flags & HAS_PEEPHOLES:
        kept = fma(to_i, peep[0], fma(to_f, peep[1], kept))
    return to_i, to_f, to_g, to_o, kept


@njit(inline="always")
def add_to_peepholes(to_peep: Any, at: Any, states: Any, to: Any) -> None:
    """Add what the gates pass on to a cell's three peephole weights.

    at: their places in to_peep. states: before and after the step. to: of the net inputs.
    """
    store(to_peep, at[0], fma(to[0], states[0], load(to_peep, at[0])))
    store(to_peep, at[1], fma(to[1], states[0], load(to_peep, at[1])))
    store(to_peep, at[2], fma(to[3], states[1], load(to_peep, at[2])))


@njit(inline="always")
def _step_backward(net: Any, peep: Any, cells: Any, dh: Any, ds: Any, dpeep: Any,
                   n: int, flags: int) -> None:  # fmt: skip
    """Turn net inputs into their gradients, and ds into that of the states before.

    cells: states before and after the step. dh, ds: gradients of outputs and states after
    it. dpeep: is added to.
    """
    for k in range(n):
        states = load(cells[0], k), load(cells[1], k)
        at = k, n + k, 2 * n + k
        own = load(peep, at[0]), load(peep, at[1]), load(peep, at[2])
        z = load(net, k), load(net, n + k), load(net, 2 * n + k), load(net, 3 * n + k)
        i, f, g = opened(z, own, states[0], flags)
        o, h = let_out(z, own, states[1], flags)
        cell = states[0], states[1], h
        to = cell_backward((i, f, g, o), own, cell, load(dh, k), load(ds, k), flags)
        if flags & HAS_PEEPHOLES:
            add_to_peepholes(dpeep, at, states, to)
        store(net, k, to[0])
        store(net, n + k, to[1])
        store(net, 2 * n + k, to[2])
        store(net, 3 * n + k, to[3])
        store(ds, k, to[4])


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
