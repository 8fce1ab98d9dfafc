"""Intervals of real numbers with float64 ends, rounded outwards.

An operation returns an interval that holds every result of numbers of its arguments. Each
end is moved to the next float64 outwards, which more than makes up for the half unit in
the last place that rounding to nearest may take.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evolino.vocabulary import Array, BoolArray

UNIT = 2.0**-53  # the largest relative error of a float64 operation
TINY = 1e-300  # makes up for what underflows


def down(values: Array) -> Array:
    """Return the float64 numbers next below."""
    return np.asarray(np.nextafter(values, -np.inf))


def up(values: Array) -> Array:
    """Return the float64 numbers next above."""
    return np.asarray(np.nextafter(values, np.inf))


@dataclass(frozen=True, slots=True, eq=False)
class Interval:
    """Arrays of intervals lo .. hi, of one shape."""

    lo: Array
    hi: Array

    def __add__(self, other: Interval) -> Interval:
        """Return the sums."""
        return Interval(down(self.lo + other.lo), up(self.hi + other.hi))

    def __sub__(self, other: Interval) -> Interval:
        """Return the differences."""
        return Interval(down(self.lo - other.hi), up(self.hi - other.lo))

    def __mul__(self, other: Interval) -> Interval:
        """Return the products."""
        a, b = self.lo * other.lo, self.lo * other.hi
        c, d = self.hi * other.lo, self.hi * other.hi
        low = np.minimum(np.minimum(a, b), np.minimum(c, d))
        high = np.maximum(np.maximum(a, b), np.maximum(c, d))
        return Interval(down(low - TINY), up(high + TINY))

    def times(self, factor: Array) -> Interval:
        """Return the products with exact numbers."""
        a, b = self.lo * factor, self.hi * factor
        return Interval(down(np.minimum(a, b) - TINY), up(np.maximum(a, b) + TINY))

    def plus(self, term: Array) -> Interval:
        """Return the sums with exact numbers."""
        return Interval(down(self.lo + term), up(self.hi + term))

    def widened(self, by: Array) -> Interval:
        """Return the intervals, longer by so much at each end."""
        return Interval(down(self.lo - by), up(self.hi + by))

    def cut(self, low: float, high: float) -> Interval:
        """Return the parts between two bounds, beyond which no value can lie."""
        return Interval(
            np.minimum(np.maximum(self.lo, low), high),
            np.minimum(np.maximum(self.hi, low), high),
        )

    def hull(self, other: Interval) -> Interval:
        """Return the smallest intervals that hold both."""
        return Interval(np.minimum(self.lo, other.lo), np.maximum(self.hi, other.hi))

    def inside(self, other: Interval) -> BoolArray:
        """Return which intervals lie within those of another; none does with a NaN."""
        return np.asarray((self.lo >= other.lo) & (self.hi <= other.hi))

    @property
    def size(self) -> Array:
        """The largest absolute value of each interval."""
        return np.asarray(np.maximum(np.abs(self.lo), np.abs(self.hi)))

    @property
    def middle(self) -> Array:
        """A number of each interval, near its middle."""
        return np.asarray(self.lo + 0.5 * (self.hi - self.lo))


def point(values: Array) -> Interval:
    """Return intervals of one number each."""
    return Interval(values, values)


def choose(condition: BoolArray, first: Interval, second: Interval) -> Interval:
    """Return the intervals of the first where the condition holds, else of the second."""
    return Interval(
        np.where(condition, first.lo, second.lo), np.where(condition, first.hi, second.hi)
    )


def add_exactly(a: Array, b: Array) -> tuple[Array, Array]:
    """Return the rounded sum and what it lacks: a + b exactly (Knuth's two-sum)."""
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)
