"""Bounds of the logistic function and tanh, tight where they saturate.

1 - 1e-30 is no float64. So a value comes as a number and an interval for the rest, as in
1 + [-1e-30, -1e-31]: what counts is how far a gate is from open or shut.

Two kinds of arithmetic are bounded. REAL is that of the equations. FLOAT64 is what the
kernels compute (evolino/network/kernels/cell.py): there gates are cut off at +-100,
arguments of tanh at +-40, exp has a relative error of 4e-16, and 1 + exp(-x) is rounded,
after which a gate with x > 37 is open, exactly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evolino.certificates.intervals import TINY, UNIT, Interval, choose, down, up
from evolino.vocabulary import Array

SLACK = 4e-15  # relative: more than exp, expm1, a sum and a quotient may be off together
EXP = 1e-15  # relative: more than the kernels' exp, or NumPy's, is off
LARGEST_GATE, LARGEST_TANH = 100.0, 40.0


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """rounds: whether operations are those of the kernels, or exact."""

    name: str
    rounds: bool


REAL = Arithmetic("real", rounds=False)
FLOAT64 = Arithmetic("float64", rounds=True)


@dataclass(frozen=True, slots=True, eq=False)
class Near:
    """Values: a number, plus anything of an interval."""

    number: Array
    rest: Interval

    @property
    def bounds(self) -> Interval:
        """The values as intervals."""
        return self.rest.plus(self.number)


def logistic(x: Interval, arithmetic: Arithmetic) -> tuple[Near, Interval]:
    """Return sigma(x) near 0 or 1, and 1 - sigma(x)."""
    if arithmetic.rounds:
        x = x.cut(-LARGEST_GATE, LARGEST_GATE)
    smaller = _smaller_part_rounded if arithmetic.rounds else _smaller_part
    low, high = smaller(x.lo), smaller(x.hi)  # each the bounds at one end of x
    # Of sigma and 1 - sigma the smaller one, at both ends: sigma grows with x.
    sigma = Interval(
        np.where(x.lo < 0, low.lo, down(1.0 - low.hi)),
        np.where(x.hi < 0, high.hi, up(1.0 - high.lo)),
    ).cut(0.0, 1.0)
    shut = Interval(
        np.where(x.hi < 0, down(1.0 - high.hi), high.lo),
        np.where(x.lo < 0, up(1.0 - low.lo), low.hi),
    ).cut(0.0, 1.0)
    open_ = x.lo >= 0
    rest = choose(open_, Interval(-shut.hi, -shut.lo), sigma)
    return Near(np.where(open_, 1.0, 0.0), rest), shut


def hyperbolic(x: Interval, arithmetic: Arithmetic) -> Near:
    """Return tanh(x) near -1, 0 or 1."""
    if arithmetic.rounds:
        x = x.cut(-LARGEST_TANH, LARGEST_TANH)
    sign = np.where(x.lo > 0.5, 1.0, np.where(x.hi < -0.5, -1.0, 0.0))
    near, far = np.abs(x.lo), np.abs(x.hi)
    near, far = np.minimum(near, far), np.maximum(near, far)
    # 1 - tanh(|x|) falls with |x|.
    least = np.maximum(_lack(far) * (1 - SLACK) - TINY, 0.0)
    lacks = Interval(least, _lack(near) * (1 + SLACK) + TINY)
    small = Interval(_outwards(np.tanh(x.lo), -1.0), _outwards(np.tanh(x.hi), 1.0))
    rest = choose(sign > 0, Interval(-lacks.hi, -lacks.lo), choose(sign < 0, lacks, small))
    if arithmetic.rounds:
        rest = rest.widened(SLACK * (np.abs(sign) + rest.size))
    return Near(sign, rest)


def product(a: Near, b: Near) -> Near:
    """Return a b for numbers a.number of 0 or 1."""
    number = a.number * b.number
    rest = b.rest.times(a.number) + a.rest.times(b.number) + a.rest * b.rest
    return Near(number, rest)


def _smaller_part(x: Array) -> Interval:
    """Return the smaller of sigma(x) and 1 - sigma(x), within its error."""
    t = np.exp(-np.abs(x))
    part = t / (1.0 + t)
    return Interval(np.maximum(part * (1 - SLACK) - TINY, 0.0), part * (1 + SLACK) + TINY)


def _smaller_part_rounded(x: Array) -> Interval:
    """Return bounds of what the kernels take for it: e = fl(1 + exp(-x)), sigma = 1/e.

    Rounding is monotone, so e lies between the rounded sums of exp's bounds.
    """
    t = np.exp(-x)
    low, high = 1.0 + t * (1 - EXP), 1.0 + t * (1 + EXP)
    return Interval(
        np.where(x < 0, down(1.0 / high), down((low - 1.0) / low)),
        np.where(x < 0, up(1.0 / low), np.where(high == 1.0, 0.0, up((high - 1.0) / high))),
    ).cut(0.0, 1.0)


def _lack(x: Array) -> Array:
    """Return 1 - tanh(x) for x >= 0."""
    t = np.exp(-2.0 * x)
    return np.asarray(2.0 * t / (1.0 + t))


def _outwards(values: Array, towards: float) -> Array:
    return np.asarray(values + towards * (SLACK * np.abs(values) + TINY))


UPDATE_OPEN, UPDATE = 2.01 * UNIT, 3.01 * UNIT
"""Relative error of the kernels' new state, from what its gates as computed would give: the
sum and the quotient; with a forget gate that is not exactly 1 the denominator too."""
