"""Evolution of weight scales: CMA-ES over the distributions that genomes are drawn from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.random import Generator

from evolino.search.ask_tell import AskTell
from evolino.search.base import Family, Search, State, WeightSpace
from evolino.search.cma_es import CMAES, FullCovariance
from evolino.search.random_state import rng_state, set_rng_state
from evolino.vocabulary import Array, check_count, check_number

PULL = 1e-4  # on the squared distance from the default, against drifting on flat ground


@dataclass(frozen=True, slots=True)
class ScaleEvolution:
    """Settings. A generation evaluates population * draws networks.

    population: distributions a generation. draws: networks drawn from each. kept: the best
    of these whose mean log loss is the distribution's loss. step: first standard deviation
    of the distribution's parameters.

    Raises TypeError or ValueError, naming the field, for one out of its range.

    >>> import evolino
    >>> result = evolino.train("mso", preset="paper", initialiser="spread",
    ...     search=evolino.ScaleEvolution(), budget=evolino.Budget(generations=2))
    >>> result.evaluations
    192
    """

    name: ClassVar[str] = "scales"

    population: int = 12
    draws: int = 8
    kept: int = 4
    step: float = 0.7

    def __post_init__(self) -> None:
        """Check the settings."""
        check_count("population", self.population, least=4)
        check_count("draws", self.draws)
        check_count("kept", self.kept)
        if self.kept > self.draws:
            raise ValueError(f"kept must be <= draws ({self.draws}), got {self.kept}")
        check_number("step", self.step, above=0)

    def start(self, space: WeightSpace, rng: Generator, origin: Array | None) -> Search:
        """Begin at the initialiser's own scales; an origin is of no use here.

        Raises ValueError for an initialiser without a family of distributions.
        """
        if space.family is None:
            raise ValueError(
                "search 'scales' needs an initialiser whose scales can be evolved: 'spread'"
            )
        return _Running(self, space, space.family, rng)


class _Running:
    """best_scale: (C, G) of the distribution that the best genome so far was drawn from."""

    def __init__(
        self, settings: ScaleEvolution, space: WeightSpace, family: Family, rng: Generator
    ) -> None:
        self._settings, self._family, self._rng = settings, family, rng
        self._ask_tell = AskTell()
        strategy = CMAES(settings.step, settings.population)
        self._distribution = FullCovariance(strategy, family.parameters)
        self._normals = self._points = np.zeros((0, family.parameters))
        self._best_loss = float("inf")
        self._best_point = np.zeros(family.parameters)

    def ask(self) -> Array:
        self._normals = self._distribution.normals(self._rng)
        self._points = self._distribution.points(self._normals)
        drawn = [
            self._family.draw_at(point, self._rng, self._settings.draws)
            for point in self._points
        ]
        return self._ask_tell.ask(np.concatenate(drawn))

    def tell(self, losses: Array) -> None:
        _, losses = self._ask_tell.tell(losses)
        by_point = losses.reshape(len(self._points), self._settings.draws)
        if losses.min() < self._best_loss:
            self._best_loss = float(losses.min())
            self._best_point = self._points[int(by_point.min(axis=1).argmin())].copy()
        logs = np.log(np.clip(by_point, 1e-300, 1e300))
        kept = np.sort(logs, axis=1)[:, : self._settings.kept].mean(axis=1)
        pull = PULL * np.square(self._points).sum(axis=1)
        self._distribution.update(self._normals, kept + pull)

    def receive(self, genome: Array, loss: float) -> None:
        """Nothing: a genome does not tell which distribution it was drawn from."""

    def best_scale(self) -> Array:
        """Return (C, G): the scales that the best genome so far was drawn with."""
        return self._family.scale_at(self._best_point)

    def state(self) -> State:
        return {
            "rng": rng_state(self._rng),
            "distribution": self._distribution.state(),
            "best_loss": self._best_loss,
            "best_point": self._best_point,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        set_rng_state(self._rng, state["rng"])
        self._distribution.restore(state["distribution"])
        self._best_loss, self._best_point = state["best_loss"], state["best_point"]
