"""The net inputs of all gates: weights times bias, inputs and the last step's cell outputs.

One cell at a time, its four gates together: four sums keep the processor busy, and cells do
not wait for each other.
"""

from __future__ import annotations

from typing import Any

import numba

from evolino.simd.memory import load, store
from evolino.simd.vectors import fma

njit: Any = numba.njit

GATE_COUNT = 4  # input gate, forget gate, cell input, output gate
PEEPHOLE_COUNT = 3  # input gate, forget gate, output gate


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
def add_column(net: Any, weights: Any, at: int) -> Any:
    """Return the net inputs of the four gates with those of a source that is 1 added."""
    return (
        net[0] + load(weights, at),
        net[1] + load(weights, at + 1),
        net[2] + load(weights, at + 2),
        net[3] + load(weights, at + 3),
    )


@njit(inline="always")
def load_gates(net: Any) -> Any:
    """Return the net inputs of a cell's four gates from memory."""
    return load(net, 0), load(net, 1), load(net, 2), load(net, 3)


@njit(inline="always")
def store_gates(net: Any, gates: Any) -> None:
    """Write the net inputs of a cell's four gates to memory."""
    store(net, 0, gates[0])
    store(net, 1, gates[1])
    store(net, 2, gates[2])
    store(net, 3, gates[3])
