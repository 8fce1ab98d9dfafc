"""CMA-ES and its diagonal form, by the `cmaes` library.

Source: Hansen 2016, The CMA evolution strategy: a tutorial (arXiv 1604.00772); Ros & Hansen
2008 for the diagonal form. The search is over z, one number for each free gene; a genome is
the origin plus scale * z. Ternary weights are -level, 0, +level for z below -0.5, between,
above 0.5.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.random import Generator

from evolino.search.base import Search, State, WeightSpace
from evolino.search.turns import Turns, free_genes, rng_state, set_rng_state
from evolino.vocabulary import Array, check_count, check_number

LARGEST_COVARIANCE = 2**30  # bytes


@dataclass(frozen=True, slots=True)
class CMAES:
    """Settings. step: first standard deviation, in scales of the weight space.

    population: networks a generation; None is 4 + 3 ln D for D free genes.
    """

    name: ClassVar[str] = "cma-es"
    diagonal: ClassVar[bool] = False

    step: float = 0.3
    population: int | None = None

    def __post_init__(self) -> None:
        """Check the settings."""
        _check(self.step, self.population)

    def start(self, space: WeightSpace, rng: Generator, origin: Array | None) -> Search:
        """Begin at the origin, else at a first draw.

        Raises ValueError if the covariance matrix would take more than 1 GiB.
        """
        return _Running(self, space, rng, origin)


@dataclass(frozen=True, slots=True)
class DiagonalCMAES:
    """CMA-ES with a diagonal covariance: time and memory grow linearly with the genes.

    Settings as of `CMAES`.
    """

    name: ClassVar[str] = "diagonal-cma-es"
    diagonal: ClassVar[bool] = True

    step: float = 0.3
    population: int | None = None

    def __post_init__(self) -> None:
        """Check the settings."""
        _check(self.step, self.population)

    def start(self, space: WeightSpace, rng: Generator, origin: Array | None) -> Search:
        """Begin at the origin, else at a first draw."""
        return _Running(self, space, rng, origin)


def _check(step: float, population: int | None) -> None:
    check_number("step", step, above=0)
    if population is not None:
        check_count("population", population, least=4)


class Strategy:
    """A `cmaes` optimiser over z (D,), with noise from our generator and a plain state."""

    def __init__(
        self, dimensions: int, step: float, population: int | None, *, diagonal: bool
    ) -> None:
        from cmaes import CMA, SepCMA

        if dimensions < 2:
            raise ValueError(f"CMA-ES needs at least 2 free weights, got {dimensions}")
        if not diagonal and 8 * dimensions**2 > LARGEST_COVARIANCE:
            raise ValueError(
                f"the covariance of {dimensions} weights needs "
                f"{8 * dimensions**2 / 2**30:.1f} GiB: use diagonal-cma-es"
            )
        self._diagonal = diagonal
        kind: Any = SepCMA if diagonal else CMA
        self._strategy = kind(
            mean=np.zeros(dimensions), sigma=step, population_size=population
        )

    def ask(self, rng: Generator) -> Array:
        """Return (P, D)."""
        strategy = self._strategy
        strategy.reseed_rng(int(rng.integers(2**32)))
        size = strategy.population_size
        if not self._diagonal:
            return np.array([strategy.ask() for _ in range(size)])
        # The bits of `size` calls of its `ask`, in a fifth of the time.
        from evolino.search.gaussian import legacy_normals
        from evolino.search.separable import points_of

        normals = legacy_normals(strategy._rng, size * strategy.dim)
        return points_of(normals.reshape(size, -1), strategy)

    def inject(self, points: Array, guest: Array) -> None:
        """Put a point (D,) of another search in the place of the last of points (P, D).

        Its step from the mean is cut to the length of a long step of our own, so that one
        from far away shows a direction and does not blow up step size and covariance.
        Source: Hansen 2011, Injecting external solutions into CMA-ES (arXiv 1110.4181).
        """
        state = vars(self._strategy)
        mean, sigma, covariance = state["_mean"], state["_sigma"], state["_C"]
        step = (guest - mean) / sigma
        if covariance.ndim == 1:
            squared = float((step**2 / np.maximum(covariance, 1e-300)).sum())
        else:
            squared = float(step @ np.linalg.lstsq(covariance, step, rcond=None)[0])
        size = len(guest)
        longest = np.sqrt(size) + 2 * size / (size + 2)  # his c_y
        length = np.sqrt(squared) if squared > 0 else 0.0
        points[-1] = mean + sigma * step * min(1.0, longest / max(length, 1e-300))

    def tell(self, points: Array, losses: Array) -> None:
        """Take the losses (P,) of points (P, D)."""
        # Failed ones rank last; equal losses keep the order in which they were asked.
        losses = np.minimum(losses, 1e300)
        if self._diagonal:
            from evolino.search.separable import tell

            tell(self._strategy, points, losses)
        else:
            self._strategy.tell(list(zip(points, losses, strict=True)))

    def state(self) -> State:
        """Return the optimiser's numbers and arrays.

        Not its own `__getstate__`, which rounds the covariance to be symmetric.
        """
        return _copied({k: v for k, v in vars(self._strategy).items() if k != "_rng"})

    def restore(self, state: Mapping[str, Any]) -> None:
        """Set the optimiser to a state of `state`."""
        vars(self._strategy).update(_copied(state))


def _copied(state: Mapping[str, Any]) -> State:
    return {k: np.copy(v) if isinstance(v, np.ndarray) else v for k, v in state.items()}


class _Running:
    def __init__(
        self,
        settings: CMAES | DiagonalCMAES,
        space: WeightSpace,
        rng: Generator,
        origin: Array | None,
    ) -> None:
        self._space, self._rng, self._turns = space, rng, Turns()
        self._free = free_genes(space)
        self._origin = space.draw(rng, 1)[0] if origin is None else origin.copy()
        self._strategy = Strategy(
            len(self._origin.reshape(-1)[self._free]),
            settings.step,
            settings.population,
            diagonal=settings.diagonal,
        )
        self._points = np.zeros((0, 0))
        self._guest: Array | None = None

    def ask(self) -> Array:
        self._points = self._strategy.ask(self._rng)
        if self._guest is not None:
            self._strategy.inject(self._points, self._guest)
        return self._turns.asked(self._genomes(self._points))

    def tell(self, losses: Array) -> None:
        _, losses = self._turns.told(losses)
        self._strategy.tell(self._points, losses)
        self._guest = None

    def receive(self, genome: Array, loss: float) -> None:
        """Put it into the next generation, where it is evaluated like a draw."""
        self._guest = self._point(genome)

    def state(self) -> State:
        return {
            "rng": rng_state(self._rng),
            "origin": self._origin,
            "strategy": self._strategy.state(),
            "guest": self._guest,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        set_rng_state(self._rng, state["rng"])
        self._origin = state["origin"]
        self._strategy.restore(state["strategy"])
        self._guest = state.get("guest")

    def _point(self, genome: Array) -> Array:
        """Return the point (D,) of a genome (C, G); held genes stay ours."""
        step = (genome - self._origin).reshape(-1)[self._free]
        if self._space.level > 0:
            return step / self._space.level
        return step / self._space.scale.reshape(-1)[self._free]

    def _genomes(self, points: Array) -> Array:
        """Return (P, C, G) of points (P, D)."""
        origin, scale = self._origin.reshape(-1), self._space.scale.reshape(-1)
        if self._space.level == 0 and isinstance(self._free, slice):
            genomes = scale * points
            genomes += origin
            return genomes.reshape(-1, *self._space.shape)
        genomes = np.tile(origin, (len(points), 1))
        if self._space.level > 0:
            shifted = origin[self._free] / self._space.level + points
            genomes[:, self._free] = self._space.level * np.clip(np.rint(shifted), -1, 1)
        else:
            genomes[:, self._free] += scale[self._free] * points
        return genomes.reshape(-1, *self._space.shape)
