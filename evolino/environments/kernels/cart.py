"""Cart with one or two poles, in every lane of a vector; Runge-Kutta 4 of 0.01 s.

    x'' = (F - q K0 + sum F~i) / (M + sum m~i + q K1)                       (1)
    F~i = mi li th'i^2 sin th_i - 0.75 mi A_i cos th_i                      (2)
    A_i = g sin th_i - mu_p th'i / (mi li)                                  (3)
    m~i = mi (1 - 0.75 cos^2 th_i)                                          (4)
    th''i = 0.75 (A_i - x'' cos th_i) / li                                  (5)

g = 9.8 (the reference code has -9.8 and the other signs). q is the friction of the cart on
its track with the sign of its velocity, times the normal force N = K0 + K1 x'':

    K0 = g (M + sum mi) - sum mi (0.75 A_i sin th_i + li th'i^2 cos th_i)   (6)
    K1 = 0.75 sum mi sin th_i cos th_i                                      (7)

Source: Wieland 1991; Gomez, Schmidhuber & Miikkulainen 2008, JMLR 9, the constants of its
reference code; Florian 2007, Correct equations for the dynamics of the cart-pole system
(the friction). State: x, x', th1, th1'[, th2, th2'] in metres and radians.
"""

from __future__ import annotations

from typing import Any

import numba

from evolino.environments.kernels.squashing import squashed
from evolino.simd.memory import load, number, store
from evolino.simd.trigonometry import small_cos, small_sin
from evolino.simd.vectors import beyond, higher, largest_lane, like, lower, within

njit: Any = numba.njit

GRAVITY, CART_MASS = 9.8, 1.0
POLE_FRICTION = 2e-6
LARGEST_FORCE, LEAST_FORCE = 10.0, 10.0 / 256.0
TIME_STEP, STEPS_PER_ACTION = 0.01, 2
# The places of the constants.
POLES, CART_FRICTION, TRACK_AT, ANGLE, SCALED, VELOCITIES = range(6)


@njit(error_model="numpy")
def pole(mass: float, half: float, angle: Any, speed: Any) -> Any:
    """Return of a pole: A, sin, cos, and its parts of F~, m~, K0 and K1."""
    s, c = small_sin(angle), small_cos(angle)
    a = GRAVITY * s - (POLE_FRICTION / (mass * half)) * speed  # 3
    swing = (mass * half) * speed * speed
    force = swing * s - (0.75 * mass) * a * c  # 2
    inertia = mass - (0.75 * mass) * c * c  # 4
    load_0 = (0.75 * mass) * a * s + swing * c
    return a, c, force, inertia, load_0, (0.75 * mass) * s * c


@njit(error_model="numpy")
def acceleration(friction: float, masses: float, v: Any, total: Any, push: Any) -> Any:
    """Return x'' (1). masses: of cart and poles. total: the sums of the poles' parts
    F~, m~, K0, K1. push: the force on the cart."""
    force, inertia = push + total[0], total[1] + CART_MASS
    if friction == 0.0:
        return force / inertia
    k0, k1 = like(v, GRAVITY * masses) - total[2], total[3]  # 6, 7
    q = beyond(v, 0.0, like(v, friction), beyond(0.0 - v, 0.0, like(v, -friction), 0.0))
    x = (force - q * k0) / (inertia + q * k1)
    lifted = 0.0 - (k0 + k1 * x)
    if largest_lane(beyond(lifted, 0.0, like(v, 1.0), 0.0)) > 0.0:
        other = (force + q * k0) / (inertia - q * k1)
        x = beyond(lifted, 0.0, other, x)
    return x


@njit(error_model="numpy")
def slope(friction: float, two: bool, v: Any, p: Any, w: Any, r: Any, z: Any, push: Any) -> Any:  # fmt: skip  # noqa: E501
    """Return x'', th1'' and th2'' (0 for one pole)."""
    a, c, f, m, l0, l1 = pole(0.1, 0.5, p, w)
    if two:
        a2, c2, f2, m2, l02, l12 = pole(0.01, 0.05, r, z)
        x = acceleration(friction, 1.11, v, (f + f2, m + m2, l0 + l02, l1 + l12), push)
        return x, 1.5 * (a - x * c), 15.0 * (a2 - x * c2)  # 5
    x = acceleration(friction, 1.1, v, (f, m, l0, l1), push)
    return x, 1.5 * (a - x * c), like(v, 0.0)


@njit(error_model="numpy")
def move(state: Any, friction: float, two: bool, push: Any) -> None:
    """Advance the state by one step of Runge-Kutta 4."""
    v, p, w = load(state, 1), load(state, 2), load(state, 3)
    r, z = like(v, 0.0), like(v, 0.0)
    if two:
        r, z = load(state, 4), load(state, 5)
    h, g = TIME_STEP, TIME_STEP / 2
    a1, b1, c1 = slope(friction, two, v, p, w, r, z, push)
    v2, w2, z2 = v + g * a1, w + g * b1, z + g * c1
    a2, b2, c2 = slope(friction, two, v2, p + g * w, w2, r + g * z, z2, push)
    v3, w3, z3 = v + g * a2, w + g * b2, z + g * c2
    a3, b3, c3 = slope(friction, two, v3, p + g * w2, w3, r + g * z2, z3, push)
    v4, w4, z4 = v + h * a3, w + h * b3, z + h * c3
    a4, b4, c4 = slope(friction, two, v4, p + h * w3, w4, r + h * z3, z4, push)
    k = h / 6
    store(state, 0, load(state, 0) + k * (v + 2.0 * (v2 + v3) + v4))
    store(state, 1, v + k * (a1 + 2.0 * (a2 + a3) + a4))
    store(state, 2, p + k * (w + 2.0 * (w2 + w3) + w4))
    store(state, 3, w + k * (b1 + 2.0 * (b2 + b3) + b4))
    if two:
        store(state, 4, r + k * (z + 2.0 * (z2 + z3) + z4))
        store(state, 5, z + k * (c1 + 2.0 * (c2 + c3) + c4))


@njit(error_model="numpy")
def observe(world: Any, state: Any, u: Any) -> None:
    """Write what a network is given: position and angles over what they may be, with
    velocities after each if the environment shows them."""
    constants = world.constants
    track, angle = number(constants, TRACK_AT), number(constants, SCALED)
    shown = number(constants, VELOCITIES) > 0.0
    two = number(constants, POLES) > 1.0
    at = 0
    for k in range(3 if two else 2):
        by = track if k == 0 else angle
        store(u, at, load(state, 2 * k) / by)
        at += 1
        if shown:
            store(u, at, load(state, 2 * k + 1) / by)
            at += 1


@njit(error_model="numpy")
def advance(world: Any, state: Any, y: Any) -> Any:
    """Act by outputs y; return 1 in lanes that stand, rewards, costs.

    The force is 10 N times tanh of the output, of at least 10/256 N.
    """
    constants = world.constants
    friction, two = number(constants, CART_FRICTION), number(constants, POLES) > 1.0
    push = LARGEST_FORCE * squashed(load(y, 0))
    least = beyond(0.0 - push, 0.0, like(push, -LEAST_FORCE), LEAST_FORCE)
    push = within(push, LEAST_FORCE, least, push)
    for _ in range(STEPS_PER_ACTION):
        move(state, friction, two, push)
    track, angle = number(constants, TRACK_AT), number(constants, ANGLE)
    stands = within(load(state, 0), track, like(push, 1.0), 0.0)
    stands = within(load(state, 2), angle, stands, 0.0)
    cost = like(push, 0.0)
    for k in range(4):
        x = load(state, k)
        cost = cost + higher(x, 0.0 - x)
    if two:
        stands = within(load(state, 4), angle, stands, 0.0)
    return stands, stands, lower(cost, like(cost, 1e6))
