"""Environments of every kind behind one pair of functions: observe, advance."""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np

from evolino.environments.base import (
    ACROBOT,
    CART,
    MAZE,
    MEMORY,
    NOISY_PENDULUM,
    PENDULUM,
    PUSHED_CART,
    REPEAT_PREVIOUS,
    Environment,
)
from evolino.environments.kernels import acrobot, cards, cart, classic, cues, pushed_cart
from evolino.simd.memory import shared

njit: Any = numba.njit


class World(NamedTuple):
    """An environment as kernels read it. constants: the same in every lane."""

    kind: int
    constants: Any
    states: int
    observations: int
    actions: int
    noise: int


def world_of(environment: Environment) -> World:
    """Return an environment as kernels read it."""
    return World(
        environment.kind,
        shared(np.array([*environment.constants, 0.0])),
        environment.states,
        environment.observations,
        environment.actions,
        environment.noise,
    )


@njit(error_model="numpy")
def observe(world: Any, state: Any, noise: Any, u: Any) -> None:
    """Write the observations to u. noise: of this step."""
    if world.kind == CART:
        cart.observe(world, state, u)
    elif world.kind == MEMORY:
        cues.observe_memory(world, state, noise, u)
    elif world.kind == MAZE:
        cues.observe_maze(world, state, noise, u)
    elif world.kind == PENDULUM:
        classic.observe_pendulum(state, u)
    elif world.kind == ACROBOT:
        acrobot.observe(state, u)
    elif world.kind == PUSHED_CART:
        pushed_cart.observe(state, u)
    elif world.kind == NOISY_PENDULUM:
        classic.observe_noisy_pendulum(world, state, noise, u)
    elif world.kind == REPEAT_PREVIOUS:
        cards.observe(world, state, u)
    else:
        classic.observe_car(state, u)


@njit(error_model="numpy")
def advance(world: Any, state: Any, y: Any) -> Any:
    """Act by outputs y; return 1 in lanes that go on, rewards, costs."""
    if world.kind == CART:
        return cart.advance(world, state, y)
    if world.kind == MEMORY:
        return cues.advance_memory(world, state, y)
    if world.kind == MAZE:
        return cues.advance_maze(world, state, y)
    if world.kind == PENDULUM:
        return classic.advance_pendulum(state, y)
    if world.kind == ACROBOT:
        return acrobot.advance(state, y)
    if world.kind == PUSHED_CART:
        return pushed_cart.advance(world, state, y)
    if world.kind == NOISY_PENDULUM:
        return classic.advance_noisy_pendulum(world, state, y)
    if world.kind == REPEAT_PREVIOUS:
        return cards.advance(world, state, y)
    return classic.advance_car(state, y)
