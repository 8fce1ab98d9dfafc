"""Racing: several searches run a while, the best of them goes on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.random import Generator

from evolino.search.base import Search, SearchSettings, State, WeightSpace
from evolino.search.esp import ESP
from evolino.search.random_state import child, rng_state, set_rng_state
from evolino.vocabulary import Array, check_count


@dataclass(frozen=True, slots=True)
class Raced:
    """Settings of a search that races several starts of another.

    search: what is started. starts: how many times, each with its own generator.
    evaluations: of each start, rounded up to whole generations; then the start with the
    lowest loss goes on alone. One after another, so that a run needs no more memory for
    networks than one search.

    Raises TypeError or ValueError, naming the field, for one out of its range.

    >>> import evolino
    >>> search = evolino.Raced(evolino.CMAES(), starts=2)
    >>> result = evolino.train("mso", preset="paper", search=search,
    ...     budget=evolino.Budget(generations=2))
    >>> result.evaluations
    44
    """

    name: ClassVar[str] = "raced"

    search: SearchSettings = field(default_factory=ESP)
    starts: int = 4
    evaluations: int = 1000

    def __post_init__(self) -> None:
        """Check the settings."""
        check_count("starts", self.starts)
        check_count("evaluations", self.evaluations, most=None)

    def start(self, space: WeightSpace, rng: Generator, origin: Array | None) -> Search:
        """Begin with the first start; every one gets the origin."""
        return _Running(self, space, rng, origin)


class _Running:
    """leader: the state of the best start that is over, None if there is none yet."""

    def __init__(
        self, settings: Raced, space: WeightSpace, rng: Generator, origin: Array | None
    ) -> None:
        self._settings, self._space, self._rng = settings, space, rng
        self._origin = origin
        self._started, self._evaluated, self._best_loss = 1, 0, float("inf")
        self._leader: State | None = None
        self._leader_loss = float("inf")
        self._inner = settings.search.start(space, child(rng), origin)

    def ask(self) -> Array:
        return self._inner.ask()

    def tell(self, losses: Array) -> None:
        self._inner.tell(losses)
        self._evaluated += len(losses)
        self._best_loss = min(self._best_loss, float(np.min(losses)))
        racing = self._started <= self._settings.starts
        if racing and self._evaluated >= self._settings.evaluations:
            self._finish_start()

    def receive(self, genome: Array, loss: float) -> None:
        """Pass it on to the start that is running; the race goes by its own networks."""
        self._inner.receive(genome, loss)

    def state(self) -> State:
        return {
            "rng": rng_state(self._rng),
            "origin": self._origin,
            "started": self._started,
            "evaluated": self._evaluated,
            "best_loss": self._best_loss,
            "leader": self._leader,
            "leader_loss": self._leader_loss,
            "inner": self._inner.state(),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        set_rng_state(self._rng, state["rng"])
        self._origin, self._leader = state["origin"], state["leader"]
        self._started, self._evaluated = state["started"], state["evaluated"]
        self._best_loss, self._leader_loss = state["best_loss"], state["leader_loss"]
        self._go_on(state["inner"])

    def _finish_start(self) -> None:
        """Keep the start if it leads; begin the next one, or go on with the leader."""
        if self._leader is None or self._best_loss < self._leader_loss:
            self._leader, self._leader_loss = self._inner.state(), self._best_loss
        self._started += 1
        self._evaluated, self._best_loss = 0, float("inf")
        if self._started <= self._settings.starts:
            self._inner = self._settings.search.start(
                self._space, child(self._rng), self._origin
            )
        else:
            self._go_on(self._leader)
            self._leader = None

    def _go_on(self, state: Mapping[str, Any]) -> None:
        scratch = np.random.default_rng(0)  # its state is restored with the rest
        self._inner = self._settings.search.start(self._space, scratch, self._origin)
        self._inner.restore(state)
