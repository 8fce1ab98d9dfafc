"""The net inputs of all gates: weights times bias, inputs and the last step's cell outputs.

One cell at a time, its four gates together: four sums keep the processor busy, and cells do
not wait for each other. Tiles of five cells, which share the loads of sources, were no
faster.
"""

from __future__ import annotations

from typing import Any

import numba

from evolino.network.kernels.lanes import fma
from evolino.network.kernels.memory import load, part, store

njit: Any = numba.njit

GATES = 4  # input gate, forget gate, cell input, output gate


@njit(inline="always")
def biases(weights: Any) -> Any:
    """Return the net inputs of the four gates from the bias alone."""
    return load(weights, 0), load(weights, 1), load(weights, 2), load(weights, 3)


@njit(inline="always")
def add_source(net: Any, weights: Any, at: int, x: Any) -> Any:
    """Return the net inputs of the four gates with those of a source x added."""
    return (
        fma(load(weights, at), x, net[0]),
        fma(load(weights, at + 1), x, net[1]),
        fma(load(weights, at + 2), x, net[2]),
        fma(load(weights, at + 3), x, net[3]),
    )


@njit(inline="always")
def one_cell(
    weights: Any, sources: Any, recurrent: int, u: Any, width: int, before: Any
) -> Any:
    """Return the net inputs of a cell; weights and sources are its own."""
    gates = biases(weights)
    for j in range(width):
        gates = add_source(gates, weights, GATES * (1 + j), load(u, j))
    own = part(weights, GATES * (1 + width))
    for j in range(recurrent):
        gates = add_source(gates, own, GATES * j, load(before, load(sources, j)))
    return gates


@njit(inline="always")
def net_input(
    weights: Any,
    sources: Any,
    k: int,
    recurrent: int,
    u: Any,
    width: int,
    before: Any,
    net: Any,
) -> None:
    """Write the net inputs of all cells, GATES vectors a cell.

    u: the input vector, `width` long. before: cell outputs of the last step.
    """
    own = part(weights, k * (1 + width + recurrent) * GATES)
    its = part(sources, k * recurrent)
    gates = one_cell(own, its, recurrent, u, width, before)
    store(net, GATES * k, gates[0])
    store(net, GATES * k + 1, gates[1])
    store(net, GATES * k + 2, gates[2])
    store(net, GATES * k + 3, gates[3])
