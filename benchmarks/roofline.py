"""How fast this machine could be at most: from counts of operations and measured peaks.

A step of one cell takes 4 (1 + I + C) fused multiply-adds for its net inputs, and about 130
vector operations for its five squashings, of which SQUASHING need the multipliers: five
exponentials of 17, and 8 more. The rest, additions, comparisons, shifts, goes to other
units beside. No kernel can do more multiplications a second than the processor's peak, nor
read weights faster than the cache that holds them: all 4 C (1 + I + C) weights of a network
pass by at every step. The lower of the two limits is the roofline (Williams, Waterman &
Patterson 2009, CACM 52(4)). Divisions, loops, and waiting for the last step's outputs cost
nothing in this count, so no kernel reaches it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numba
import numpy as np

from benchmarks.paired import Effort, one_core, take_turns
from evolino.vocabulary import Array

SQUASHING = 93  # multiplications of the activations of a cell-step
NUMBER = 8  # bytes
CHAINS, DEPTH = 4, 32
LEVELS = {"L1": 1, "L2": 2}  # cache level, and its index among data caches
USUAL_SIZES = {"L1": 32 * 1024, "L2": 1024 * 1024}
njit: Any = numba.njit


def measure(effort: Effort) -> dict[str, Any]:
    """Return the best multiply-adds a second, the caches' sizes and bytes a second."""
    repeats = 2 if effort.quick else 200
    numbers, out = np.full(512, 1e-3), np.empty(512)
    calls: dict[str, Callable[[], object]] = {
        "fma": partial(_multiply_adds, numbers, out, repeats)
    }
    work = {"fma": float(numbers.size * repeats * CHAINS * DEPTH)}
    sizes = {level: cache_size(level) for level in LEVELS}
    for level, size in sizes.items():
        x, y = np.ones((2, size // 4 // NUMBER))  # both together fill half of it
        times = repeats * USUAL_SIZES["L2"] // size
        calls[level] = partial(_dot_products, x, y, times)
        work[level] = 2.0 * NUMBER * x.size * times
    with one_core():
        samples = take_turns(calls, effort)
    best = {name: work[name] / min(seconds) for name, seconds in samples.items()}
    return {
        "fma": best["fma"],
        "bytes": {level: best[level] for level in LEVELS},
        "sizes": sizes,
    }


def forward_bound(
    machine: Mapping[str, Any], cells: int, inputs: int, shared: int = 1
) -> tuple[float, str]:
    """Return million cell-steps a second, and what limits them.

    machine: what `measure` returned. shared: sequences that each weight serves once read.
    """
    products = 4 * (1 + inputs + cells)
    computed = machine["fma"] / (SQUASHING + products)
    weights = NUMBER * products * cells
    level = next((each for each in LEVELS if weights <= machine["sizes"][each]), "L2")
    read = shared * machine["bytes"][level] / (NUMBER * products)
    return (computed / 1e6, "arithmetic") if computed <= read else (read / 1e6, level)


def readout_bound(machine: Mapping[str, Any], rows: int, columns: int) -> float:
    """Return microseconds of T (S + 1)^2 multiply-adds, a Householder QR of [X y]."""
    return float(rows * (columns + 1) ** 2 / machine["fma"] * 1e6)


def evaluation_bound(
    machine: Mapping[str, Any], cells: int, inputs: int, split: Sequence[int]
) -> float:
    """Return seconds of a network's passes and its readout.

    split: first and last row of the fit, first and last row of the free run.
    """
    first, fitted, start, stop = split
    steps = max(fitted, start) + stop - start
    passed, _ = forward_bound(machine, cells, inputs)
    solved = readout_bound(machine, fitted - first, cells)
    return (steps * cells / passed + solved) / 1e6


def cache_size(level: str) -> int:
    """Return the bytes of a data cache; a usual size where the system does not tell."""
    for index in Path("/sys/devices/system/cpu/cpu0/cache").glob("index*"):
        try:
            number, kind, size = (
                (index / name).read_text().strip() for name in ("level", "type", "size")
            )
        except OSError:
            continue
        if number == str(LEVELS[level]) and kind in ("Data", "Unified"):
            return int(size.removesuffix("K")) * 1024
    return USUAL_SIZES[level]


@njit(fastmath=True)
def _dot_products(x: Array, y: Array, repeats: int) -> float:
    total = 0.0
    for k in range(repeats):
        x[0] = k  # so that one product cannot serve for all
        for j in range(len(x)):
            total += x[j] * y[j]
    return total


@njit(fastmath={"contract"})
def _multiply_adds(x: Array, out: Array, repeats: int) -> None:
    """CHAINS chains of DEPTH multiply-adds on each number: enough not to wait for any."""
    for _ in range(repeats):
        for j in range(len(x)):
            a, b, c, d, z = x[j], x[j] + 1.0, x[j] + 2.0, x[j] + 3.0, x[j]
            for _ in range(DEPTH):
                a, b, c, d = a * z + 0.5, b * z + 0.5, c * z + 0.5, d * z + 0.5
            out[j] = a + b + c + d
