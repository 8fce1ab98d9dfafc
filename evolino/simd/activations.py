"""exp, and what sigma and tanh need of it, for every lane of a vector."""

from __future__ import annotations

from typing import Any

import numba
from numba import extending, types

from evolino.simd.vectors import fma, higher, lower, power_of_two

njit: Any = numba.njit

_LOG2_E = 1.4426950408889634074


@njit(inline="always")
def _exp_of_doubles(x: Any) -> Any:
    """p is a polynomial of degree 12; relative error of s + s p is 4e-16."""
    shift = 6755399441055744.0  # 1.5 * 2**52: adding it rounds to an integer
    shifted = fma(x, _LOG2_E, shift)
    k = shifted - shift
    r = fma(k, -1.90821492927058770002e-10, fma(k, -6.93147180369123816490e-01, x))
    r2 = r * r
    r4 = r2 * r2
    high = fma(r2, fma(r, 1 / 362880, 1 / 40320), fma(r, 1 / 5040, 1 / 720))
    high = fma(r4, fma(r2, 1 / 479001600, fma(r, 1 / 39916800, 1 / 3628800)), high)
    low = fma(r2, fma(r, 1 / 120, 1 / 24), fma(r, 1 / 6, 0.5))
    return power_of_two(shifted), fma(r2, fma(r4, high, low), r)


@njit(inline="always")
def _exp_of_floats(x: Any) -> Any:
    """p is a polynomial of degree 7; relative error of s + s p is 1e-7."""
    shift = 12582912.0  # 1.5 * 2**23
    shifted = fma(x, _LOG2_E, shift)
    k = shifted - shift
    r = fma(k, 2.12194440e-4, fma(k, -0.693359375, x))
    r2 = r * r
    high = fma(r, 1 / 5040, 1 / 720)
    low = fma(r2, fma(r, 1 / 120, 1 / 24), fma(r, 1 / 6, 0.5))
    return power_of_two(shifted), fma(r2, fma(r2 * r2, high, low), r)


def exp_parts(x: Any) -> Any:
    """Return s, p with exp(x) = s + s p, s a power of two, for |x| < 700 (floats: 87).

    p is a polynomial in the remainder, |r| <= ln(2) / 2, and keeps its relative accuracy
    for tiny x, where s = 1.
    """
    raise NotImplementedError("inside kernels only")


@extending.overload(exp_parts, inline="always")
def _exp_parts(x):  # type: ignore[no-untyped-def]
    if x.number == types.float64:
        return lambda x: _exp_of_doubles(x)
    return lambda x: _exp_of_floats(x)


def bounds(x: Any) -> Any:
    """Return where to cut gates and arguments of tanh off: beyond it sigma and tanh are 0
    or 1, and products of three exponentials are still finite."""
    raise NotImplementedError("inside kernels only")


@extending.overload(bounds, inline="always")
def _bounds(x):  # type: ignore[no-untyped-def]
    if x.number == types.float64:
        return lambda x: (100.0, 40.0)
    return lambda x: (28.0, 14.0)


@njit(inline="always")
def clamp(x: Any, bound: float) -> Any:
    """Return x cut off at -bound and bound; NaN stays NaN."""
    return higher(lower(x, bound), -bound)


@njit(inline="always")
def one_plus_exp_minus(x: Any) -> Any:
    """Return 1 + exp(-x), so that sigma(x) is its inverse."""
    s, p = exp_parts(clamp(0.0 - x, bounds(x)[0]))
    return fma(s, p, s) + 1.0


@njit(inline="always")
def expm1_twice(x: Any) -> Any:
    """Return e = exp(2 x) - 1, so that tanh(x) = e / (e + 2), accurate near 0."""
    y = clamp(x, bounds(x)[1])
    s, p = exp_parts(y + y)
    return fma(s, p, s - 1.0)
