"""Evolution strategies as searches: a Gaussian distribution over the free weights.

The distribution is over points x, one number for each of the D free genes; a genome is the
origin plus scale * x. Ternary weights are -level, 0, +level for x below -0.5, between,
above 0.5. What the algorithms differ in is how they draw and update the distribution.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np
from numpy.random import Generator

from evolino.search.ask_tell import AskTell
from evolino.search.base import State, WeightSpace
from evolino.search.random_state import rng_state, set_rng_state
from evolino.vocabulary import Array, check_count, check_number

LARGEST_SQUARE = 10_000  # free weights of a search that holds matrices of their square
STEP_SIZES = (1e-100, 1e32)  # within them squares of steps neither vanish nor overflow


class Distribution(Protocol):
    """N(mean, sigma^2 C) of points (D,), which an algorithm moves to lower losses."""

    def normals(self, rng: Generator) -> Array:
        """Return (P, D) standard normal numbers, a generation of them."""
        ...

    def points(self, normals: Array) -> Array:
        """Return the points (P, D) that standard normal numbers (P, D) stand for."""
        ...

    def normal_of(self, point: Array) -> Array:
        """Return the standard normal numbers (D,) that would give a point (D,)."""
        ...

    def update(self, normals: Array, losses: Array) -> None:
        """Learn from the losses (P,) of the points of normals (P, D); inf ranks last."""
        ...

    def state(self) -> State:
        """Return the distribution as named arrays and numbers."""
        ...

    def restore(self, state: Mapping[str, Any]) -> None:
        """Set the distribution to a state of `state`."""
        ...


class EvolutionStrategy:
    """A running search; settings make its distribution of the number of free genes."""

    def __init__(
        self,
        space: WeightSpace,
        rng: Generator,
        origin: Array | None,
        distribution: Callable[[int], Distribution],
    ) -> None:
        self._space, self._rng, self._ask_tell = space, rng, AskTell()
        begin = space.centre if origin is None else origin
        self._origin = space.draw(rng, 1)[0] if begin is None else begin.copy()
        self._distribution = distribution(len(self._origin.reshape(-1)[space.free]))
        self._normals = np.zeros((0, 0))
        self._migrant: Array | None = None

    def ask(self) -> Array:
        """Return (P, C, G), drawn from the distribution; a migrant is the last of them."""
        self._normals = self._distribution.normals(self._rng)
        if self._migrant is not None:
            self._normals[-1] = shortened(self._distribution.normal_of(self._migrant))
        return self._ask_tell.ask(self._genomes(self._distribution.points(self._normals)))

    def tell(self, losses: Array) -> None:
        """Update the distribution by the losses (P,)."""
        _, losses = self._ask_tell.tell(losses)
        self._distribution.update(self._normals, losses)
        self._migrant = None

    def receive(self, genome: Array, loss: float) -> None:
        """Put a genome into the next generation, where it is evaluated like a draw."""
        step = (genome - self._origin).reshape(-1)[self._space.free]
        size = self._space.level or self._space.scale.reshape(-1)[self._space.free]
        self._migrant = step / size  # held genes stay as the origin has them

    def state(self) -> State:
        """Return all of the search."""
        return {
            "rng": rng_state(self._rng),
            "origin": self._origin,
            "distribution": self._distribution.state(),
            "migrant": self._migrant,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a state."""
        set_rng_state(self._rng, state["rng"])
        self._origin, self._migrant = state["origin"], state["migrant"]
        self._distribution.restore(state["distribution"])

    def _genomes(self, points: Array) -> Array:
        """Return (P, C, G) of points (P, D), which may become part of them."""
        origin, scale = self._origin.reshape(-1), self._space.scale.reshape(-1)
        free, level = self._space.free, self._space.level
        if level == 0 and isinstance(free, slice):
            genomes = points
            genomes *= scale
            genomes += origin
            return genomes.reshape(-1, *self._space.shape)
        genomes = np.tile(origin, (len(points), 1))
        if level > 0:
            shifted = origin[free] / level + points
            genomes[:, free] = level * np.clip(np.rint(shifted), -1, 1)
        else:
            genomes[:, free] += scale[free] * points
        return genomes.reshape(-1, *self._space.shape)


def shortened(normal: Array) -> Array:
    """Return the standard normal numbers (D,) of a migrant, cut to a long step's length.

    So a genome from far away shows a direction and does not blow up step size and
    covariance. Source: Hansen 2011, Injecting external solutions into CMA-ES (arXiv
    1110.4181), equation 1 and his c_y.
    """
    size = len(normal)
    longest = np.sqrt(size) + 2 * size / (size + 2)
    shorter = min(1.0, longest / max(float(np.linalg.norm(normal)), 1e-300))
    return np.asarray(shorter * normal)


def check_settings(step: float, population: int | None, step_floor: float) -> None:
    """Raise TypeError or ValueError for a setting of an evolution strategy."""
    check_number("step", step, above=0)
    if population is not None:
        check_count("population", population, least=4)
    check_number("step_floor", step_floor, least=0)
    if step_floor > step:
        raise ValueError(f"step_floor must be <= step ({step:g}), got {step_floor:g}")


def check_dimensions(search: str, count: int, matrices: int = 0) -> None:
    """Raise ValueError for too few free weights, or more than a covariance can have.

    matrices: (D, D) that the search holds at once while it updates; 0 for a search whose
    memory grows with D.
    """
    if count < 2:
        raise ValueError(f"{search} needs at least 2 free weights, got {count}")
    if matrices and count > LARGEST_SQUARE:
        memory = 8 * matrices * count**2 / 2**30
        raise ValueError(
            f"{search} takes at most {LARGEST_SQUARE:,} free weights, got {count:,}, whose "
            f"covariance needs {memory:.1f} GiB: use diagonal-cma-es"
        )
