"""Kernel expansions in the lanes of a vector: eight rows at a time.

The equations are those of `evolino.network.kernel_expansion`. All of it is in float64:
large coefficients that nearly cancel would lose in float32 what the cells do not.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from evolino.network.kernel_expansion import KernelExpansion
from evolino.simd.activations import exp_parts
from evolino.simd.compiled import compiled
from evolino.simd.memory import Shared, aligned, aligned_copy, load, memory, part, store
from evolino.simd.vectors import fma, higher, like
from evolino.vocabulary import Array

njit: Any = numba.njit
WIDTH = 8
LEAST = -700.0  # exp of it is 1e-304


@njit(inline="always")
def expand(
    row: Any,
    scaled: Any,
    columns: int,
    supports: Any,
    count: int,
    coefficients: Any,
    intercepts: Any,
    scales: Any,
    outputs: int,
    factor: float,
    y: Any,
) -> None:
    """Write the outputs for what a readout sees, row, to y.

    scaled: room for a row. factor: -1 / (2 width^2), 0 for a linear kernel.
    """
    for s in range(columns):
        store(scaled, s, load(row, s) / load(scales, s))
    for j in range(outputs):
        store(y, j, load(intercepts, j))
    for v in range(count):
        at = part(supports, v * columns)
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
            store(y, j, fma(value, load(coefficients, v * outputs + j), load(y, j)))


@compiled
def expand_rows(
    rows: Any,
    blocks: int,
    columns: int,
    supports: Any,
    count: int,
    coefficients: Any,
    intercepts: Any,
    scales: Any,
    factor: float,
    outputs: int,
    result: Any,
    room: Any,
) -> None:
    """Expand rows, S = `columns` vectors for each of the blocks, to K = `outputs`.

    supports, coefficients, intercepts, scales: `Shared`, of `expand`. room: S vectors.
    """
    x, y, scaled = memory(rows), memory(result), memory(room)
    v, c, b, d = memory(supports), memory(coefficients), memory(intercepts), memory(scales)
    for k in range(blocks):
        at, to = part(x, k * columns), part(y, k * outputs)
        expand(at, scaled, columns, v, count, c, b, d, outputs, factor, to)


def expanded(expansion: KernelExpansion, seen: Array) -> Array:
    """Return (T, K), the outputs for what a readout sees, (T, S)."""
    (rows, columns), outputs = seen.shape, len(expansion.intercepts)
    blocks = -(-rows // WIDTH)
    padded = np.zeros((blocks * WIDTH, columns))
    padded[:rows] = seen
    lanes = aligned_copy(padded.reshape(blocks, WIDTH, columns).transpose(0, 2, 1))
    result = aligned(blocks * outputs * WIDTH)
    expand_rows(
        lanes.reshape(-1),
        blocks,
        columns,
        *expansion_for(expansion),
        outputs,
        result,
        aligned(columns * WIDTH),
    )
    by_row = result.reshape(blocks, outputs, WIDTH).transpose(0, 2, 1)
    return by_row.reshape(-1, outputs)[:rows]


def in_doubles(values: Array) -> Shared:
    """Return numbers that are the same in every lane, in float64."""
    return Shared(np.ascontiguousarray(values, dtype=np.float64).reshape(-1))


def expansion_for(
    expansion: KernelExpansion,
) -> tuple[Shared, int, Shared, Shared, Shared, float]:
    """Return supports, how many, coefficients, intercepts, scales and the factor -1 / (2
    width^2), 0 for a linear kernel, as kernels read them."""
    linear = expansion.kernel == "linear"
    return (
        in_doubles(expansion.supports),
        len(expansion.supports),
        in_doubles(expansion.coefficients),
        in_doubles(expansion.intercepts),
        in_doubles(expansion.scales),
        0.0 if linear else -0.5 / expansion.width**2,
    )
