"""Cauchy mutation of genomes, as in ESP: small steps mostly, large ones at times."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from evolino.search.base import WeightSpace
from evolino.vocabulary import Array


def cauchy_mutation(
    space: WeightSpace, genomes: Array, rng: Generator, strength: float, share: float
) -> Array:
    """Return mutated copies of genomes (..., G') whose last axes match the space's scale.

    Real weights: Cauchy noise of `strength` scales on each gene with chance `share`; half
    of the mutations stay within one strength. Ternary weights: a gene is drawn anew with
    chance strength * share.
    """
    mutated = rng.random(genomes.shape) < share
    if space.level > 0:
        mutated &= rng.random(genomes.shape) < strength
        drawn = space.level * rng.integers(-1, 2, genomes.shape)
        return np.where(mutated & (space.scale != 0), drawn, genomes)
    noise = strength * np.tan(np.pi * (rng.random(genomes.shape) - 0.5))
    return genomes + np.where(mutated, noise, 0.0) * space.scale
