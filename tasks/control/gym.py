"""Control of any environment of gymnasium, seen in part: `evolino run control --env ID`.

A candidate plays a few episodes, the same seeds for all of a run; the search ends once the
best network of a generation reaches the threshold in the mean of 100 other episodes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.random import Generator

from evolino.environments.base import Episodes, Outcomes
from evolino.environments.gymnasium_worlds import GymnasiumEnvironment, facts
from evolino.task.control import Player
from evolino.task.protocol import Published
from evolino.task.series import Split
from evolino.tasks.control.players import Scripted
from evolino.vocabulary import Array, IntArray, check_count, check_number

CHECKED = 100  # episodes of a test, as gymnasium counts a solution
MOST_STEPS = 1000  # where an environment has no limit of its own
CHECK, TEST = 1_000_000, 2_000_000  # first seeds of the tests, apart from training's


@dataclass(frozen=True, slots=True)
class Gymnasium:
    """Act in an environment of gymnasium.

    env: its id. hide: places of observations that are not shown, such as velocities.
    episodes: that a candidate plays. steps: of an episode at most; None is the
    environment's own limit. threshold: mean return that ends the search; None is the
    environment's own.
    """

    name: ClassVar[str] = "control"
    generates: ClassVar[bool] = False

    env: str = field(default="CartPole-v1", metadata={"help": "id of the environment"})
    hide: tuple[int, ...] = field(
        default=(), metadata={"help": "observations that are not shown: 1,3"}
    )
    episodes: int = field(default=5, metadata={"help": "of a candidate"})
    steps: int | None = field(default=None, metadata={"help": "of an episode at most"})
    threshold: float | None = field(
        default=None, metadata={"help": "mean return that ends the search"}
    )

    def __post_init__(self) -> None:
        """Check the parameters; the environment is made once."""
        object.__setattr__(self, "hide", tuple(self.hide))
        check_count("episodes", self.episodes, most=10_000)
        if self.steps is not None:
            check_count("steps", self.steps)
        if self.threshold is not None:
            check_number("threshold", self.threshold)
        if self.threshold is None and facts(self.env).threshold is None:
            raise ValueError(f"threshold must be given: {self.env} has none of its own")
        GymnasiumEnvironment(self.env, self.hide)

    @property
    def environment(self) -> GymnasiumEnvironment:
        """What the network acts in."""
        return GymnasiumEnvironment(self.env, self.hide)

    @property
    def inputs(self) -> int:
        """I: the observations that are shown."""
        return self.environment.observations

    @property
    def outputs(self) -> int:
        """K: one for each discrete action, or continuous number."""
        return self.environment.actions

    @property
    def goal(self) -> float:
        """The mean return that ends the search."""
        own = facts(self.env).threshold
        if self.threshold is not None or own is None:
            return float(self.threshold or 0.0)
        return own

    @property
    def tested_at(self) -> float:
        """The loss of the goal."""
        return float(_loss(np.array([self.goal]))[0])

    def sequences(self, rng: Generator) -> Split:
        """Return the split: seeds of the episodes."""
        seeds = rng.integers(0, CHECK, self.episodes)
        return Split((), (), (), episodes=self._seeded(seeds))

    def loss(self, outputs: Array, targets: Array) -> Array:
        """Raise TypeError: there are no targets."""
        raise TypeError("a task of control has no targets: see outcome_loss")

    def outcome_loss(self, outcomes: Outcomes) -> Array:
        """Return (P,): 1 / (1 + R) for a mean return R above 0, else 1 - R."""
        return _loss(outcomes.returns.mean(axis=1))

    def shown(self, rng: Generator, count: int) -> Episodes:
        """Return episodes of fresh seeds."""
        return self._seeded(TEST + rng.integers(0, CHECK, count))

    def passes(self, player: Player) -> bool:
        """Return whether the mean return of 100 other episodes reaches the goal."""
        found = player.play(self.environment, self._seeded(CHECK + np.arange(CHECKED)))
        return bool(found.returns.mean() >= self.goal)

    def measure(self, model: Player, split: Split) -> dict[str, float]:
        """Return solved, return_mean and steps, means over 100 fresh episodes."""
        found = model.play(self.environment, self._seeded(TEST + np.arange(CHECKED)))
        reached = float(found.returns.mean())
        return {
            "solved": float(reached >= self.goal),
            "return_mean": reached,
            "steps": float(found.steps.mean()),
        }

    def baselines(self, split: Split) -> dict[str, dict[str, float]]:
        """Return the figures of outputs that are always 0, and of random ones."""
        rng = np.random.default_rng(0)
        width = self.outputs
        still = Scripted(lambda seen: np.zeros((len(seen), width)))
        blind = Scripted(lambda seen: rng.normal(size=(len(seen), width)))
        return {
            "outputs 0": self.measure(still, split),
            "random": self.measure(blind, split),
        }

    def published(self) -> tuple[Published, ...]:
        """Return none: the threshold is the environment's."""
        return ()

    def _seeded(self, seeds: IntArray) -> Episodes:
        own = facts(self.env).steps or MOST_STEPS
        steps = own if self.steps is None else self.steps
        return Episodes(
            np.asarray(seeds, np.float64)[:, None], steps, np.zeros((len(seeds), steps, 0))
        )


def _loss(returns: Array) -> Array:
    """Return losses above 0 that fall as returns (P,) rise."""
    return np.where(returns > 0, 1.0 / (1.0 + np.maximum(returns, 0.0)), 1.0 - returns)
