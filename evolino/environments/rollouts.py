"""Rollouts: episodes of any environment, recorded step by step, as policy gradients need.

All episodes step together in NumPy, compiled environments by their plain twin.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from evolino.environments import reference
from evolino.environments.base import Environment, Episodes
from evolino.environments.stepped import AnyEnvironment, SteppedEnvironment
from evolino.vocabulary import Array, BoolArray, IntArray

# From observations (N, I) to what the environment is given (N, K), a step of all episodes.
Act = Callable[[Array], Array]


@dataclass(frozen=True, slots=True, eq=False)
class Rollouts:
    """N recorded episodes, the longest of T steps.

    observations: (T, N, I). given: (T, N, K), what the environment was given as outputs.
    rewards: (T, N), 0 after an episode's end. lengths: (N,), steps of each.
    """

    observations: Array
    given: Array
    rewards: Array
    lengths: IntArray

    def joined(self, values: Array) -> Array:
        """Return (sum of lengths, ..): the rows of values (T, N, ..) that were lived
        through, episode after episode."""
        return np.concatenate([values[:n, k] for k, n in enumerate(self.lengths)])

    def to_go(self, discount: float) -> Array:
        """Return (T, N): the discounted sums of the rewards from each step on."""
        sums = np.zeros_like(self.rewards)
        after = np.zeros(len(self.lengths))
        for t in reversed(range(len(sums))):
            after = sums[t] = self.rewards[t] + discount * after
        return sums


def record(environment: AnyEnvironment, episodes: Episodes, act: Act) -> Rollouts:
    """Return what a policy does in N episodes; it is given all of them together."""
    if isinstance(environment, Environment):
        return _record_compiled(environment, episodes, act)
    return _record_stepped(environment, episodes, act)


def _record_compiled(environment: Environment, episodes: Episodes, act: Act) -> Rollouts:
    running, lengths = _begin(episodes)
    seen: list[Array] = []

    def seeing(observations: Array) -> Array:
        seen.append(observations)
        return act(observations)

    given, rewards = [], []
    every = reference.trajectories(environment, episodes, seeing)
    for _, outputs, goes_on, reward, _ in every:
        given.append(outputs)
        rewards.append(np.where(running, reward, 0.0))
        lengths += running
        running &= goes_on > 0.5
    return Rollouts(np.array(seen), np.array(given), np.array(rewards), lengths)


def _record_stepped(
    environment: SteppedEnvironment, episodes: Episodes, act: Act
) -> Rollouts:
    running, lengths = _begin(episodes)
    observations, given, rewards = [], [], []
    worlds = environment.open(episodes.number)
    try:
        seen = worlds.reset(episodes.starts[:, 0])
        for _ in range(episodes.steps):
            observations.append(seen)
            given.append(act(seen))
            seen, goes_on, reward = worlds.step(given[-1], running)
            rewards.append(np.where(running, reward, 0.0))
            lengths += running
            running = running & goes_on
            if not running.any():
                break
    finally:
        worlds.close()
    return Rollouts(np.array(observations), np.array(given), np.array(rewards), lengths)


def _begin(episodes: Episodes) -> tuple[BoolArray, IntArray]:
    """Return which episodes run, and their lengths so far."""
    return np.ones(episodes.number, dtype=bool), np.zeros(episodes.number, dtype=np.int64)
