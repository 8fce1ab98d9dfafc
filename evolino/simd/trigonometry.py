"""Sine and cosine for every lane of a vector of doubles.

Polynomials of degree 13 and 14 on |x| <= pi/4, of FreeBSD's `k_sin.c` and `k_cos.c`; the
absolute error is below 3e-16. Larger arguments, up to 1e5, are reduced by multiples of
pi/2 first.
"""

from __future__ import annotations

from typing import Any

import numba

from evolino.simd.vectors import fma, within

njit: Any = numba.njit

_TWO_OVER_PI = 0.6366197723675814
_HALF_PI_HIGH, _HALF_PI_LOW = 1.5707963267948966, 6.123233995736766e-17
TO_INTEGER = 6755399441055744.0  # 1.5 * 2**52: adding it rounds to an integer


@njit(inline="always")
def small_sin(x: Any) -> Any:
    """Return sin(x) for |x| <= pi/4."""
    z = x * x
    p = fma(z, 1.58969099521155010221e-10, -2.50507602534068634195e-08)
    p = fma(z, p, 2.75573137070700676789e-06)
    p = fma(z, p, -1.98412698298579493134e-04)
    p = fma(z, p, 8.33333333332248946124e-03)
    p = fma(z, p, -1.66666666666666324348e-01)
    return fma(x * z, p, x)


@njit(inline="always")
def small_cos(x: Any) -> Any:
    """Return cos(x) for |x| <= pi/4."""
    z = x * x
    p = fma(z, -1.13596475577881948265e-11, 2.08757232129817482790e-09)
    p = fma(z, p, -2.75573143513906633035e-07)
    p = fma(z, p, 2.48015872894767294178e-05)
    p = fma(z, p, -1.38888888888741095749e-03)
    p = fma(z, p, 4.16666666666666019037e-02)
    return fma(z * z, p, fma(z, -0.5, 1.0))


@njit(inline="always")
def sin_and_cos(x: Any) -> Any:
    """Return sin(x) and cos(x) for |x| < 1e5."""
    k = fma(x, _TWO_OVER_PI, TO_INTEGER) - TO_INTEGER
    r = fma(k, -_HALF_PI_LOW, fma(k, -_HALF_PI_HIGH, x))
    s, c = small_sin(r), small_cos(r)
    turns = (fma(k, 0.25, -0.375) + TO_INTEGER) - TO_INTEGER  # k / 4, rounded down
    quadrant = k - 4.0 * turns
    first, second, third = quadrant - 1.0, quadrant - 2.0, quadrant - 3.0
    sine = within(first, 0.5, c, within(second, 0.5, 0.0 - s, s))
    sine = within(third, 0.5, 0.0 - c, sine)
    cosine = within(first, 0.5, 0.0 - s, within(second, 0.5, 0.0 - c, c))
    return sine, within(third, 0.5, s, cosine)
