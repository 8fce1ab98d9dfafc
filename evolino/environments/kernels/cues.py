"""Memory tasks: a cue at the start decides what is right at the end, steps later.

A state is (place, cue); cue is -1 or 1. Source of the maze: Bakker 2002, Reinforcement
learning with long short-term memory, NIPS 14 (recalled); of the other: Osband et al. 2020,
Behaviour suite for reinforcement learning, `memory_len` (recalled).
"""

from __future__ import annotations

from typing import Any

import numba

from evolino.environments.kernels.squashing import squashed
from evolino.simd.memory import load, number, store
from evolino.simd.vectors import beyond, like, within

njit: Any = numba.njit

# The places of the constants.
LENGTH, NOISE = range(2)
GOAL, MISTAKE = 4.0, -0.1  # rewards of the maze


@njit(error_model="numpy")
def observe_memory(world: Any, state: Any, noise: Any, u: Any) -> None:
    """Write the cue, at step 0 only, else noise; and whether it is time to answer."""
    length, size = number(world.constants, LENGTH), number(world.constants, NOISE)
    place = load(state, 0)
    disturbed = load(noise, 0) * size
    store(u, 0, within(place, 0.5, load(state, 1), disturbed))
    store(u, 1, within(place - length, 0.5, like(place, 1.0), 0.0))


@njit(error_model="numpy")
def advance_memory(world: Any, state: Any, y: Any) -> Any:
    """Take a step; the output at the question is the answer: reward 1 if its sign is that
    of the cue, else -1, and cost 1 - tanh(output) cue. The episode ends a step later."""
    length, place = number(world.constants, LENGTH), load(state, 0)
    one, zero = like(place, 1.0), like(place, 0.0)
    agrees = load(y, 0) * load(state, 1)
    right = beyond(agrees, 0.0, one, -1.0)
    store(state, 0, place + 1.0)
    reward = within(place - length, 0.5, right, zero)
    cost = within(place - length, 0.5, 1.0 - squashed(agrees), zero)
    return beyond(place - length, 0.5, zero, one), reward, cost


@njit(error_model="numpy")
def observe_maze(world: Any, state: Any, noise: Any, u: Any) -> None:
    """Write cue up, cue down, corridor, junction: 1 for where it is, and noise in the
    corridor."""
    length, size = number(world.constants, LENGTH), number(world.constants, NOISE)
    place, cue = load(state, 0), load(state, 1)
    at_start = within(place, 0.5, like(place, 1.0), 0.0)
    at_junction = within(place - length, 0.5, like(place, 1.0), 0.0)
    between = 1.0 - at_start - at_junction
    store(u, 0, at_start * beyond(cue, 0.0, like(cue, 1.0), 0.0))
    store(u, 1, at_start * beyond(0.0 - cue, 0.0, like(cue, 1.0), 0.0))
    store(u, 2, between)
    store(u, 3, at_junction)
    for k in range(4):
        store(u, k, load(u, k) + between * load(noise, k) * size)


@njit(error_model="numpy")
def advance_maze(world: Any, state: Any, y: Any) -> Any:
    """Move by the largest of four outputs: north, east, south, west.

    Going north or south at the junction ends the episode: reward 4 where the cue said so,
    else -0.1. A step into a wall costs 0.1.
    """
    length = number(world.constants, LENGTH)
    place, cue = load(state, 0), load(state, 1)
    one, zero = like(place, 1.0), like(place, 0.0)
    north, east, south, west = load(y, 0), load(y, 1), load(y, 2), load(y, 3)
    best, action = north, zero
    action = beyond(east - best, 0.0, one, action)
    best = beyond(east - best, 0.0, east, best)
    action = beyond(south - best, 0.0, like(place, 2.0), action)
    best = beyond(south - best, 0.0, south, best)
    action = beyond(west - best, 0.0, like(place, 3.0), action)
    move = within(action - 1.0, 0.5, one, within(action - 3.0, 0.5, 0.0 - one, zero))
    at_junction = within(place - length, 0.5, one, zero)
    turns = within(move, 0.5, one, zero)
    ends = turns * at_junction
    after = place + move
    wall = beyond(0.0 - after, 0.5, one, beyond(after - length, 0.5, one, zero))
    wall = beyond(turns - at_junction, 0.5, one, wall)
    store(state, 0, beyond(wall, 0.5, place, after))
    chosen = 1.0 - action  # north 1, south -1
    reward = beyond(chosen * cue, 0.0, like(place, GOAL), MISTAKE)
    reward = beyond(ends, 0.5, reward, beyond(wall, 0.5, like(place, MISTAKE), zero))
    return 1.0 - ends, reward, zero
