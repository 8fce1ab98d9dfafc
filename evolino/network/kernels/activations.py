"""exp, and what sigma and tanh need of it, for every lane of a vector."""

from __future__ import annotations

from typing import Any

import numba

from evolino.network.kernels.lanes import clamp, fma, power_of_two

njit: Any = numba.njit

GATE_BOUND = 100.0  # beyond it sigma is 0 or 1 in float64
TANH_BOUND = 40.0

_SHIFT = 6755399441055744.0  # 1.5 * 2**52: adding it rounds to an integer in the low bits
_LOG2_E = 1.4426950408889634074
_LN2_HIGH, _LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10


@njit(inline="always")
def exp_parts(x: Any) -> Any:
    """Return s, p with exp(x) = s + s p, s a power of two, for |x| < 700.

    p is a polynomial of degree 12 in the remainder, |r| <= ln(2) / 2; relative error of
    s + s p is 4e-16, and p keeps its relative accuracy for tiny x, where s = 1.
    """
    shifted = fma(x, _LOG2_E, _SHIFT)
    k = shifted - _SHIFT
    r = fma(k, -_LN2_LOW, fma(k, -_LN2_HIGH, x))
    r2 = r * r
    r4 = r2 * r2
    high = fma(r2, fma(r, 1 / 362880, 1 / 40320), fma(r, 1 / 5040, 1 / 720))
    high = fma(r4, fma(r2, 1 / 479001600, fma(r, 1 / 39916800, 1 / 3628800)), high)
    low = fma(r2, fma(r, 1 / 120, 1 / 24), fma(r, 1 / 6, 0.5))
    return power_of_two(shifted), fma(r2, fma(r4, high, low), r)


@njit(inline="always")
def one_plus_exp_minus(x: Any) -> Any:
    """Return 1 + exp(-x), so that sigma(x) is its inverse."""
    s, p = exp_parts(clamp(0.0 - x, GATE_BOUND))
    return fma(s, p, s) + 1.0


@njit(inline="always")
def expm1_twice(x: Any) -> Any:
    """Return e = exp(2 x) - 1, so that tanh(x) = e / (e + 2), accurate near 0."""
    y = clamp(x, TANH_BOUND)
    s, p = exp_parts(y + y)
    return fma(s, p, s - 1.0)
