"""Environments of gymnasium, of anyone: observations flattened and scaled, actions mapped.

Discrete actions take as many outputs, of which the largest is chosen; continuous ones an
output each, whose tanh covers the range. Observations are flattened by gymnasium (dicts and
tuples too), some may be hidden, and all are divided by what random play showed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from evolino.vocabulary import Array, BoolArray

RANDOM_EPISODES, RANDOM_STEPS = 10, 200  # that scales are learnt from


def load_gymnasium() -> Any:
    """Return the package. Raises ValueError naming the extra where it is not installed."""
    try:
        import gymnasium
    except ImportError:
        raise ValueError(
            "environments of gymnasium need the extra 'control': pip install "
            "'evolino[control]'"
        ) from None
    return gymnasium


@dataclass(frozen=True, slots=True)
class GymnasiumEnvironment:
    """An environment by its id. hide: places of flattened observations that are not shown.
    units: shift and divisor of each one that is; (): divided by what random play showed.

    Raises ValueError for one that is not there, for observations or actions that cannot be
    flattened, for ranges of actions that are not finite, and where nothing is shown.
    """

    env: str
    hide: tuple[int, ...] = ()
    units: tuple[tuple[float, float], ...] = ()

    def __post_init__(self) -> None:
        """Open it once."""
        object.__setattr__(self, "hide", tuple(self.hide))
        width = facts(self.env).width
        for place in self.hide:
            if not 0 <= place < width:
                raise ValueError(
                    f"hide must be places 0 to {width - 1} of {self.env}, got {place}"
                )
        if not self.observations:
            raise ValueError(f"hide leaves nothing of the {width} observations to see")

    @property
    def observations(self) -> int:
        """I."""
        return facts(self.env).width - len(set(self.hide))

    @property
    def actions(self) -> int:
        """K."""
        return facts(self.env).outputs

    @property
    def chooses(self) -> bool:
        """Whether its action is the largest of the outputs; else they are continuous."""
        return facts(self.env).choices > 0

    def open(self, count: int) -> GymnasiumWorlds:
        """Return so many copies."""
        gymnasium = load_gymnasium()
        worlds = [gymnasium.make(self.env, disable_env_checker=True) for _ in range(count)]
        return GymnasiumWorlds(self, worlds)


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """What is known of an environment. width: of flattened observations. outputs: K.
    choices: of a discrete action, else 0; first: the smallest of them. low, high: of
    continuous ones. scale: (width,), of observations. threshold: return at which it counts
    as solved, and steps of an episode, where it says so."""

    width: int
    outputs: int
    choices: int
    first: int
    low: Array
    high: Array
    scale: Array
    threshold: float | None
    steps: int | None


@lru_cache(maxsize=32)
def facts(env: str) -> Facts:
    """Return what is known of an environment, from one copy of it."""
    gymnasium = load_gymnasium()
    try:
        world = gymnasium.make(env, disable_env_checker=True)
    except Exception as error:  # gymnasium and packages of environments raise of every kind
        raise ValueError(f"env {env!r} cannot be made: {error}") from error
    try:
        width = _width(gymnasium, env, world.observation_space)
        choices, first, low, high = _actions(gymnasium, env, world.action_space)
        with said_of(env):
            scale = _scale(gymnasium, world, width)
    finally:
        world.close()
    spec = world.spec
    return Facts(
        width,
        choices or len(low),
        choices,
        first,
        low,
        high,
        scale,
        getattr(spec, "reward_threshold", None),
        getattr(spec, "max_episode_steps", None),
    )


class GymnasiumWorlds:
    """Open copies of an environment."""

    def __init__(self, environment: GymnasiumEnvironment, worlds: Sequence[Any]) -> None:
        self._flatten = load_gymnasium().spaces.flatten
        self._environment, self._worlds = environment, worlds
        self._facts = facts(environment.env)
        shown = np.setdiff1d(np.arange(self._facts.width), environment.hide)
        scale = self._facts.scale[shown]
        units = np.array(environment.units or [(0.0, each) for each in scale])
        self._shown, (self._shift, self._scale) = shown, units.T
        self._seen = np.zeros((len(worlds), len(shown)))

    def reset(self, seeds: Array) -> Array:
        """Begin an episode in each."""
        for k, (world, seed) in enumerate(zip(self._worlds, seeds, strict=True)):
            with said_of(self._environment.env):
                first = world.reset(seed=int(seed))[0]
            self._take(k, first)
        return self._seen.copy()

    def step(self, outputs: Array, running: BoolArray) -> tuple[Array, BoolArray, Array]:
        """Act in those that run."""
        goes_on, rewards = running.copy(), np.zeros(len(self._worlds))
        for k in np.flatnonzero(running).tolist():
            action = self._action(outputs[k])
            with said_of(self._environment.env):
                observation, reward, ended, cut, _ = self._worlds[k].step(action)
            self._take(k, observation)
            rewards[k], goes_on[k] = float(reward), not (ended or cut)
        if not np.isfinite(rewards).all():
            raise ValueError(
                f"env {self._environment.env} gave a reward that is not finite"
            )
        return self._seen.copy(), goes_on, rewards

    def close(self) -> None:
        """Close all."""
        for world in self._worlds:
            world.close()

    def _take(self, k: int, observation: Any) -> None:
        space = self._worlds[k].observation_space
        values = np.asarray(self._flatten(space, observation), np.float64)[self._shown]
        if not np.isfinite(values).all():
            raise ValueError(
                f"env {self._environment.env} gave an observation that is not finite: "
                f"{values.tolist()}"
            )
        self._seen[k] = (values + self._shift) / self._scale

    def _action(self, outputs: Array) -> Any:
        known = self._facts
        if known.choices:
            best = int(np.argmax(np.where(np.isnan(outputs), -np.inf, outputs)))
            return known.first + best
        share = (np.tanh(np.nan_to_num(outputs)) + 1) / 2
        action = known.low + share * (known.high - known.low)
        space = self._worlds[0].action_space
        return action.reshape(space.shape).astype(space.dtype)


@contextmanager
def said_of(env: str) -> Iterator[None]:
    """Raise ValueError in one line, naming the environment, for whatever it raises."""
    try:
        yield
    except Exception as error:  # of every kind, as in `facts`
        reason = " ".join(str(error).split())
        raise ValueError(f"env {env} raised {type(error).__name__}: {reason}") from error


def _width(gymnasium: Any, env: str, space: Any) -> int:
    try:
        return int(gymnasium.spaces.flatdim(space))
    except (NotImplementedError, ValueError) as error:
        raise ValueError(f"env {env}: observations {space} cannot be flattened") from error


def _actions(gymnasium: Any, env: str, space: Any) -> tuple[int, int, Array, Array]:
    """Return choices, the first of them, low and high."""
    none = np.zeros(0)
    if isinstance(space, gymnasium.spaces.Discrete):
        return int(space.n), int(space.start), none, none
    if not isinstance(space, gymnasium.spaces.Box):
        raise ValueError(
            f"env {env}: actions must be discrete or a box of numbers, got {space}"
        )
    low, high = (np.asarray(x, np.float64).reshape(-1) for x in (space.low, space.high))
    if not (np.isfinite(low).all() and np.isfinite(high).all()):
        raise ValueError(f"env {env}: actions must have finite bounds, got {space}")
    return 0, 0, low, high


def _scale(gymnasium: Any, world: Any, width: int) -> Array:
    """Return (width,): the root mean square of each observation in random play, 1 for one
    that is always 0."""
    world.action_space.seed(0)
    seen: list[Any] = []
    for episode in range(RANDOM_EPISODES):
        observation, _ = world.reset(seed=episode)
        for _ in range(RANDOM_STEPS):
            seen.append(gymnasium.spaces.flatten(world.observation_space, observation))
            observation, _, ended, cut, _ = world.step(world.action_space.sample())
            if ended or cut:
                break
    size = np.sqrt(np.square(np.array(seen, np.float64)).mean(axis=0))
    return np.where(np.isfinite(size) & (size > 0), size, 1.0).reshape(width)


@dataclass(frozen=True, slots=True, eq=False)
class Rendered:
    """An episode in pictures (height, width, 3), its steps, its return, and whether it
    ended before its limit of steps."""

    pictures: list[Any]
    steps: int
    returned: float
    ended: bool


def rendered(
    environment: GymnasiumEnvironment, seed: int, steps: int, act: Callable[[Array], Array]
) -> Rendered:
    """Return an episode as the environment draws it. act: observation (I,) -> (K,).

    Raises ValueError for an environment that draws nothing.
    """
    gymnasium = load_gymnasium()
    try:
        world = gymnasium.make(
            environment.env, render_mode="rgb_array", disable_env_checker=True
        )
        worlds, pictures, returned = GymnasiumWorlds(environment, [world]), [], 0.0
        seen = worlds.reset(np.array([float(seed)]))
        pictures.append(world.render())
    except Exception as error:  # of every kind, as in `facts`
        raise ValueError(f"env {environment.env} draws no pictures: {error}") from error
    running, taken = np.ones(1, dtype=bool), 0
    try:
        while taken < steps and running[0]:
            seen, running, reward = worlds.step(act(seen[0])[None], running)
            returned, taken = returned + float(reward[0]), taken + 1
            pictures.append(world.render())
    finally:
        worlds.close()
    return Rendered(pictures, taken, returned, ended=not running[0])
