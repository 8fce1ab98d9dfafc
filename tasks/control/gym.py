"""Control of any environment of gymnasium, seen in part: `evolino run control --env ID`.

A candidate plays a few episodes, the same seeds for all of a run; the search ends once the
best network of a generation reaches the threshold in the mean of 100 other episodes, by
a standard error.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.random import Generator

from evolino.environments.base import Episodes, Outcomes
from evolino.environments.gymnasium_worlds import GymnasiumEnvironment, facts
from evolino.environments.stepped import AnyEnvironment
from evolino.environments.twins import twin_of
from evolino.task.control import Player
from evolino.task.protocol import Published
from evolino.task.series import Split
from evolino.tasks.control.players import Scripted
from evolino.vocabulary import Array, IntArray, check_count, check_flag, check_number

CHECKED = 100  # episodes of a test, as gymnasium counts a solution
MOST_STEPS = 1000  # where an environment has no limit of its own
CHECK, TEST = 1_000_000, 2_000_000  # first seeds of the tests, apart from training's


@dataclass(frozen=True, slots=True)
class Gymnasium:
    """Act in an environment of gymnasium.

    env: its id. hide: places of observations that are not shown, such as velocities.
    episodes: that a candidate plays. steps: of an episode at most; None is the
    environment's own limit. threshold: mean return that ends the search; None is the
    environment's own. compiled: evolve in our compiled equations of it, of CartPole-v1,
    Pendulum-v1, MountainCar-v0 and Acrobot-v1 from positions only, and of POPGym's
    PositionOnlyCartPole, NoisyPositionOnlyPendulum and RepeatPrevious; the tests are in
    the environment's own all the same.

    Raises TypeError or ValueError, naming the field, for one out of its range.

    >>> import evolino
    >>> task = evolino.Gymnasium("CartPole-v1", hide=(1, 3))
    >>> task.inputs, task.outputs
    (2, 2)
    """

    name: ClassVar[str] = "control"
    generates: ClassVar[bool] = False
    # Of a preset's row the other fields are for its environment, not for another one.
    belongs_to: ClassVar[tuple[str, ...]] = ("env",)

    env: str = field(default="CartPole-v1", metadata={"help": "id of the environment"})
    hide: tuple[int, ...] = field(
        default=(), metadata={"help": "observations that are not shown: 1,3"}
    )
    episodes: int = field(default=5, metadata={"help": "of a candidate"})
    steps: int | None = field(default=None, metadata={"help": "of an episode at most"})
    threshold: float | None = field(
        default=None, metadata={"help": "mean return that ends the search"}
    )

    compiled: bool = field(
        default=False,
        metadata={"help": "evolve in our own equations of some of gymnasium, POPGym"},
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
        check_flag("compiled", self.compiled)
        GymnasiumEnvironment(self.env, self.hide, self._units)

    @property
    def environment(self) -> AnyEnvironment:
        """What candidates act in."""
        return twin_of(self.env, self.hide).environment if self.compiled else self.tested_in

    @property
    def tested_in(self) -> GymnasiumEnvironment:
        """What networks are tested in."""
        return GymnasiumEnvironment(self.env, self.hide, self._units)

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
        return Split((), (), (), episodes=self._drawn(rng, self.episodes, first=0))

    def loss(self, outputs: Array, targets: Array) -> Array:
        """Raise TypeError: there are no targets."""
        raise TypeError("a task of control has no targets: see outcome_loss")

    def outcome_loss(self, outcomes: Outcomes) -> Array:
        """Return (P,): 1 / (1 + R) for a mean return R above 0, else 1 - R."""
        return _loss(outcomes.returns.mean(axis=1))

    def shown(self, rng: Generator, count: int) -> Episodes:
        """Return episodes of fresh seeds."""
        return self._drawn(rng, count, first=TEST)

    def passes(self, player: Player) -> bool:
        """Return whether the mean return of 100 other episodes, less two standard errors,
        reaches the goal: on fresh ones it then does so too, as a rule.

        Where candidates act in a compiled twin they are put to 400 episodes there first.
        """
        if self.compiled:
            many = self._drawn(np.random.default_rng(CHECK), 4 * CHECKED, first=CHECK)
            if not self._surely_reaches(player.play(self.environment, many)):
                return False
        these = self._seeded(CHECK + np.arange(CHECKED))
        return self._surely_reaches(player.play(self.tested_in, these))

    def measure(self, model: Player, split: Split) -> dict[str, float]:
        """Return solved, return_mean and steps, means over 100 fresh episodes."""
        found = model.play(self.tested_in, self._seeded(TEST + np.arange(CHECKED)))
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

    @property
    def _units(self) -> tuple[tuple[float, float], ...]:
        return twin_of(self.env, self.hide).units if self.compiled else ()

    @property
    def _limit(self) -> int:
        own = facts(self.env).steps or MOST_STEPS
        return own if self.steps is None else self.steps

    def _surely_reaches(self, found: Outcomes) -> bool:
        """Return whether a mean return reaches the goal by two standard errors."""
        error = found.returns.std() / np.sqrt(found.returns.size)
        return bool(found.returns.mean() - 2 * error >= self.goal)

    def _drawn(self, rng: Generator, count: int, first: int) -> Episodes:
        """Return episodes; first: the lowest seed of gymnasium's."""
        if not self.compiled:
            return self._seeded(first + rng.integers(0, CHECK, count))
        twin = twin_of(self.env, self.hide)
        steps = min(self._limit, twin.steps or self._limit)
        starts = np.asarray(twin.starts(rng, count), np.float64)
        noise = rng.standard_normal((count, steps, twin.environment.noise))
        return Episodes(np.ascontiguousarray(starts), steps, noise)

    def _seeded(self, seeds: IntArray) -> Episodes:
        steps = self._limit
        return Episodes(
            np.asarray(seeds, np.float64)[:, None], steps, np.zeros((len(seeds), steps, 0))
        )


def _loss(returns: Array) -> Array:
    """Return losses above 0 that fall as returns (P,) rise."""
    return np.where(returns > 0, 1.0 / (1.0 + np.maximum(returns, 0.0)), 1.0 - returns)
