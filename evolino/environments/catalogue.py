"""The compiled environments by name: their constants, and where episodes begin."""

from __future__ import annotations

import numpy as np

from evolino.environments.base import (
    ACROBOT,
    CART,
    MAZE,
    MEMORY,
    MOUNTAIN_CAR,
    NOISY_PENDULUM,
    PENDULUM,
    PUSHED_CART,
    REPEAT_PREVIOUS,
    Environment,
)
from evolino.vocabulary import Array

DEGREE = np.pi / 180
TRACK = 2.4  # metres from the middle to either end


def cart_and_poles(
    poles: int = 2, *, velocities: bool = False, friction: float = 5e-4
) -> Environment:
    """Return the cart with one or two poles.

    velocities: whether they are shown. friction: of the cart on its track. An episode ends
    where the cart leaves the track or a pole leans by 36 degrees (12 with one pole).
    Constants: poles, friction, track, angle, what angles are divided by, velocities.
    """
    angle = (36.0 if poles == 2 else 12.0) * DEGREE
    shown = (1 + poles) * (2 if velocities else 1)
    constants = (float(poles), friction, TRACK, angle, angle, float(velocities))
    return Environment(CART, constants, 2 + 2 * poles, shown, 1)


def memory(length: int, noise: float = 0.0) -> Environment:
    """Return the environment with a cue at the start and a question `length` steps later.

    noise: standard deviation of what comes in the place of the cue between.
    """
    return Environment(MEMORY, (float(length), noise), 2, 2, 1, noise=1)


def t_maze(length: int, noise: float = 0.0) -> Environment:
    """Return the T-maze with a corridor of `length` steps; noise: in the corridor, of each
    of the four observations."""
    return Environment(MAZE, (float(length), noise), 2, 4, 4, noise=4)


def pendulum() -> Environment:
    """Return the pendulum that is to swing up: gymnasium's, without its velocity."""
    return Environment(PENDULUM, (), 2, 2, 1)


def mountain_car() -> Environment:
    """Return the car in the valley: gymnasium's, without its velocity."""
    return Environment(MOUNTAIN_CAR, (), 2, 1, 3)


def acrobot() -> Environment:
    """Return the two links that are to swing up: gymnasium's, without their velocities."""
    return Environment(ACROBOT, (), 4, 4, 3)


def pushed_cart(reward: float = 1.0) -> Environment:
    """Return gymnasium's cart with one pole, without velocities. reward: of a step.

    Constants: the reward.
    """
    return Environment(PUSHED_CART, (reward,), 4, 2, 2)


def noisy_pendulum(noise: float, shift: float, divisor: float) -> Environment:
    """Return gymnasium's pendulum with noise on what a network is given.

    noise: its standard deviation. shift, divisor: a reward is that of gymnasium plus the
    one, over the other. Constants: those three.
    """
    return Environment(NOISY_PENDULUM, (noise, shift, divisor), 2, 2, 1, noise=2)


def repeat_previous(cards: int, back: int) -> Environment:
    """Return the game whose answer is the suit of the card that was shown `back` - 1 steps
    before: POPGym's RepeatPrevious. cards: of the deck, whose suits are the start.

    Constants: both numbers.
    """
    return Environment(REPEAT_PREVIOUS, (float(cards), float(back)), cards + 1, 4, 4)


def generalisation_starts() -> Array:
    """Return (625, 6): the starts of two poles that a solution is tested on.

    Source: Gruau, Whitley & Pyeatt 1996, as in Gomez, Schmidhuber & Miikkulainen 2008.
    """
    shares = np.array([0.05, 0.25, 0.5, 0.75, 0.95])
    widths = np.array([2.16, 1.35, 3.6 * DEGREE, 8.6 * DEGREE])
    grid = np.stack(np.meshgrid(*[shares] * 4, indexing="ij"), -1).reshape(-1, 4)
    starts = np.zeros((625, 6))
    starts[:, :4] = (2 * grid - 1) * widths
    return starts
