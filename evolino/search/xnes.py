"""xNES: exponential natural evolution strategy.

Source: Glasmachers, Schaul, Sun, Wierstra & Schmidhuber 2010, Exponential natural evolution
strategies, Algorithm 1 and its table of constants (recalled). The number at the end of a
line is this one's:

    z_k ~ N(0, I)                                    (1)
    x_k = mean + sigma B z_k                         (2)
    u_k = max(0, ln(P/2 + 1) - ln k) / sum - 1/P     (3)
    G_delta = sum_k u_k z_k                          (4)
    G_M = sum_k u_k (z_k z_k^T - I)                  (5)
    G_sigma = tr(G_M) / D                            (6)
    G_B = G_M - G_sigma I                            (7)
    mean = mean + eta_mean sigma B G_delta           (8)
    sigma = sigma exp(eta_sigma / 2 G_sigma)         (9)
    B = B exp(eta_B / 2 G_B)                         (10)

with k the rank, P = 4 + 3 ln D (11), eta_mean = 1, and
eta_sigma = eta_B = (9 + 3 ln D) / (5 D sqrt(D)) (12).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar

import numpy as np
from numpy.random import Generator

from evolino.search.base import Search, State, WeightSpace
from evolino.search.evolution_strategy import (
    STEP_SIZES,
    EvolutionStrategy,
    check_dimensions,
    check_settings,
)
from evolino.vocabulary import Array


@dataclass(frozen=True, slots=True)
class XNES:
    """Settings. step: first standard deviation, in scales of the weight space.

    population: networks a generation; None is 4 + 3 ln D for D free genes. step_floor: the
    step size sigma, which is the geometric mean of the standard deviations along the
    distribution's axes, stays above it; 0 is no floor. With a floor the search goes on
    looking around, as control tasks want, whose losses are steps. Memory grows with the
    square of the free genes, time with their cube.

    Raises TypeError or ValueError, naming the field, for one out of its range.

    >>> import evolino
    >>> result = evolino.train("mso", preset="paper", search=evolino.XNES(),
    ...     budget=evolino.Budget(generations=2))
    >>> result.evaluations
    44
    """

    name: ClassVar[str] = "xnes"

    step: float = 0.3
    population: int | None = None
    step_floor: float = 0.0

    def __post_init__(self) -> None:
        """Check the settings."""
        check_settings(self.step, self.population, self.step_floor)

    def start(self, space: WeightSpace, rng: Generator, origin: Array | None) -> Search:
        """Begin at the origin, else at a first draw.

        Raises ValueError for fewer than 2 or more than 10,000 free genes.
        """
        return EvolutionStrategy(space, rng, origin, lambda size: Exponential(self, size))


@dataclass(frozen=True, slots=True)
class Gaussian:
    """N(mean, sigma^2 B B^T) between generations; arrays are replaced, never changed.

    mean: (D,). B: (D, D), of determinant 1.
    """

    mean: Array
    sigma: float
    B: Array


class Exponential:
    """The distribution of xNES, its constants named as in the paper."""

    def __init__(self, settings: XNES, n: int) -> None:
        check_dimensions(settings.name, n, matrices=6)
        self.population = settings.population or 4 + math.floor(3 * math.log(n))  # 11
        ranks = np.arange(1, self.population + 1)
        u = np.maximum(0.0, math.log(self.population / 2 + 1) - np.log(ranks))
        self.utilities = u / u.sum() - 1 / self.population  # 3
        self.eta = (9 + 3 * math.log(n)) / (5 * n * math.sqrt(n))  # 12
        self.step_floor = max(settings.step_floor, STEP_SIZES[0])
        self.now = Gaussian(np.zeros(n), settings.step, np.eye(n))

    def normals(self, rng: Generator) -> Array:
        """Return (P, D)."""
        return rng.standard_normal((self.population, len(self.now.mean)))  # 1

    def points(self, normals: Array) -> Array:
        """Return (P, D)."""
        return self.now.mean + self.now.sigma * (normals @ self.now.B.T)  # 2

    def normal_of(self, point: Array) -> Array:
        """Return (D,)."""
        step = (point - self.now.mean) / self.now.sigma
        # Not `solve`, which raises an error for a B that is singular after rounding.
        return np.asarray(np.linalg.lstsq(self.now.B, step, rcond=None)[0])

    def update(self, normals: Array, losses: Array) -> None:
        """Move mean, step size and shape along the natural gradient."""
        now, u, n = self.now, self.utilities, len(self.now.mean)
        z = normals[np.argsort(losses, kind="stable")]
        G_delta = u @ z  # 4
        G_M = (z.T * u) @ z  # 5: the utilities add up to 0, so that no I is left
        G_sigma = float(np.trace(G_M)) / n  # 6
        G_B = G_M - G_sigma * np.eye(n)  # 7
        mean = now.mean + now.sigma * (now.B @ G_delta)  # 8
        sigma = now.sigma * math.exp(self.eta / 2 * G_sigma)  # 9
        B = now.B @ exponential(self.eta / 2 * G_B)  # 10
        self.now = Gaussian(mean, min(max(sigma, self.step_floor), STEP_SIZES[1]), B)

    def state(self) -> State:
        """Return the fields of the Gaussian."""
        return {field.name: getattr(self.now, field.name) for field in fields(self.now)}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Set them."""
        self.now = Gaussian(**state)


def exponential(symmetric: Array) -> Array:
    """Return the exponential of a symmetric matrix (D, D)."""
    values, vectors = np.linalg.eigh(symmetric)
    return np.asarray((vectors * np.exp(values)) @ vectors.T)
