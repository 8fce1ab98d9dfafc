"""Pendulum and mountain car, positions only, in every lane of a vector.

Equations and constants of gymnasium's Pendulum-v1 and MountainCar-v0, which are those of
Barto, Sutton & Anderson's followers (Moore 1990 for the car); noise and rewards of the
other pendulum are those of POPGym's NoisyPositionOnlyPendulum (Morad et al. 2023).
"""

from __future__ import annotations

from typing import Any

import numba

from evolino.environments.kernels.squashing import squashed
from evolino.simd.activations import clamp
from evolino.simd.memory import load, number, store
from evolino.simd.trigonometry import TO_INTEGER, sin_and_cos
from evolino.simd.vectors import beyond, fma, higher, like

njit: Any = numba.njit

TURN = 6.283185307179586
# The places of the constants of the pendulum with noise.
DEVIATION, SHIFT, DIVISOR = range(3)


@njit(error_model="numpy")
def observe_pendulum(state: Any, u: Any) -> None:
    """Write cos and sin of the angle, 0 upright; not its velocity."""
    sine, cosine = sin_and_cos(load(state, 0))
    store(u, 0, cosine)
    store(u, 1, sine)


@njit(error_model="numpy")
def advance_pendulum(state: Any, y: Any) -> Any:
    """Turn by a torque of 2 tanh(y); the cost is angle^2 + 0.1 speed^2 + 0.001 torque^2."""
    angle, speed = load(state, 0), load(state, 1)
    torque = 2.0 * squashed(load(y, 0))
    turns = fma(angle, 1.0 / TURN, TO_INTEGER) - TO_INTEGER
    apart = angle - TURN * turns
    cost = apart * apart + 0.1 * (speed * speed) + 0.001 * (torque * torque)
    sine, _ = sin_and_cos(angle)
    speed = clamp(speed + (15.0 * sine + 3.0 * torque) * 0.05, 8.0)
    store(state, 0, angle + speed * 0.05)
    store(state, 1, speed)
    return like(angle, 1.0), 0.0 - cost, cost


@njit(error_model="numpy")
def observe_noisy_pendulum(world: Any, state: Any, noise: Any, u: Any) -> None:
    """Write cos and sin of the angle, with noise, from -1 to 1."""
    size = number(world.constants, DEVIATION)
    observe_pendulum(state, u)
    for k in range(2):
        store(u, k, clamp(load(u, k) + size * load(noise, k), 1.0))


@njit(error_model="numpy")
def advance_noisy_pendulum(world: Any, state: Any, y: Any) -> Any:
    """Turn by a torque of 2 tanh(y); rewards are shifted and scaled."""
    shift, divisor = number(world.constants, SHIFT), number(world.constants, DIVISOR)
    goes_on, reward, _ = advance_pendulum(state, y)
    reward = (reward + shift) / divisor
    return goes_on, reward, 0.0 - reward


@njit(error_model="numpy")
def observe_car(state: Any, u: Any) -> None:
    """Write the position, centred and scaled to -1 .. 1; not the velocity."""
    store(u, 0, (load(state, 0) + 0.3) / 0.9)


@njit(error_model="numpy")
def advance_car(state: Any, y: Any) -> Any:
    """Push left, not at all or right by the largest of three outputs; -1 a step."""
    place, speed = load(state, 0), load(state, 1)
    left, none, right = load(y, 0), load(y, 1), load(y, 2)
    push = beyond(none - left, 0.0, like(place, 0.0), -1.0)
    push = beyond(right - higher(left, none), 0.0, like(place, 1.0), push)
    _, slope = sin_and_cos(3.0 * place)
    speed = clamp(speed + push * 0.001 - slope * 0.0025, 0.07)
    place = place + speed
    place = beyond(-1.2 - place, 0.0, like(place, -1.2), place)
    place = beyond(place, 0.6, like(place, 0.6), place)
    at_wall = beyond(-1.1999999999 - place, 0.0, like(place, 1.0), 0.0)
    at_wall = beyond(0.0 - speed, 0.0, at_wall, 0.0)
    speed = beyond(at_wall, 0.5, like(place, 0.0), speed)
    store(state, 0, place)
    store(state, 1, speed)
    arrived = beyond(place, 0.4999999999999999, like(place, 1.0), 0.0)
    return 1.0 - arrived, like(place, -1.0), like(place, 1.0)
