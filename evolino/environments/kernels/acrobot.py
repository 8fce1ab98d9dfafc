"""Acrobot, two links that hang from a hinge, positions only, in every lane of a vector.

Equations and constants of gymnasium's Acrobot-v1 ("book"), those of Sutton & Barto 2018,
section 11.3; a step of 0.2 s by one step of Runge and Kutta's method of fourth order.
"""

from __future__ import annotations

from typing import Any

import numba

from evolino.environments.kernels.classic import TURN
from evolino.simd.activations import clamp
from evolino.simd.memory import load, store
from evolino.simd.trigonometry import TO_INTEGER, sin_and_cos
from evolino.simd.vectors import beyond, fma, higher, like

njit: Any = numba.njit

STEP = 0.2  # seconds
FASTEST, FASTEST_OUTER = 4 * TURN / 2, 9 * TURN / 2  # radians a second
WEIGHT = 9.8


@njit(error_model="numpy")
def observe(state: Any, u: Any) -> None:
    """Write cos and sin of the inner angle, 0 hanging, then of the outer one."""
    for joint in range(2):
        sine, cosine = sin_and_cos(load(state, joint))
        store(u, 2 * joint, cosine)
        store(u, 2 * joint + 1, sine)


@njit(error_model="numpy")
def advance(state: Any, y: Any) -> Any:
    """Turn the outer joint by -1, 0 or 1, the largest of three outputs; -1 a step, until
    the tip is a link's length above the hinge."""
    inner, outer, v, w = load(state, 0), load(state, 1), load(state, 2), load(state, 3)
    left, none, right = load(y, 0), load(y, 1), load(y, 2)
    torque = beyond(none - left, 0.0, like(inner, 0.0), -1.0)
    torque = beyond(right - higher(left, none), 0.0, like(inner, 1.0), torque)
    half = 0.5 * STEP
    a1, a2 = _accelerations(inner, outer, v, w, torque)
    v2, w2 = v + half * a1, w + half * a2
    b1, b2 = _accelerations(inner + half * v, outer + half * w, v2, w2, torque)
    v3, w3 = v + half * b1, w + half * b2
    c1, c2 = _accelerations(inner + half * v2, outer + half * w2, v3, w3, torque)
    v4, w4 = v + STEP * c1, w + STEP * c2
    d1, d2 = _accelerations(inner + STEP * v3, outer + STEP * w3, v4, w4, torque)
    sixth = STEP / 6.0
    inner = _turned_back(inner + sixth * (v + 2.0 * (v2 + v3) + v4))
    outer = _turned_back(outer + sixth * (w + 2.0 * (w2 + w3) + w4))
    store(state, 0, inner)
    store(state, 1, outer)
    store(state, 2, clamp(v + sixth * (a1 + 2.0 * (b1 + c1) + d1), FASTEST))
    store(state, 3, clamp(w + sixth * (a2 + 2.0 * (b2 + c2) + d2), FASTEST_OUTER))
    _, of_inner = sin_and_cos(inner)
    _, of_both = sin_and_cos(inner + outer)
    arrived = beyond(0.0 - of_inner - of_both, 1.0, like(inner, 1.0), 0.0)
    return 1.0 - arrived, arrived - 1.0, like(inner, 1.0)


@njit(error_model="numpy")
def _accelerations(inner: Any, outer: Any, v: Any, w: Any, torque: Any) -> Any:
    """Return the accelerations of both angles, from their speeds v and w."""
    sine, cosine = sin_and_cos(outer)
    of_inner, _ = sin_and_cos(inner)
    of_both, _ = sin_and_cos(inner + outer)
    whole, shared = 3.5 + cosine, 1.25 + 0.5 * cosine
    pull = (0.5 * WEIGHT) * of_both
    push = (1.5 * WEIGHT) * of_inner + pull - 0.5 * (w * w) * sine - (v * w) * sine
    share = shared / whole
    turned = torque + share * push - 0.5 * (v * v) * sine - pull
    second = turned / (1.25 - shared * share)
    return 0.0 - (shared * second + push) / whole, second


@njit(error_model="numpy")
def _turned_back(angle: Any) -> Any:
    """Return an angle between minus and plus half a turn."""
    turns = fma(angle, 1.0 / TURN, TO_INTEGER) - TO_INTEGER
    return angle - TURN * turns
