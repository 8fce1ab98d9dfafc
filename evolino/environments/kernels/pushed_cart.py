"""gymnasium's cart with a pole, positions only, in every lane of a vector.

Equations and constants of gymnasium's CartPole-v1, which are those of Barto, Sutton &
Anderson 1983 without friction: the cart is pushed to the left or to the right, and a step
of 0.02 s is one of Euler's method. POPGym's PositionOnlyCartPole has other rewards only.
"""

from __future__ import annotations

from typing import Any

import numba

from evolino.environments.catalogue import DEGREE, TRACK
from evolino.environments.kernels.cart import GRAVITY
from evolino.simd.memory import load, number, store
from evolino.simd.trigonometry import small_cos, small_sin
from evolino.simd.vectors import beyond, like, within

njit: Any = numba.njit

FORCE = 10.0  # newtons
POLE_MASS, MASS, HALF_LENGTH = 0.1, 1.1, 0.5  # of the pole; of cart and pole; metres
EULER_STEP = 0.02  # seconds
STEEPEST = 12 * DEGREE
UNIT = 0.1  # of both observations: positions of 0.1 m, angles of 0.1
REWARD = 0  # the place of the constant


@njit(error_model="numpy")
def observe(state: Any, u: Any) -> None:
    """Write position and angle over 0.1; not the velocities."""
    store(u, 0, load(state, 0) / UNIT)
    store(u, 1, load(state, 2) / UNIT)


@njit(error_model="numpy")
def advance(world: Any, state: Any, y: Any) -> Any:
    """Push left or right by the larger of two outputs; a reward each step."""
    x, v, angle, speed = load(state, 0), load(state, 1), load(state, 2), load(state, 3)
    push = beyond(load(y, 1) - load(y, 0), 0.0, like(x, FORCE), -FORCE)
    sine, cosine = small_sin(angle), small_cos(angle)
    force = (push + (POLE_MASS * HALF_LENGTH) * (speed * speed) * sine) / MASS
    inertia = HALF_LENGTH * (4.0 / 3.0 - (POLE_MASS / MASS) * (cosine * cosine))
    turning = (GRAVITY * sine - cosine * force) / inertia
    pushing = force - (POLE_MASS * HALF_LENGTH / MASS) * turning * cosine
    x, angle = x + EULER_STEP * v, angle + EULER_STEP * speed
    store(state, 0, x)
    store(state, 1, v + EULER_STEP * pushing)
    store(state, 2, angle)
    store(state, 3, speed + EULER_STEP * turning)
    stands = within(x, TRACK, like(x, 1.0), 0.0)
    stands = within(angle, STEEPEST, stands, 0.0)
    reward = like(x, number(world.constants, REWARD))
    return stands, reward, 0.0 - reward
