"""Stages: one search prepares the ground for the next, as scales do for weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np
from numpy.random import Generator

from evolino.search.base import Search, SearchSettings, State, WeightSpace
from evolino.search.esp import ESP
from evolino.search.random_search import RandomSearch
from evolino.search.random_state import child, rng_state, set_rng_state
from evolino.vocabulary import Array, check_count


@runtime_checkable
class Scaling(Protocol):
    """A search that also learns how far weights should move."""

    def best_scale(self) -> Array:
        """Return (C, G) for the space of the search that comes after it."""
        ...


@dataclass(frozen=True, slots=True)
class Staged:
    """Settings of two searches, one after the other.

    first: runs for its share of evaluations. second: then starts from the best network so
    far, in a space with the first's scales if it learnt any.

    evaluations: the share of the first, rounded up to whole generations.

    Raises TypeError or ValueError, naming the field, for one out of its range.

    >>> import evolino
    >>> search = evolino.Staged(evolino.ScaleEvolution(), evolino.CMAES(), evaluations=40)
    >>> result = evolino.train("mso", preset="paper", initialiser="spread",
    ...     search=search, budget=evolino.Budget(generations=2))
    >>> result.evaluations
    122
    """

    name: ClassVar[str] = "staged"

    first: SearchSettings = field(default_factory=RandomSearch)
    second: SearchSettings = field(default_factory=ESP)
    evaluations: int = 1000

    def __post_init__(self) -> None:
        """Check the settings."""
        check_count("evaluations", self.evaluations, most=None)

    def start(self, space: WeightSpace, rng: Generator, origin: Array | None) -> Search:
        """Begin with the first search."""
        return _Running(self, space, rng, origin)


class _Running:
    def __init__(
        self, settings: Staged, space: WeightSpace, rng: Generator, origin: Array | None
    ) -> None:
        self._settings, self._space, self._rng = settings, space, rng
        self._evaluated, self._second = 0, False
        self._scale: Array | None = None
        self._best, self._best_loss = origin, float("inf")
        self._genomes = np.zeros((0, *space.shape))
        self._inner = settings.first.start(space, child(rng), origin)

    def ask(self) -> Array:
        self._genomes = self._inner.ask()
        return self._genomes

    def tell(self, losses: Array) -> None:
        self._inner.tell(losses)
        if self._second:
            return
        self._evaluated += len(losses)
        lowest = int(np.argmin(losses))
        if losses[lowest] < self._best_loss:
            self._best = self._genomes[lowest].copy()
            self._best_loss = float(losses[lowest])
        if self._evaluated >= self._settings.evaluations:
            if isinstance(self._inner, Scaling):
                self._scale = self._inner.best_scale()
            self._begin_second(child(self._rng))

    def receive(self, genome: Array, loss: float) -> None:
        """Pass it on; the second search starts from it if nothing better is found."""
        self._inner.receive(genome, loss)
        if not self._second and loss < self._best_loss:
            self._best, self._best_loss = genome.copy(), loss

    def state(self) -> State:
        return {
            "rng": rng_state(self._rng),
            "evaluated": self._evaluated,
            "second": self._second,
            "scale": self._scale,
            "best": self._best,
            "best_loss": self._best_loss,
            "inner": self._inner.state(),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        set_rng_state(self._rng, state["rng"])
        self._evaluated, self._second = state["evaluated"], state["second"]
        self._scale = state["scale"]
        self._best, self._best_loss = state["best"], state["best_loss"]
        scratch = np.random.default_rng(0)  # its state is restored with the rest
        if self._second:
            self._begin_second(scratch)
        else:
            self._inner = self._settings.first.start(self._space, scratch, self._best)
        self._inner.restore(state["inner"])

    def _begin_second(self, rng: Generator) -> None:
        space = (
            self._space if self._scale is None else replace(self._space, scale=self._scale)
        )
        self._second = True
        self._inner = self._settings.second.start(space, rng, self._best)
