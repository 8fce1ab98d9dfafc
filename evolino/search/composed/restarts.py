"""Restarts: a search that stagnates, or has had its generations, begins again elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.random import Generator

from evolino.search.base import Search, SearchSettings, State, WeightSpace
from evolino.search.esp import ESP
from evolino.search.random_state import child, rng_state, set_rng_state
from evolino.vocabulary import Array, check_count, check_number


@dataclass(frozen=True, slots=True)
class Restarted:
    """Settings. search: what is restarted, with new draws and its own generator.

    after: generations without a better network. by: what makes a network better: a loss
        lower by more than this than the lowest that counted. from_origin: every
        second start uses the origin, if there is one, else only the first does. limit:
        generations of a start at most; None is no limit.

    Raises TypeError or ValueError, naming the field, for one out of its range.

    >>> import evolino
    >>> search = evolino.Restarted(evolino.CMAES(), after=10)
    >>> result = evolino.train("mso", preset="paper", search=search,
    ...     budget=evolino.Budget(generations=2))
    >>> result.evaluations
    44
    """

    name: ClassVar[str] = "restarted"

    search: SearchSettings = field(default_factory=ESP)
    after: int = 60
    by: float = 0.0
    from_origin: bool = False
    limit: int | None = None

    def __post_init__(self) -> None:
        """Check the settings."""
        check_count("after", self.after)
        check_number("by", self.by, least=0)
        if self.limit is not None:
            check_count("limit", self.limit)

    def start(self, space: WeightSpace, rng: Generator, origin: Array | None) -> Search:
        """Begin, at the origin if there is one."""
        return _Running(self, space, rng, origin)


class _Running:
    def __init__(
        self, settings: Restarted, space: WeightSpace, rng: Generator, origin: Array | None
    ) -> None:
        self._settings, self._space, self._rng = settings, space, rng
        self._best_loss, self._stagnant, self._age = float("inf"), 0, 0
        self._origin, self._restarts = origin if settings.from_origin else None, 0
        self._inner = settings.search.start(space, child(rng), origin)

    def ask(self) -> Array:
        return self._inner.ask()

    def tell(self, losses: Array) -> None:
        self._inner.tell(losses)
        lowest = float(np.min(losses))
        if lowest < self._best_loss - self._settings.by:
            self._best_loss, self._stagnant = lowest, 0
        else:
            self._stagnant += 1
        self._age += 1
        limit = self._settings.limit
        if self._stagnant >= self._settings.after or self._age == limit:
            self._begin()

    def receive(self, genome: Array, loss: float) -> None:
        """Pass it on; only networks of its own count against stagnation."""
        self._inner.receive(genome, loss)

    def state(self) -> State:
        return {
            "rng": rng_state(self._rng),
            "stagnant": self._stagnant,
            "age": self._age,
            "best_loss": self._best_loss,
            "origin": self._origin,
            "restarts": self._restarts,
            "inner": self._inner.state(),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        self._origin = state.get("origin")
        self._begin()
        self._restarts = state.get("restarts", 0)
        set_rng_state(self._rng, state["rng"])
        self._stagnant, self._best_loss = state["stagnant"], state["best_loss"]
        self._age = state["age"]
        self._inner.restore(state["inner"])

    def _begin(self) -> None:
        self._restarts += 1
        origin = self._origin if self._restarts % 2 == 0 else None
        self._inner = self._settings.search.start(self._space, child(self._rng), origin)
        self._best_loss, self._stagnant, self._age = float("inf"), 0, 0
