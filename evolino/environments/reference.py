"""Environments in plain NumPy, N episodes at once: the twin of the compiled kernels.

Tests hold the kernels to it; pictures and anyone's own policy are driven by it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

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
    WINDOW,
    Environment,
    Episodes,
    Outcomes,
)
from evolino.vocabulary import Array

POLE_MASSES, POLE_HALF_LENGTHS = np.array([0.1, 0.01]), np.array([0.5, 0.05])

# From observations (N, I) to outputs (N, K); called once a step.
Act = Callable[[Array], Array]


def observe(environment: Environment, state: Array, noise: Array) -> Array:
    """Return the observations (N, I) of states (N, S); noise: (N, M)."""
    constants = environment.constants
    if environment.kind == CART:
        by = np.array([constants[2]] + [constants[4]] * (state.shape[1] // 2 - 1))
        if constants[5]:
            return np.asarray(state / np.repeat(by, 2))
        return np.asarray(state[:, ::2] / by)
    if environment.kind == MEMORY:
        place, cue = state.T
        first, last = place < 0.5, np.abs(place - constants[0]) < 0.5
        return np.stack([np.where(first, cue, constants[1] * noise[:, 0]), last * 1.0], 1)
    if environment.kind == MAZE:
        place, cue = state.T
        first, last = place < 0.5, np.abs(place - constants[0]) < 0.5
        between = ~(first | last)
        columns = [first & (cue > 0), first & (cue < 0), between, last]
        clean = np.stack(columns, 1).astype(np.float64)
        return np.asarray(clean + between[:, None] * constants[1] * noise)
    if environment.kind == PENDULUM:
        return np.stack([np.cos(state[:, 0]), np.sin(state[:, 0])], 1)
    if environment.kind == NOISY_PENDULUM:
        clean = np.stack([np.cos(state[:, 0]), np.sin(state[:, 0])], 1)
        return np.clip(clean + constants[0] * noise, -1, 1)
    if environment.kind == PUSHED_CART:
        return np.asarray(state[:, ::2] / 0.1)
    if environment.kind == REPEAT_PREVIOUS:
        return np.asarray((_card(state, state[:, 0])[:, None] == np.arange(4)) * 1.0)
    if environment.kind == ACROBOT:
        angles = state[:, :2]
        return np.stack([np.cos(angles), np.sin(angles)], 2).reshape(-1, 4)
    return (state[:, :1] + 0.3) / 0.9


def advance(
    environment: Environment, state: Array, outputs: Array
) -> tuple[Array, Array, Array, Array]:
    """Return the next states (N, S), whether each goes on, rewards and costs, (N,) each."""
    kinds = {
        CART: _cart,
        MEMORY: _memory,
        MAZE: _maze,
        PENDULUM: _pendulum,
        ACROBOT: _acrobot,
        PUSHED_CART: _pushed_cart,
        NOISY_PENDULUM: _noisy_pendulum,
        REPEAT_PREVIOUS: _repeat_previous,
    }
    return kinds.get(environment.kind, _car)(environment, state, outputs)


def play(environment: Environment, episodes: Episodes, act: Act) -> Outcomes:
    """Return what a policy comes to, (1, N); it is given all episodes together."""
    number = episodes.number
    running, taken, returns = (
        np.ones(number, dtype=bool),
        np.zeros(number),
        np.zeros(number),
    )
    window = np.zeros((WINDOW, number))
    every = trajectories(environment, episodes, act)
    for t, (_, _, goes_on, reward, cost) in enumerate(every):
        returns += np.where(running, reward, 0.0)
        taken += running
        running &= goes_on > 0.5
        window[t % WINDOW] = np.where(running, cost, window[t % WINDOW])
    return Outcomes(taken[None], returns[None], window.sum(axis=0)[None])


Step = tuple[Array, Array, Array, Array, Array]


def trajectories(environment: Environment, episodes: Episodes, act: Act) -> Iterator[Step]:
    """Yield for each step: states (N, S) before it, outputs (N, K), whether each goes on,
    rewards and costs (N,); until all episodes have ended."""
    state = episodes.starts.copy()
    running = np.ones(episodes.number, dtype=bool)
    for t in range(episodes.steps):
        outputs = act(observe(environment, state, episodes.noise[:, t]))
        after, goes_on, reward, cost = advance(environment, state, outputs)
        yield state, outputs, goes_on, reward, cost
        running &= goes_on > 0.5
        if not running.any():
            return
        state = after


def _cart(
    environment: Environment, state: Array, outputs: Array
) -> tuple[Array, Array, Array, Array]:
    """Cart and poles, by the equations of `evolino.environments.kernels.cart`."""
    _, friction, track, angle = environment.constants[:4]
    push = 10.0 * np.tanh(outputs[:, 0])
    least = np.where(push < 0, -10.0, 10.0) / 256.0
    push = np.where(np.abs(push) < np.abs(least), least, push)
    for _ in range(2):
        state = _runge_kutta(state, push, friction)
    stands = (np.abs(state[:, 0]) <= track) & (np.abs(state[:, 2::2]) <= angle).all(axis=1)
    upright = np.where(stands, 1.0, 0.0)
    return state, upright, upright, np.asarray(np.abs(state[:, :4]).sum(axis=1))


def _runge_kutta(state: Array, push: Array, friction: float, h: float = 0.01) -> Array:
    a = cart_slope(state, push, friction)
    b = cart_slope(state + h / 2 * a, push, friction)
    c = cart_slope(state + h / 2 * b, push, friction)
    d = cart_slope(state + h * c, push, friction)
    return np.asarray(state + h / 6 * (a + 2 * b + 2 * c + d))


def cart_slope(state: Array, push: Array, friction: float) -> Array:
    """Return the derivatives (N, S) of states of cart and poles (equations 1 to 7)."""
    poles = state.shape[1] // 2 - 1
    m, half = POLE_MASSES[:poles], POLE_HALF_LENGTHS[:poles]
    v, angles, speeds = state[:, 1], state[:, 2::2], state[:, 3::2]
    s, c = np.sin(angles), np.cos(angles)
    a = 9.8 * s - 2e-6 * speeds / (m * half)
    force = push + (m * half * speeds**2 * s - 0.75 * m * a * c).sum(axis=1)
    inertia = 1.0 + (m * (1 - 0.75 * c**2)).sum(axis=1)
    k0 = 9.8 * (1.0 + m.sum()) - (m * (0.75 * a * s + half * speeds**2 * c)).sum(axis=1)
    k1 = 0.75 * (m * s * c).sum(axis=1)
    q = friction * np.sign(v)
    x = (force - q * k0) / (inertia + q * k1)
    lifted = k0 + k1 * x < 0
    x = np.where(lifted & (q != 0), (force + q * k0) / (inertia - q * k1), x)
    slope = np.empty_like(state)
    slope[:, 0], slope[:, 1] = v, x
    slope[:, 2::2] = speeds
    slope[:, 3::2] = 0.75 * (a - x[:, None] * c) / half
    return slope


def _memory(
    environment: Environment, state: Array, outputs: Array
) -> tuple[Array, Array, Array, Array]:
    place, cue = state.T
    at_question = np.abs(place - environment.constants[0]) < 0.5
    agrees = outputs[:, 0] * cue
    reward = np.where(at_question, np.where(agrees > 0, 1.0, -1.0), 0.0)
    cost = np.where(at_question, 1.0 - np.tanh(agrees), 0.0)
    goes_on = place < environment.constants[0] + 0.5
    return np.stack([place + 1, cue], 1), goes_on * 1.0, reward, cost


def _maze(
    environment: Environment, state: Array, outputs: Array
) -> tuple[Array, Array, Array, Array]:
    place, cue = state.T
    length = environment.constants[0]
    action = outputs.argmax(axis=1)  # north, east, south, west
    at_junction = np.abs(place - length) < 0.5
    turns = action % 2 == 0
    after = place + (action == 1) - (action == 3)
    wall = (after < -0.5) | (after > length + 0.5) | (turns & ~at_junction)
    ends = turns & at_junction
    goal = np.where((1.0 - action) * cue > 0, 4.0, -0.1)
    reward = np.where(ends, goal, np.where(wall, -0.1, 0.0))
    place = np.where(wall, place, after)
    return np.stack([place, cue], 1), 1.0 - ends, reward, np.zeros(len(state))


def _pendulum(
    environment: Environment, state: Array, outputs: Array
) -> tuple[Array, Array, Array, Array]:
    angle, speed = state.T
    torque = 2 * np.tanh(outputs[:, 0])
    apart = (angle + np.pi) % (2 * np.pi) - np.pi
    cost = apart**2 + 0.1 * speed**2 + 0.001 * torque**2
    speed = np.clip(speed + (15 * np.sin(angle) + 3 * torque) * 0.05, -8, 8)
    state = np.stack([angle + speed * 0.05, speed], 1)
    return state, np.ones(len(state)), -cost, cost


def _noisy_pendulum(
    environment: Environment, state: Array, outputs: Array
) -> tuple[Array, Array, Array, Array]:
    _, shift, divisor = environment.constants
    state, goes_on, reward, _ = _pendulum(environment, state, outputs)
    reward = (reward + shift) / divisor
    return state, goes_on, reward, -reward


def _pushed_cart(
    environment: Environment, state: Array, outputs: Array
) -> tuple[Array, Array, Array, Array]:
    _, v, angle, speed = state.T
    push = np.where(outputs.argmax(axis=1) == 1, 10.0, -10.0)
    s, c = np.sin(angle), np.cos(angle)
    force = (push + 0.05 * speed**2 * s) / 1.1
    turning = (9.8 * s - c * force) / (0.5 * (4 / 3 - 0.1 * c**2 / 1.1))
    pushing = force - 0.05 * turning * c / 1.1
    state = state + 0.02 * np.stack([v, pushing, speed, turning], 1)
    stands = (np.abs(state[:, 0]) <= 2.4) & (np.abs(state[:, 2]) <= 12 * np.pi / 180)
    reward = np.full(len(state), environment.constants[0])
    return state, np.where(stands, 1.0, 0.0), reward, -reward


def _repeat_previous(
    environment: Environment, state: Array, outputs: Array
) -> tuple[Array, Array, Array, Array]:
    cards, back = environment.constants
    place = state[:, 0]
    right = outputs.argmax(axis=1) == _card(state, np.maximum(place + 1 - back, 0))
    reward = np.where(right, 1.0, -1.0) / (cards - back)
    reward = np.where(place + 1 >= back, reward, 0.0)
    state = np.concatenate([place[:, None] + 1, state[:, 1:]], 1)
    return state, np.where(place < cards - 2.5, 1.0, 0.0), reward, -reward


def _card(state: Array, places: Array) -> Array:
    """Return the suits (N,) at places (N,) of the decks."""
    places = np.minimum(places, state.shape[1] - 2)
    return np.asarray(state[np.arange(len(state)), 1 + places.astype(np.int64)])


def _car(
    environment: Environment, state: Array, outputs: Array
) -> tuple[Array, Array, Array, Array]:
    place, speed = state.T
    push = outputs.argmax(axis=1) - 1.0
    speed = np.clip(speed + push * 0.001 - 0.0025 * np.cos(3 * place), -0.07, 0.07)
    place = np.clip(place + speed, -1.2, 0.6)
    speed = np.where((place <= -1.2) & (speed < 0), 0.0, speed)
    ones = np.ones(len(state))
    return np.stack([place, speed], 1), (place < 0.5) * 1.0, -ones, ones


def _acrobot(
    environment: Environment, state: Array, outputs: Array
) -> tuple[Array, Array, Array, Array]:
    torque = outputs.argmax(axis=1) - 1.0
    h = 0.2
    a = acrobot_slope(state, torque)
    b = acrobot_slope(state + h / 2 * a, torque)
    c = acrobot_slope(state + h / 2 * b, torque)
    d = acrobot_slope(state + h * c, torque)
    state = state + h / 6 * (a + 2 * b + 2 * c + d)
    state[:, :2] = (state[:, :2] + np.pi) % (2 * np.pi) - np.pi
    fastest = np.pi * np.array([4.0, 9.0])
    state[:, 2:] = np.clip(state[:, 2:], -fastest, fastest)
    height = -np.cos(state[:, 0]) - np.cos(state[:, 0] + state[:, 1])
    arrived = np.where(height > 1.0, 1.0, 0.0)
    return state, 1.0 - arrived, arrived - 1.0, np.ones(len(state))


def acrobot_slope(state: Array, torque: Array) -> Array:
    """Return the derivatives (N, 4) of angles and speeds of two links.

    Source: Sutton & Barto 2018, section 11.3, with links of mass, length and inertia 1.
    """
    inner, outer, v, w = state.T
    d1, d2 = 3.5 + np.cos(outer), 1.25 + 0.5 * np.cos(outer)
    phi2 = 4.9 * np.sin(inner + outer)
    phi1 = -0.5 * w**2 * np.sin(outer) - v * w * np.sin(outer) + 14.7 * np.sin(inner) + phi2
    top = torque + d2 / d1 * phi1 - 0.5 * v**2 * np.sin(outer) - phi2
    second = top / (1.25 - d2**2 / d1)
    return np.stack([v, w, -(d2 * second + phi1) / d1, second], 1)
