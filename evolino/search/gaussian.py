"""DEAP's Gaussian mutation, compiled: `deap.tools.mutGaussian` gives the same bits.

DEAP calls Python's generator for every gene, which at 400,000 genes takes longer than the
networks themselves. Here the same Mersenne Twister is drawn from by machine code.
"""

from __future__ import annotations

import math
import random
from typing import Any

import numba
import numpy as np
from numpy.random import MT19937, Generator

from evolino.vocabulary import Array

njit: Any = numba.njit


def mutate_gaussian(genes: Array, deviations: Array, chance: float) -> None:
    """Add noise to each of the genes (P, D), in place, with this chance.

    deviations: (D,), of the noise. Draws what `random.random` and `random.gauss` would draw
    if `random` were seeded just now or had not drawn a Gaussian since; leaves it as it is.
    """
    _mutate(genes, deviations, chance, _twister())


def _twister() -> Generator:
    """Return a generator that goes on where Python's own is."""
    _, words, _ = random.getstate()
    twister = MT19937()
    twister.state = {
        "bit_generator": "MT19937",
        "state": {"key": np.array(words[:-1], dtype=np.uint32), "pos": words[-1]},
    }
    return Generator(twister)


@njit(cache=True)
def _mutate(genes: Array, deviations: Array, chance: float, rng: Any) -> None:
    # As in random.gauss, Gaussian numbers come in pairs, of which the second waits.
    waiting, second = False, 0.0
    for p in range(genes.shape[0]):
        for j in range(genes.shape[1]):
            if rng.random() >= chance:
                continue
            if waiting:
                normal = second
            else:
                angle = rng.random() * math.tau
                radius = math.sqrt(-2.0 * math.log(1.0 - rng.random()))
                normal, second = math.cos(angle) * radius, math.sin(angle) * radius
            waiting = not waiting
            genes[p, j] += normal * deviations[j]
