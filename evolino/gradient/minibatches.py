"""Minibatches: which segments a gradient is of, by its number."""

from __future__ import annotations

import numpy as np


def minibatch(count: int, size: int, number: int, seed: int) -> list[int]:
    """Return the positions of a minibatch, by its number, of so many segments.

    Each epoch has an order of its own, from the seed and the epoch alone, so that a resumed
    descent draws the same.
    """
    batches = count // size
    epoch, place = divmod(number, batches)
    order = np.random.default_rng((seed, epoch)).permutation(count)
    return sorted(order[place * size : (place + 1) * size].tolist())
