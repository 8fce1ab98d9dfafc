"""One generator per purpose, all from a run's seed."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

PURPOSES = {
    "task": 0,
    "search": 1,
    "unevolved": 2,
    "random search": 3,
    "noise": 4,
    "bptt": 5,
    "kalman": 6,
    "reinforce": 7,
    "reservoir": 8,
    "evolved outputs": 9,
}


def generator(seed: int, purpose: str, index: int = 0, *more: int) -> Generator:
    """Return the generator of a purpose; the indices tell apart those of one purpose."""
    sequence = np.random.SeedSequence(seed, spawn_key=(PURPOSES[purpose], index, *more))
    return np.random.default_rng(sequence)
