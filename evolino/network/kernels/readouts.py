"""Readouts in kernels: weighted sums and kernel expansions, one `read_out` for both.

Kernels take either record; which of them decides when they are compiled what `read_out` is.
The equations of expansions are those of `evolino.network.kernel_expansion`. All of it is
in float64: large coefficients that nearly cancel would lose in float32 what the cells do
not.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np
from numba import extending

from evolino.network.kernel_expansion import KernelExpansion
from evolino.network.relative_weights import RelativeWeights
from evolino.simd.activations import exp_parts
from evolino.simd.compiled import compiled
from evolino.simd.memory import (
    addresses,
    aligned,
    aligned_copy,
    load,
    memory,
    part,
    shared,
    store,
)
from evolino.simd.vectors import WIDTH, fma, higher, like
from evolino.vocabulary import Array

njit: Any = numba.njit

LEAST = -700.0  # exp of it is 1e-304


class WeightedSums(NamedTuple):
    """Output weights, S = `columns` rows of K = `outputs`, of one network after another."""

    weights: Any
    columns: int
    outputs: int


class Expansion(NamedTuple):
    """A kernel expansion over V support vectors, the same in every lane.

    supports: V rows of S = `columns`, divided by scales (S,). coefficients: V rows of K =
    `outputs`. intercepts: (K,). vectors: V. factor: -1 / (2 width^2), 0 for a linear
    kernel.
    """

    supports: Any
    coefficients: Any
    intercepts: Any
    scales: Any
    vectors: int
    factor: float
    columns: int
    outputs: int


def read_out(readout: Any, row: Any, y: Any, scaled: Any) -> None:
    """Write the outputs for a row of features to y. scaled: workspace of a row."""
    raise NotImplementedError("inside kernels only")


@extending.overload(read_out, inline="always")
def _read_out(readout, row, y, scaled):  # type: ignore[no-untyped-def]
    if readout.instance_class is WeightedSums:
        return lambda readout, row, y, scaled: sum_up(readout, row, y)
    return lambda readout, row, y, scaled: expand(readout, row, y, scaled)


def readout_of(readout: Any, network: int) -> Any:
    """Return the readout of one of the networks; an expansion is of one only."""
    raise NotImplementedError("inside kernels only")


@extending.overload(readout_of, inline="always")
def _readout_of(readout, network):  # type: ignore[no-untyped-def]
    if readout.instance_class is WeightedSums:
        return lambda readout, network: weights_of(readout, network)
    return lambda readout, network: readout


@njit(inline="always")
def weights_of(sums: Any, network: int) -> Any:
    """Return the weighted sums of one of the networks."""
    first = network * sums.columns * sums.outputs
    return WeightedSums(part(sums.weights, first), sums.columns, sums.outputs)


@njit(inline="always")
def sum_up(sums: Any, row: Any, y: Any) -> None:
    """Write weighted sums of a row to y; each in four sums that do not wait."""
    weights, outputs = sums.weights, sums.outputs
    last = sums.columns - sums.columns % 4
    for j in range(outputs):
        a = b = c = d = like(load(row, 0), 0.0)
        for s in range(0, last, 4):
            a = fma(load(row, s), load(weights, s * outputs + j), a)
            b = fma(load(row, s + 1), load(weights, (s + 1) * outputs + j), b)
            c = fma(load(row, s + 2), load(weights, (s + 2) * outputs + j), c)
            d = fma(load(row, s + 3), load(weights, (s + 3) * outputs + j), d)
        for s in range(last, sums.columns):
            a = fma(load(row, s), load(weights, s * outputs + j), a)
        store(y, j, (a + b) + (c + d))


@njit(inline="always")
def expand(expansion: Any, row: Any, y: Any, scaled: Any) -> None:
    """Write the outputs of an expansion for a row to y. scaled: workspace of a row."""
    columns, outputs, factor = expansion.columns, expansion.outputs, expansion.factor
    for s in range(columns):
        store(scaled, s, load(row, s) / load(expansion.scales, s))
    for j in range(outputs):
        store(y, j, load(expansion.intercepts, j))
    for v in range(expansion.vectors):
        at = part(expansion.supports, v * columns)
        value = like(load(row, 0), 0.0)
        if factor == 0.0:
            for s in range(columns):
                value = fma(load(scaled, s), load(at, s), value)
        else:
            for s in range(columns):
                apart = load(scaled, s) - load(at, s)
                value = fma(apart, apart, value)
            power, rest = exp_parts(higher(value * factor, LEAST))
            value = fma(power, rest, power)
        for j in range(outputs):
            weight = load(expansion.coefficients, v * outputs + j)
            store(y, j, fma(value, weight, load(y, j)))


@compiled
def expand_rows(expansion: Any, rows: Any, blocks: int, result: Any, scaled: Any) -> None:
    """Expand rows, S vectors for each of the blocks, to K."""
    by = addresses(expansion)
    x, y, work = memory(rows), memory(result), memory(scaled)
    for k in range(blocks):
        expand(by, part(x, k * by.columns), part(y, k * by.outputs), work)


def expanded(expansion: KernelExpansion, features: Array) -> Array:
    """Return (T, K), the outputs of an expansion for features (T, S)."""
    (rows, columns), outputs = features.shape, len(expansion.intercepts)
    blocks = -(-rows // WIDTH)
    padded = np.zeros((blocks * WIDTH, columns))
    padded[:rows] = features
    lanes = aligned_copy(padded.reshape(blocks, WIDTH, columns).transpose(0, 2, 1))
    result = aligned(blocks * outputs * WIDTH)
    scaled = aligned(columns * WIDTH)
    expand_rows(expansion_of(expansion), lanes.reshape(-1), blocks, result, scaled)
    by_row = result.reshape(blocks, outputs, WIDTH).transpose(0, 2, 1)
    return by_row.reshape(-1, outputs)[:rows]


def expansion_of(expansion: KernelExpansion | RelativeWeights) -> Expansion:
    """Return an expansion as kernels read it. Raises ValueError for relative weights, whose
    outputs are probabilities, which do not run freely."""
    if not isinstance(expansion, KernelExpansion):
        raise ValueError("a readout relative to what was fed back does not run freely")
    linear = expansion.kernel == "linear"
    return Expansion(
        shared(expansion.supports),
        shared(expansion.coefficients),
        shared(expansion.intercepts),
        shared(expansion.scales),
        len(expansion.supports),
        0.0 if linear else -0.5 / expansion.width**2,
        len(expansion.scales),
        len(expansion.intercepts),
    )


def sums_of_one(weights: Array, dtype: Any) -> WeightedSums:
    """Return the readout of one network, weights (S, K), the same in every lane."""
    return WeightedSums(shared(weights, dtype), len(weights), weights.shape[1])
