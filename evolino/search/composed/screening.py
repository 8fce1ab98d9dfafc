"""Screening: the best of many random draws starts a search."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.random import Generator

from evolino.search.ask_tell import AskTell
from evolino.search.base import Search, SearchSettings, State, WeightSpace
from evolino.search.esp import ESP
from evolino.search.random_state import child, rng_state, set_rng_state
from evolino.vocabulary import Array, check_count


@dataclass(frozen=True, slots=True)
class Screened:
    """Settings. search: what is started. draws: networks drawn before it.

    batch: how many of them a generation evaluates.

    Raises TypeError or ValueError, naming the field, for one out of its range.

    >>> import evolino
    >>> search = evolino.Screened(evolino.CMAES(), draws=20)
    >>> result = evolino.train("mso", preset="paper", search=search,
    ...     budget=evolino.Budget(generations=2))
    >>> result.evaluations
    42
    """

    name: ClassVar[str] = "screened"

    search: SearchSettings = field(default_factory=ESP)
    draws: int = 200
    batch: int = 40

    def __post_init__(self) -> None:
        """Check the settings."""
        check_count("draws", self.draws)
        check_count("batch", self.batch)

    def start(self, space: WeightSpace, rng: Generator, origin: Array | None) -> Search:
        """Begin to screen; with an origin there is nothing to screen for."""
        return _Running(self, space, rng, origin)


class _Running:
    def __init__(
        self, settings: Screened, space: WeightSpace, rng: Generator, origin: Array | None
    ) -> None:
        self._settings, self._space, self._rng = settings, space, rng
        self._ask_tell, self._drawn = AskTell(), 0
        self._best, self._best_loss = origin, float("inf")
        self._inner: Search | None = None
        if origin is not None:
            self._inner = settings.search.start(space, child(rng), origin)

    def ask(self) -> Array:
        if self._inner is not None:
            return self._inner.ask()
        count = min(self._settings.batch, self._settings.draws - self._drawn)
        return self._ask_tell.ask(self._space.draw(self._rng, count))

    def tell(self, losses: Array) -> None:
        if self._inner is not None:
            self._inner.tell(losses)
            return
        genomes, losses = self._ask_tell.tell(losses)
        self._drawn += len(losses)
        first = int(np.argmin(losses))
        if losses[first] < self._best_loss:
            self._best, self._best_loss = genomes[first].copy(), float(losses[first])
        if self._drawn >= self._settings.draws:
            self._inner = self._settings.search.start(
                self._space, child(self._rng), self._best
            )

    def receive(self, genome: Array, loss: float) -> None:
        """Pass it on; while screening, it counts as one of the draws."""
        if self._inner is not None:
            self._inner.receive(genome, loss)
        elif loss < self._best_loss:
            self._best, self._best_loss = genome.copy(), loss

    def state(self) -> State:
        return {
            "rng": rng_state(self._rng),
            "drawn": self._drawn,
            "best": self._best,
            "best_loss": self._best_loss,
            "inner": None if self._inner is None else self._inner.state(),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        set_rng_state(self._rng, state["rng"])
        self._drawn = state["drawn"]
        self._best, self._best_loss = state["best"], state["best_loss"]
        self._inner = None
        if state["inner"] is not None:
            scratch = np.random.default_rng(0)  # its state is restored with the rest
            self._inner = self._settings.search.start(self._space, scratch, self._best)
            self._inner.restore(state["inner"])
