"""One step of a memory cell, in every lane of a vector.

The equations are those of `evolino.network.architecture`.
"""

from __future__ import annotations

from typing import Any

import numba

from evolino.network.kernels.activations import expm1_twice, one_plus_exp_minus
from evolino.network.kernels.lanes import fma, number

# The bits of `flags`, which choose the variant of the cell and what the readout sees.
FORGET_GATE, PEEPHOLES, TANH_INPUT, GERS_OUTPUT = 1, 2, 4, 8
SEE_STATES, SEE_INPUTS, SEE_SQUARES, SEE_CONSTANT = 16, 32, 64, 128

njit: Any = numba.njit


@njit(inline="always")
def biases(weights: Any, at: int) -> Any:
    """Return the net inputs of the four gates from the bias alone."""
    return (
        number(weights, at),
        number(weights, at + 1),
        number(weights, at + 2),
        number(weights, at + 3),
    )


@njit(inline="always")
def add_source(net: Any, weights: Any, at: int, x: Any) -> Any:
    """Return the net inputs of the four gates with those of a source x added."""
    return (
        fma(number(weights, at), x, net[0]),
        fma(number(weights, at + 1), x, net[1]),
        fma(number(weights, at + 2), x, net[2]),
        fma(number(weights, at + 3), x, net[3]),
    )


@njit(inline="always")
def memory_cell(net: Any, peep: Any, k: int, s: Any, flags: int) -> Any:
    """Return state and output of cell k after one step.

    net: net inputs of input gate, forget gate, cell input and output gate. s: the state.
    With ei = 1 + exp(-zi) etc., i = 1/ei, f = 1/ef, o = 1/eo and tanh(g) = eg/(eg + 2);
    quotients are joined so that a step costs two divisions.
    """
    zi, zf, zg, zo = net
    if flags & PEEPHOLES:
        zi = fma(number(peep, 3 * k), s, zi)
        zf = fma(number(peep, 3 * k + 1), s, zf)
    ei = one_plus_exp_minus(zi)
    if flags & TANH_INPUT:
        eg = expm1_twice(zg)
        ei = ei * (eg + 2.0)
    else:
        eg = zg
    if flags & FORGET_GATE:
        ef = one_plus_exp_minus(zf)
        s = fma(s, ei, eg * ef) / (ei * ef)  # s = f s + i g
    else:
        s = s + eg / ei
    if flags & PEEPHOLES:
        zo = fma(number(peep, 3 * k + 2), s, zo)
    eo = one_plus_exp_minus(zo)
    if flags & GERS_OUTPUT:
        es = expm1_twice(s)
        return s, es / ((es + 2.0) * eo)  # h = o tanh(s)
    es = expm1_twice(s / eo)
    return s, es / (es + 2.0)  # h = tanh(o s)
