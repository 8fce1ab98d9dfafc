"""Evolution strategy with antithetic draws and rank shaping ("OpenAI-ES").

The number at the end of a line is this one's:

    x_k = mean + sigma z_k, z_(k + P/2) = -z_k                     (1)
    u_k = rank_k / (P - 1) - 1/2, the best 1/2                     (2)
    gradient = sum_k u_k z_k / (P sigma)                           (3)
    m = b1 m + (1 - b1) gradient, v = b2 v + (1 - b2) gradient^2   (4)
    mean = mean (1 - decay) + rate m / (1 - b1^t) / (sqrt(v / (1 - b2^t)) + 1e-8)  (5)

Source: Salimans, Ho, Chen, Sidor & Sutskever 2017, Evolution strategies as a scalable
alternative to reinforcement learning (recalled); Adam of Kingma & Ba 2015.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.random import Generator

from evolino.search.base import Search, State, WeightSpace
from evolino.search.evolution_strategy import EvolutionStrategy
from evolino.vocabulary import Array, check_count, check_number

FIRST_DECAY, SECOND_DECAY, SMALL = 0.9, 0.999, 1e-8  # Adam's, as published


@dataclass(frozen=True, slots=True)
class OpenAIES:
    """Settings. step: sigma, in scales of the weight space, which stays as it is.
    population: P, even. rate: of the steps of the mean. decay: of the mean towards its
    origin at each step.

    Raises TypeError or ValueError, naming the field, for one out of its range.

    >>> import evolino
    >>> search = evolino.OpenAIES(population=20)
    >>> result = evolino.train("mso", preset="paper", search=search,
    ...     budget=evolino.Budget(generations=2))
    >>> result.evaluations
    40
    """

    name: ClassVar[str] = "openai-es"

    step: float = 0.3
    population: int = 40
    rate: float = 0.1
    decay: float = 0.0

    def __post_init__(self) -> None:
        """Check the settings."""
        check_number("step", self.step, above=0)
        check_count("population", self.population, least=2)
        if self.population % 2:
            raise ValueError(f"population must be even, got {self.population}")
        check_number("rate", self.rate, above=0)
        check_number("decay", self.decay, least=0)
        if self.decay >= 1:
            raise ValueError(f"decay must be < 1, got {self.decay:g}")

    def start(self, space: WeightSpace, rng: Generator, origin: Array | None) -> Search:
        """Begin at the origin, else at the space's centre or a first draw."""
        return EvolutionStrategy(space, rng, origin, lambda size: Antithetic(self, size))


class Antithetic:
    """N(mean, sigma^2 I), its mean moved by Adam along the ranks."""

    def __init__(self, settings: OpenAIES, n: int) -> None:
        self._settings, self.population = settings, settings.population
        self.mean, self.m, self.v, self.t = np.zeros(n), np.zeros(n), np.zeros(n), 0

    def normals(self, rng: Generator) -> Array:
        """Return (P, D), the second half the negative of the first."""
        half = rng.standard_normal((self.population // 2, len(self.mean)))
        return np.concatenate([half, -half])

    def points(self, normals: Array) -> Array:
        """Return (P, D)."""
        return self.mean + self._settings.step * normals  # 1

    def normal_of(self, point: Array) -> Array:
        """Return (D,)."""
        return np.asarray((point - self.mean) / self._settings.step)

    def update(self, normals: Array, losses: Array) -> None:
        """Move the mean."""
        settings, count = self._settings, len(losses)
        u = np.empty(count)
        u[np.argsort(losses, kind="stable")] = 0.5 - np.arange(count) / (count - 1)  # 2
        gradient = u @ normals / (count * settings.step)  # 3
        self.t += 1
        self.m = FIRST_DECAY * self.m + (1 - FIRST_DECAY) * gradient  # 4
        self.v = SECOND_DECAY * self.v + (1 - SECOND_DECAY) * gradient**2
        m = self.m / (1 - FIRST_DECAY**self.t)
        root = np.sqrt(self.v) / math.sqrt(1 - SECOND_DECAY**self.t)
        self.mean = self.mean * (1 - settings.decay) + settings.rate * m / (root + SMALL)

    def state(self) -> State:
        """Return mean, Adam's moments and its count of steps."""
        return {"mean": self.mean, "m": self.m, "v": self.v, "t": self.t}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Set them."""
        self.mean, self.m, self.v = state["mean"], state["m"], state["v"]
        self.t = int(state["t"])
