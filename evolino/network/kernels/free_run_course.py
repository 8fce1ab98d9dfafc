"""A network and its free runs that keep what their gradient needs: records and addresses.

Runs lie in the lanes, in blocks of sixteen: pairs of vectors. Eight that are left lie in
single vectors.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba

from evolino.network.kernels.net_input import GATE_COUNT, PEEPHOLE_COUNT
from evolino.simd.memory import load, number, pairs, part

njit: Any = numba.njit


class Network(NamedTuple):
    """One network and its readout; arrays are `Shared`, or integers.

    weights: over cells, sources and the four gates; the sources are the U input vector, 1,
    then the R cells that `sources` (C, R) names; all of them in their order, and nothing in
    `sources`, if `dense`.
    peepholes: (C, 3). to_cells: (K, C, 3), the readout of outputs, states and squared
    outputs. to_vector: (K, 2 U + 1), of the input vector, its squares and the constant.
    inputs: how many of U are not fed back. scale: of the feedback. flags: of the cells.
    """

    weights: Any
    sources: Any
    peepholes: Any
    to_cells: Any
    to_vector: Any
    cells: int
    recurrent: int
    width: int
    inputs: int
    outputs: int
    scale: float
    flags: int
    dense: bool


class Course(NamedTuple):
    """Runs of L steps in blocks; arrays of pairs of vectors, the last block of single ones.

    inputs: (L, I). begin: the last output (K), the cells' outputs (C) and states (C).
    gates: (L, C, 4). seen: (L + 1, U + 1 + C), what drives the cells at each step; the last
    row holds the cells that would drive them next. states: (L + 1, C). sums: (L, K) of the
    readout. kept: blocks that have gates, seen and states of their own; those beyond share
    the next place. paired: blocks of pairs. single: 1 for another block of single vectors.
    far: blocks, the first ones, whose gates leave the caches before the way back.
    """

    inputs: Any
    begin: Any
    gates: Any
    seen: Any
    states: Any
    sums: Any
    steps: int
    kept: int
    paired: int
    single: int
    far: int


@njit(inline="always")
def _sizes(network: Any, steps: int) -> Any:
    """Return the vectors of a run's inputs, begin, gates, seen, states and sums."""
    cells, outputs = network.cells, network.outputs
    return (
        steps * network.inputs, outputs + 2 * cells, GATE_COUNT * cells * steps,
        (network.width + 1 + cells) * (steps + 1), (steps + 1) * cells, steps * outputs,
    )  # fmt: skip


@njit(inline="always")
def _from(network: Any, runs: Any, arrays: Any, block: int, place: int) -> Any:
    """Return the course of a block. place: of its gates, what was seen and states."""
    own = _sizes(network, runs.steps)
    return Course(
        part(arrays[0], block * own[0]), part(arrays[1], block * own[1]),
        part(arrays[2], place * own[2]), part(arrays[3], place * own[3]),
        part(arrays[4], place * own[4]), part(arrays[5], block * own[5]),
        runs.steps, runs.kept, runs.paired, runs.single, runs.far,
    )  # fmt: skip


@njit(inline="always")
def paired_block(network: Any, runs: Any, block: int) -> Any:
    """Return the course of a block, in pairs."""
    arrays = (
        pairs(runs.inputs), pairs(runs.begin), pairs(runs.gates), pairs(runs.seen),
        pairs(runs.states), pairs(runs.sums),
    )  # fmt: skip
    return _from(network, runs, arrays, block, min(block, runs.kept))


@njit(inline="always")
def single_block(network: Any, runs: Any) -> Any:
    """Return the course of the last block, in single vectors."""
    arrays = runs.inputs, runs.begin, runs.gates, runs.seen, runs.states, runs.sums
    place = min(runs.paired, runs.kept)
    return _from(network, runs, arrays, 2 * runs.paired, 2 * place)


@njit(inline="always")
def peepholes(network: Any, c: int) -> Any:
    """Return the three peephole weights of a cell."""
    at = PEEPHOLE_COUNT * c
    own = network.peepholes
    return number(own, at), number(own, at + 1), number(own, at + 2)


@njit(inline="always")
def source(network: Any, c: int, j: int) -> Any:
    """Return the place of a cell's recurrent source among all that drives cells."""
    if network.dense:
        return network.width + 1 + j
    return network.width + 1 + load(network.sources, c * network.recurrent + j)
