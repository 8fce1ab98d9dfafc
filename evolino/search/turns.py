"""What every search needs: the order of ask and tell, and genomes of a weight space."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.random import Generator

from evolino.search.base import WeightSpace
from evolino.vocabulary import Array, IntArray


class Turns:
    """Keeps the genomes of an ask until their losses are told."""

    def __init__(self) -> None:
        self._asked: Array | None = None

    def asked(self, genomes: Array) -> Array:
        """Note genomes (P, C, G) and hand them on; asking twice asks anew."""
        self._asked = genomes
        return genomes

    def told(self, losses: Array) -> tuple[Array, Array]:
        """Return the genomes asked for and their losses (P,).

        Raises RuntimeError before an ask, ValueError for another length or a NaN.
        """
        if self._asked is None:
            raise RuntimeError("tell came before ask")
        genomes, losses = self._asked, np.asarray(losses, dtype=np.float64)
        if losses.shape != (len(genomes),):
            raise ValueError(
                f"losses must have shape ({len(genomes)},), got {losses.shape}"
            )
        if np.isnan(losses).any():
            raise ValueError("losses must not be NaN; a failed network has loss inf")
        self._asked = None
        return genomes, losses


def child(rng: Generator) -> Generator:
    """Return a generator seeded from another one's stream, so that its state tells all."""
    return np.random.default_rng([int(word) for word in rng.integers(2**32, size=4)])


def rng_state(rng: Generator) -> dict[str, Any]:
    """Return the state of a generator."""
    return dict(rng.bit_generator.state)


def set_rng_state(rng: Generator, state: Mapping[str, Any]) -> None:
    """Set a generator to a state of `rng_state`."""
    rng.bit_generator.state = dict(state)


def free_genes(space: WeightSpace) -> IntArray | slice:
    """Return the positions, in a genome as one row, of the genes that may move.

    A slice if all may, which NumPy takes without a copy.
    """
    scale = space.scale.reshape(-1)
    return slice(None) if scale.all() else np.flatnonzero(scale)


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
