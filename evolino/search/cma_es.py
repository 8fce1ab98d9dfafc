"""CMA-ES: covariance matrix adaptation evolution strategy.

Source: Hansen 2016, The CMA evolution strategy: a tutorial (arXiv 1604.00772), with active
update of the covariance. The number at the end of a line is its equation's.
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
class CMAES:
    """Settings. step: first standard deviation, in scales of the weight space.

    population: networks a generation; None is 4 + 3 ln D for D free genes. step_floor: the
    root mean square of the genes' standard deviations stays above it, in the same scales;
    0 is no floor. Time and memory grow with the square of the free genes, and every so
    many evaluations a decomposition's time with their cube.

    Raises TypeError or ValueError, naming the field, for one out of its range.

    >>> import evolino
    >>> result = evolino.train("mso", preset="paper", search=evolino.CMAES(),
    ...     budget=evolino.Budget(generations=2))
    >>> result.evaluations
    44
    """

    name: ClassVar[str] = "cma-es"

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
        return EvolutionStrategy(
            space, rng, origin, lambda size: FullCovariance(self, size)
        )


@dataclass(frozen=True, slots=True)
class Gaussian:
    """N(mean, sigma^2 C) between generations; arrays are replaced, never changed.

    mean: (D,). p_sigma, p_c: (D,), evolution paths. C: (D, D), of which the lower triangle
    counts. B: (D, D) with eigenvectors of C in its columns and D: (D,) with the roots of
    its eigenvalues, as they were at the generation `decomposed`.
    """

    mean: Array
    sigma: float
    p_sigma: Array
    p_c: Array
    C: Array
    B: Array
    D: Array
    generation: int
    decomposed: int


class FullCovariance:
    """The distribution of CMA-ES, its constants named as in the tutorial."""

    def __init__(self, settings: CMAES, n: int) -> None:
        check_dimensions(settings.name, n, matrices=5)
        lam = settings.population or 4 + math.floor(3 * math.log(n))  # 48
        ranked = math.log((lam + 1) / 2) - np.log(np.arange(1, lam + 1))  # 49
        self.mu = mu = lam // 2
        best, rest = ranked[:mu], ranked[mu:]
        self.mu_eff = mu_eff = float(best.sum() ** 2 / (best**2).sum())  # Table 1
        against = float(rest.sum() ** 2 / (rest**2).sum())  # Table 1
        self.c_sigma = (mu_eff + 2) / (n + mu_eff + 5)  # 55
        longer = max(0.0, math.sqrt((mu_eff - 1) / (n + 1)) - 1)
        self.d_sigma = 1 + 2 * longer + self.c_sigma  # 55
        self.c_c = (4 + mu_eff / n) / (n + 4 + 2 * mu_eff / n)  # 56
        self.c_1 = 2 / ((n + 1.3) ** 2 + mu_eff)  # 57
        c_mu = 2 * (mu_eff - 2 + 1 / mu_eff) / ((n + 2) ** 2 + mu_eff)
        self.c_mu = min(1 - self.c_1, c_mu)  # 58
        alpha = min(
            1 + self.c_1 / self.c_mu,  # 50
            1 + 2 * against / (mu_eff + 2),  # 51
            (1 - self.c_1 - self.c_mu) / (n * self.c_mu),  # 52
        )
        positive, negative = ranked[ranked > 0].sum(), -ranked[ranked < 0].sum()
        self.weights = ranked * np.where(ranked > 0, 1 / positive, alpha / negative)  # 53
        self.chi = math.sqrt(n) * (
            1 - 1 / (4 * n) + 1 / (21 * n**2)
        )  # of E |N(0, I)|, p. 28
        # Generations between two decompositions (section B.2): C changes little in them.
        self.gap = max(1, math.floor(1 / (10 * n * (self.c_1 + self.c_mu))))
        self.population, self.step_floor = lam, settings.step_floor
        zero, one = np.zeros(n), np.eye(n)
        self.now = Gaussian(zero, settings.step, zero, zero, one, one, np.ones(n), 0, 0)

    def normals(self, rng: Generator) -> Array:
        """Return (P, D)."""
        return rng.standard_normal((self.population, len(self.now.mean)))  # 38

    def points(self, normals: Array) -> Array:
        """Return (P, D)."""
        now = self.now
        return now.mean + now.sigma * ((normals * now.D) @ now.B.T)  # 39, 40

    def normal_of(self, point: Array) -> Array:
        """Return (D,)."""
        now = self.now
        return np.asarray((point - now.mean) / now.sigma @ now.B / now.D)

    def update(self, normals: Array, losses: Array) -> None:
        """Move mean, step size and covariance to the points with low losses."""
        now, mu, w, n = self.now, self.mu, self.weights, len(self.now.mean)
        c_sigma, c_c, c_1, c_mu = self.c_sigma, self.c_c, self.c_1, self.c_mu
        z = normals[np.argsort(losses, kind="stable")]
        y = (z * now.D) @ now.B.T  # 39
        y_w = w[:mu] @ y[:mu]  # 41
        mean = now.mean + now.sigma * y_w  # 42, with c_m = 1 (54)

        drift = math.sqrt(c_sigma * (2 - c_sigma) * self.mu_eff)
        p_sigma = (1 - c_sigma) * now.p_sigma + drift * (now.B @ (w[:mu] @ z[:mu]))  # 43
        length = float(np.linalg.norm(p_sigma)) / self.chi
        sigma = now.sigma * math.exp(c_sigma / self.d_sigma * (length - 1))  # 44

        started = math.sqrt(1 - (1 - c_sigma) ** (2 * (now.generation + 1)))
        h_sigma = float(length / started < 1.4 + 2 / (n + 1))  # p. 28
        drift = math.sqrt(c_c * (2 - c_c) * self.mu_eff)
        p_c = (1 - c_c) * now.p_c + h_sigma * drift * y_w  # 45
        squares = np.maximum((z**2).sum(axis=1), 1e-300)  # of C^-1/2 y, which is B z
        w_y = np.where(w >= 0, w, w * n / squares)  # 46
        kept = 1 + c_1 * (1 - h_sigma) * c_c * (2 - c_c) - c_1 - c_mu * w.sum()
        C = kept * now.C + c_1 * np.outer(p_c, p_c) + c_mu * (y.T * w_y) @ y  # 47

        deviation = sigma * math.sqrt(np.trace(C) / n)
        sigma *= max(1.0, self.step_floor / deviation)
        B, D, generation, decomposed = now.B, now.D, now.generation + 1, now.decomposed
        if generation - decomposed >= self.gap:
            B, D = decompose(C)
            decomposed = generation
        sigma = min(max(sigma, STEP_SIZES[0]), STEP_SIZES[1])
        self.now = Gaussian(mean, sigma, p_sigma, p_c, C, B, D, generation, decomposed)

    def state(self) -> State:
        """Return the fields of the Gaussian."""
        return {field.name: getattr(self.now, field.name) for field in fields(self.now)}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Set them."""
        self.now = Gaussian(**state)


def decompose(C: Array) -> tuple[Array, Array]:
    """Return eigenvectors (D, D) of a covariance, and (D,) roots of its eigenvalues.

    Eigenvalues are at least 1e-14 of the largest one: below, rounding decides their sign.
    """
    values, vectors = np.linalg.eigh(C)
    return vectors, np.sqrt(np.maximum(values, 1e-14 * values[-1]))
