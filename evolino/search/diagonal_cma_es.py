"""Diagonal CMA-ES (separable CMA-ES, sep-CMA-ES): a step size for each weight.

Source: Ros & Hansen 2008, A simple modification in CMA-ES achieving linear time and space
complexity: the covariance is diagonal, and learnt (n + 2) / 3 times as fast (R&H), with the
constants of Hansen & Kern 2004 (H&K). The number at the end of a line is the equation's in
Hansen 2016 (arXiv 1604.00772), which the line is the diagonal form of.
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
class DiagonalCMAES:
    """Settings. step: first standard deviation, in scales of the weight space.

    population: networks a generation; None is 4 + 3 ln D for D free genes. step_floor: the
    root mean square of the genes' standard deviations stays above it, in the same scales;
    0 is no floor. Time and memory grow linearly with the free genes.

    Raises TypeError or ValueError, naming the field, for one out of its range.

    >>> import evolino
    >>> result = evolino.train("mso", preset="paper", search=evolino.DiagonalCMAES(),
    ...     budget=evolino.Budget(generations=2))
    >>> result.evaluations
    44
    """

    name: ClassVar[str] = "diagonal-cma-es"

    step: float = 0.3
    population: int | None = None
    step_floor: float = 0.0

    def __post_init__(self) -> None:
        """Check the settings."""
        check_settings(self.step, self.population, self.step_floor)

    def start(self, space: WeightSpace, rng: Generator, origin: Array | None) -> Search:
        """Begin at the origin, else at a first draw.

        Raises ValueError for fewer than 2 free genes.
        """
        return EvolutionStrategy(
            space, rng, origin, lambda size: DiagonalCovariance(self, size)
        )


@dataclass(frozen=True, slots=True)
class Gaussian:
    """N(mean, sigma^2 diag(C)) between generations; arrays are replaced, never changed.

    mean, C: (D,). p_sigma, p_c: (D,), evolution paths.
    """

    mean: Array
    sigma: float
    p_sigma: Array
    p_c: Array
    C: Array
    generation: int


class DiagonalCovariance:
    """The distribution of diagonal CMA-ES, its constants named as in the papers."""

    def __init__(self, settings: DiagonalCMAES, n: int) -> None:
        check_dimensions(settings.name, n)
        lam = settings.population or 4 + math.floor(3 * math.log(n))  # 48
        self.mu = mu = lam // 2
        ranked = math.log(mu + 1) - np.log(np.arange(1, mu + 1))  # H&K
        self.weights = ranked / ranked.sum()  # H&K
        self.mu_eff = mu_eff = float(1 / (self.weights**2).sum())  # H&K
        self.c_sigma = (mu_eff + 2) / (n + mu_eff + 3)  # H&K
        longer = max(0.0, math.sqrt((mu_eff - 1) / (n + 1)) - 1)
        self.d_sigma = 1 + 2 * longer + self.c_sigma  # 55
        self.c_c = 4 / (n + 4)  # H&K
        self.c_1 = 2 / ((n + 1.3) ** 2 + mu_eff)  # 57
        rank_mu = min(1.0, (2 * mu_eff - 1) / ((n + 2) ** 2 + mu_eff))
        c_cov = 2 / mu_eff / (n + math.sqrt(2)) ** 2 + (1 - 1 / mu_eff) * rank_mu  # H&K
        self.c_mu = min(1 - self.c_1, (n + 2) / 3 * c_cov)  # R&H
        self.chi = math.sqrt(n) * (
            1 - 1 / (4 * n) + 1 / (21 * n**2)
        )  # of E |N(0, I)|, p. 28
        self.population, self.step_floor = lam, settings.step_floor
        zero = np.zeros(n)
        self.now = Gaussian(zero, settings.step, zero, zero, np.ones(n), 0)

    def normals(self, rng: Generator) -> Array:
        """Return (P, D)."""
        from evolino.search.normals import standard_normals  # loads Numba

        return standard_normals(rng, self.population, len(self.now.mean))  # 38

    def points(self, normals: Array) -> Array:
        """Return (P, D)."""
        points = normals * (self.now.sigma * np.sqrt(self.now.C))  # 39
        points += self.now.mean  # 40
        return np.asarray(points)

    def normal_of(self, point: Array) -> Array:
        """Return (D,)."""
        return np.asarray((point - self.now.mean) / (self.now.sigma * np.sqrt(self.now.C)))

    def update(self, normals: Array, losses: Array) -> None:
        """Move mean, step size and covariance to the points with low losses."""
        now, w, n = self.now, self.weights, len(self.now.mean)
        c_sigma, c_c, c_1, c_mu = self.c_sigma, self.c_c, self.c_1, self.c_mu
        z = normals[np.argsort(losses, kind="stable")[: self.mu]]
        z_w, squares = w @ z, w @ (z * z)
        y_w = np.sqrt(now.C) * z_w  # 41
        mean = now.mean + now.sigma * y_w  # 42, with c_m = 1 (54)

        drift = math.sqrt(c_sigma * (2 - c_sigma) * self.mu_eff)
        p_sigma = (1 - c_sigma) * now.p_sigma + drift * z_w  # 43
        length = float(np.linalg.norm(p_sigma)) / self.chi
        sigma = now.sigma * math.exp(c_sigma / self.d_sigma * (length - 1))  # 44

        started = math.sqrt(1 - (1 - c_sigma) ** (2 * (now.generation + 1)))
        h_sigma = float(length / started < 1.4 + 2 / (n + 1))  # p. 28
        drift = math.sqrt(c_c * (2 - c_c) * self.mu_eff)
        p_c = (1 - c_c) * now.p_c + h_sigma * drift * y_w  # 45
        kept = 1 + c_1 * (1 - h_sigma) * c_c * (2 - c_c) - c_1 - c_mu
        C = kept * now.C + c_1 * p_c**2 + c_mu * now.C * squares  # 47

        deviation = sigma * math.sqrt(C.mean())
        sigma *= max(1.0, self.step_floor / deviation)
        sigma = min(max(sigma, STEP_SIZES[0]), STEP_SIZES[1])
        self.now = Gaussian(mean, sigma, p_sigma, p_c, C, now.generation + 1)

    def state(self) -> State:
        """Return the fields of the Gaussian."""
        return {field.name: getattr(self.now, field.name) for field in fields(self.now)}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Set them."""
        self.now = Gaussian(**state)
