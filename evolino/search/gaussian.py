"""Gaussian noise of two libraries' generators, compiled, to the same bits.

For 400,000 genes a generation, Python's generator takes longer than the networks that are
evaluated, and NumPy's legacy one a tenth of it.
"""

from __future__ import annotations

import math
import random
from typing import Any

import numba
import numpy as np
from numpy.random import RandomState

from evolino.vocabulary import Array

njit: Any = numba.njit
DRAWN_ROWS = 20  # for so many rows random numbers are drawn at once; at least 2


def mutate_gaussian(genes: Array, deviations: Array, chance: float) -> None:
    """Add noise to each of the genes (P, D), in place, with this chance.

    What `deap.tools.mutGaussian` would add to one row after another. deviations: (D,), of
    the noise. Draws on from the state of `random`, which must not have drawn a Gaussian
    since it was seeded, and leaves it as it is.
    """
    rng, uniforms = _twister(), np.empty(0)
    row, used, waiting = 0, 0, math.nan
    while row < len(genes):
        more = rng.random_sample(DRAWN_ROWS * len(deviations) + 2)
        uniforms = np.concatenate([uniforms[used:], more])
        row, used, waiting = _mutate(genes, deviations, chance, uniforms, row, waiting)


def legacy_normals(rng: RandomState, count: int) -> Array:
    """Return (count,): what `rng.randn(count)` gives if rng was seeded just now.

    It leaves rng somewhere further on.
    """
    normals, made = np.empty(count), 0
    while made < count:
        # Pairs of uniform numbers; pi / 4 of them lie in the unit circle.
        pairs = rng.random_sample((int(0.65 * (count - made)) + 16, 2))
        made = _polar(pairs, normals, made)
    return normals


def _twister() -> RandomState:
    """Return a generator that goes on where Python's own is."""
    _, words, _ = random.getstate()
    twister = RandomState()
    key = np.array(words[:-1], dtype=np.uint32)
    twister.set_state(("MT19937", key, words[-1], 0, 0.0))
    return twister


@njit(cache=True)
def _mutate(
    genes: Array,
    deviations: Array,
    chance: float,
    uniforms: Array,
    row: int,
    waiting: float,
) -> tuple[int, int, float]:
    """Mutate from a row on, as far as the uniform numbers are sure to last.

    waiting: as in random.gauss, normal numbers come in pairs, of which the second waits;
    nan if there is none. Returns the next row, how many numbers were used, and waiting.
    """
    rows, columns = genes.shape
    used = 0
    while row < rows and used + 2 * columns + 1 < len(uniforms):
        for j in range(columns):
            used += 1
            if uniforms[used - 1] >= chance:
                continue
            if math.isnan(waiting):
                angle = uniforms[used] * math.tau
                radius = math.sqrt(-2.0 * math.log(1.0 - uniforms[used + 1]))
                normal, waiting = math.cos(angle) * radius, math.sin(angle) * radius
                used += 2
            else:
                normal, waiting = waiting, math.nan
            genes[row, j] += normal * deviations[j]
        row += 1
    return row, used, waiting


@njit(cache=True)
def _polar(pairs: Array, normals: Array, made: int) -> int:
    """Fill normals from `made` on by Marsaglia's polar method; return how far it came."""
    for k in range(pairs.shape[0]):
        if made >= len(normals):
            break
        x, y = 2.0 * pairs[k, 0] - 1.0, 2.0 * pairs[k, 1] - 1.0
        square = x * x + y * y
        if square >= 1.0 or square == 0.0:
            continue
        factor = math.sqrt(-2.0 * math.log(square) / square)
        normals[made] = factor * y
        if made + 1 < len(normals):
            normals[made + 1] = factor * x
        made += 2
    return made
