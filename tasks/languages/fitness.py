"""Fitness of networks on strings: squared error, margin violation, share of wrong rows."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np

from evolino.vocabulary import Array

Fitness = Literal["squared", "margin", "wrong"]
FITNESS = get_args(Fitness)


def losses_of(fitness: Fitness, found: Array, expected: Array) -> Array:
    """Return (P,): the fitness of outputs (P, N, K), in C order, for targets (N, K).

    inf where it is not finite. That of a network does not depend on those beside it.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        if fitness == "squared":
            losses = np.sqrt(_means(np.square(found - expected)))
        else:
            losses = _means(np.square(np.maximum(1.0 - found * expected, 0.0)))
        if fitness == "wrong":
            failed = ~((found * expected).min(axis=2) > 0)
            losses = failed.mean(axis=1) + 0.1 * losses
    return np.where(np.isfinite(losses), losses, np.inf)


def _means(values: Array) -> Array:
    """Return (P,): the mean of each network's values (P, N, K).

    Each is summed by itself: NumPy's order depends on the shape of the whole array.
    """
    sums = np.array([np.add.reduce(own, axis=None) for own in values])
    return np.asarray(sums / (values.shape[1] * values.shape[2]))
