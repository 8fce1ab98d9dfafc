"""Environments that are stepped from Python: what they offer, and episodes of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, runtime_checkable

import numpy as np

from evolino.environments.base import WINDOW, Environment, Episodes, Outcomes
from evolino.vocabulary import Array, BoolArray

# From observations (M, I) of M episodes to outputs (M, K); called once a step.
ActTogether = Callable[[Array], Array]


class Worlds(Protocol):
    """M copies of an environment, open."""

    def reset(self, seeds: Array) -> Array:
        """Begin an episode in each by its seed (M,); return the observations (M, I)."""
        ...

    def step(self, outputs: Array, running: BoolArray) -> tuple[Array, BoolArray, Array]:
        """Act in those that run by outputs (M, K); return observations (M, I), which go on
        and rewards (M,)."""
        ...

    def close(self) -> None:
        """Close all."""
        ...


@runtime_checkable
class SteppedEnvironment(Protocol):
    """An environment that is not compiled; an episode's start is a seed, (N, 1)."""

    @property
    def observations(self) -> int:
        """I."""
        ...

    @property
    def actions(self) -> int:
        """K: the outputs that it takes."""
        ...

    def open(self, count: int) -> Worlds:
        """Return so many copies."""
        ...


AnyEnvironment = Environment | SteppedEnvironment


def chooses(environment: AnyEnvironment) -> bool:
    """Return whether an environment's action is the largest of the outputs; one that does
    not say so by `chooses` takes them as continuous."""
    return bool(getattr(environment, "chooses", False))


def play_together(
    environment: SteppedEnvironment, episodes: Episodes, networks: int, act: ActTogether
) -> Outcomes:
    """Return what P networks come to, (P, N): all their episodes step together.

    act: is given the observations of P N episodes, network after network.
    """
    count = networks * episodes.number
    seeds = np.tile(episodes.starts[:, 0], networks)
    worlds = environment.open(count)
    running = np.ones(count, dtype=bool)
    taken, returns, window = np.zeros(count), np.zeros(count), np.zeros((WINDOW, count))
    try:
        seen = worlds.reset(seeds)
        for t in range(episodes.steps):
            seen, goes_on, reward = worlds.step(act(seen), running)
            returns += np.where(running, reward, 0.0)
            taken += running
            running = running & goes_on
            window[t % WINDOW] = np.where(running, -reward, window[t % WINDOW])
            if not running.any():
                break
    finally:
        worlds.close()
    shape = networks, episodes.number
    costs = window.sum(axis=0)
    return Outcomes(taken.reshape(shape), returns.reshape(shape), costs.reshape(shape))
