"""Compiled twins of environments of gymnasium: the same equations, starts and units.

Networks evolve in the twin, some hundred times as fast, and are tested in gymnasium's own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from evolino.environments.base import Environment
from evolino.environments.catalogue import acrobot, mountain_car, pendulum
from evolino.vocabulary import Array


@dataclass(frozen=True, slots=True)
class Twin:
    """A compiled environment in the place of one of gymnasium.

    units: shift and divisor of each observation that is shown, as the compiled one has
    them. starts: so many states as gymnasium draws them.
    """

    environment: Environment
    units: tuple[tuple[float, float], ...]
    starts: Callable[[Generator, int], Array]


def _hanging_anywhere(rng: Generator, count: int) -> Array:
    return np.stack([rng.uniform(-np.pi, np.pi, count), rng.uniform(-1, 1, count)], 1)


def _in_the_valley(rng: Generator, count: int) -> Array:
    return np.stack([rng.uniform(-0.6, -0.4, count), np.zeros(count)], 1)


def _hanging_still(rng: Generator, count: int) -> Array:
    return rng.uniform(-0.1, 0.1, (count, 4))


# By id and hidden observations: positions only.
TWINS: dict[tuple[str, tuple[int, ...]], Twin] = {
    ("Pendulum-v1", (2,)): Twin(pendulum(), ((0.0, 1.0), (0.0, 1.0)), _hanging_anywhere),
    ("MountainCar-v0", (1,)): Twin(mountain_car(), ((0.3, 0.9),), _in_the_valley),
    ("Acrobot-v1", (4, 5)): Twin(acrobot(), ((0.0, 1.0),) * 4, _hanging_still),
}


def twin_of(env: str, hide: tuple[int, ...]) -> Twin:
    """Return the twin of an environment. Raises ValueError where there is none."""
    if (env, hide) in TWINS:
        return TWINS[env, hide]
    known = ", ".join(f"{name} with hide {','.join(map(str, h))}" for name, h in TWINS)
    raise ValueError(f"compiled must be False for {env} with hide {hide}: only {known}")
