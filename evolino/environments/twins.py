"""Compiled twins of environments of gymnasium and POPGym: the same equations and units.

Networks evolve in the twin, some hundred times as fast, and are tested in gymnasium's own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from evolino.environments.base import Environment
from evolino.environments.catalogue import (
    acrobot,
    mountain_car,
    noisy_pendulum,
    pendulum,
    pushed_cart,
    repeat_previous,
)
from evolino.vocabulary import Array


@dataclass(frozen=True, slots=True)
class Twin:
    """A compiled environment in the place of one of gymnasium.

    units: shift and divisor of each observation that is shown, as the compiled one has
    them. starts: so many states as gymnasium draws them. steps: of an episode, where the
    environment does not say so itself; None: gymnasium's limit.
    """

    environment: Environment
    units: tuple[tuple[float, float], ...]
    starts: Callable[[Generator, int], Array]
    steps: int | None = None


def _hanging_anywhere(rng: Generator, count: int) -> Array:
    return np.stack([rng.uniform(-np.pi, np.pi, count), rng.uniform(-1, 1, count)], 1)


def _in_the_valley(rng: Generator, count: int) -> Array:
    return np.stack([rng.uniform(-0.6, -0.4, count), np.zeros(count)], 1)


def _hanging_still(rng: Generator, count: int) -> Array:
    return rng.uniform(-0.1, 0.1, (count, 4))


def _nearly_upright(rng: Generator, count: int) -> Array:
    return rng.uniform(-0.05, 0.05, (count, 4))


def _shuffled(decks: int) -> Callable[[Generator, int], Array]:
    def starts(rng: Generator, count: int) -> Array:
        suits = np.tile(np.arange(52 * decks) % 4, (count, 1))
        return np.concatenate([np.zeros((count, 1)), rng.permuted(suits, axis=1)], 1)

    return starts


# By id and hidden observations: positions only.
TWINS: dict[tuple[str, tuple[int, ...]], Twin] = {
    ("Pendulum-v1", (2,)): Twin(pendulum(), ((0.0, 1.0), (0.0, 1.0)), _hanging_anywhere),
    ("MountainCar-v0", (1,)): Twin(mountain_car(), ((0.3, 0.9),), _in_the_valley),
    ("Acrobot-v1", (4, 5)): Twin(acrobot(), ((0.0, 1.0),) * 4, _hanging_still),
    ("CartPole-v1", (1, 3)): Twin(pushed_cart(), ((0.0, 0.1),) * 2, _nearly_upright),
}

# Of POPGym, by level: steps of the cart; noise of the pendulum; decks and cards back.
LEVELS = {"Easy": (200, 0.1, 1, 4), "Medium": (400, 0.2, 2, 32), "Hard": (600, 0.3, 3, 64)}
LOWEST = -16.2736044  # reward of gymnasium's pendulum; half of it shifts and divides


def _of_popgym() -> dict[tuple[str, tuple[int, ...]], Twin]:
    found: dict[tuple[str, tuple[int, ...]], Twin] = {}
    for level, (steps, noise, decks, back) in LEVELS.items():
        cart = Twin(pushed_cart(1 / steps), ((0.0, 0.1),) * 2, _nearly_upright, steps)
        shift = -LOWEST / 2
        swinging = noisy_pendulum(noise, shift, 200 * shift)
        pole = Twin(swinging, ((0.0, 1.0),) * 2, _hanging_anywhere, 200)
        game = repeat_previous(52 * decks, back)
        cards = Twin(game, ((0.0, 1.0),) * 4, _shuffled(decks), 52 * decks - 1)
        twins = {
            "PositionOnlyCartPole": cart,
            "NoisyPositionOnlyPendulum": pole,
            "RepeatPrevious": cards,
        }
        for name, twin in twins.items():
            found[f"popgym:popgym-{name}{level}-v0", ()] = twin
    return found


TWINS |= _of_popgym()


def twin_of(env: str, hide: tuple[int, ...]) -> Twin:
    """Return the twin of an environment. Raises ValueError where there is none."""
    if (env, hide) in TWINS:
        return TWINS[env, hide]
    known = ", ".join(
        f"{name} with hide {','.join(map(str, h))}" if h else name for name, h in TWINS
    )
    raise ValueError(f"compiled must be False for {env} with hide {hide}: only {known}")
