"""One step of a memory cell, in every lane of a vector.

The equations are those of `evolino.network.lstm`. With ei = 1 + exp(-zi) etc.,
i = 1/ei, f = 1/ef, o = 1/eo, and tanh(x) = e/(e + 2) with e = exp(2 x) - 1; quotients are
joined so that a step costs two divisions.
"""

from __future__ import annotations

from typing import Any

import numba

from evolino.simd.activations import expm1_twice, one_plus_exp_minus
from evolino.simd.memory import load
from evolino.simd.vectors import fma

# The bits of a layer's `flags` that choose the variant of the cell; those between 8 and
# 256 choose the features (`evolino.network.kernels.features`).
HAS_FORGET_GATE, HAS_PEEPHOLES, TANH_INPUT, GERS_OUTPUT = 1, 2, 4, 8
LINEAR_OUTPUT, FULL_PEEPHOLES = 256, 512

njit: Any = numba.njit


@njit(inline="always")
def transition(net: Any, peep: Any, s: Any, flags: int) -> Any:
    """Return what `move` takes a cell from the state s by: a, b, d.

    net: net inputs of input gate, forget gate, cell input and output gate. peep: the
    peephole weights of input, forget and output gate.
    """
    zi, zf, zg = load(net, 0), load(net, 1), load(net, 2)
    if flags & HAS_PEEPHOLES:
        zi = fma(load(peep, 0), s, zi)
        zf = fma(load(peep, 1), s, zf)
    ei = one_plus_exp_minus(zi)
    if flags & TANH_INPUT:
        eg = expm1_twice(zg)
        ei = ei * (eg + 2.0)
    else:
        eg = zg
    if flags & HAS_FORGET_GATE:
        ef = one_plus_exp_minus(zf)
        return ei, eg * ef, ei * ef  # s = f s + i g
    return ei, eg, ei


@njit(inline="always")
def move(s: Any, a: Any, b: Any, d: Any, flags: int) -> Any:
    """Return the state after s, by what `transition` gave."""
    if flags & HAS_FORGET_GATE:
        return fma(s, a, b) / d
    return s + b / d


@njit(inline="always")
def next_state(net: Any, peep: Any, s: Any, flags: int) -> Any:
    """Return the state of a cell after one step, from the state s before it.

    Arguments as of `transition`.
    """
    a, b, d = transition(net, peep, s, flags)
    return move(s, a, b, d, flags)


@njit(inline="always")
def output(net: Any, peep: Any, s: Any, flags: int) -> Any:
    """Return the output of a cell from its new state s; arguments as of `next_state`."""
    zo = load(net, 3)
    if flags & HAS_PEEPHOLES:
        zo = fma(load(peep, 2), s, zo)
    eo = one_plus_exp_minus(zo)
    if flags & LINEAR_OUTPUT:
        return s / eo  # h = o s
    if flags & GERS_OUTPUT:
        es = expm1_twice(s)
        return es / ((es + 2.0) * eo)  # h = o tanh(s)
    es = expm1_twice(s / eo)
    return es / (es + 2.0)  # h = tanh(o s)
