"""Random generators of searches: their states as plain values, and child generators."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.random import Generator


def child(rng: Generator) -> Generator:
    """Return a generator seeded from another one's stream.

    So the state of the parent determines all children that come after it.
    """
    return np.random.default_rng([int(word) for word in rng.integers(2**32, size=4)])


def rng_state(rng: Generator) -> dict[str, Any]:
    """Return the state of a generator."""
    return dict(rng.bit_generator.state)


def set_rng_state(rng: Generator, state: Mapping[str, Any]) -> None:
    """Set a generator to a state of `rng_state`."""
    rng.bit_generator.state = dict(state)
