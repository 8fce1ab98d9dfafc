"""Standardised columns (z-scores): what a network sees of data in the user's units.

The network learns (x - mean) / scale of each column; its outputs are given back as
mean + scale z. A column times a power of two has the same standardised values, bit by bit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from evolino.task.series import Segment, Series
from evolino.vocabulary import Array


@dataclass(frozen=True, slots=True, eq=False)
class Scaling:
    """The mean and scale of each column, and the range of free runs.

    input_mean, input_scale: (I,). output_mean, output_scale: (K,). lower, upper: (K,), the
    outputs of a free run are cut to this range, -inf and inf for none. All are in the
    user's units. Raises ValueError for other shapes, a mean that is not finite, a scale
    that is not finite and above 0, or a lower bound above its upper bound.
    """

    input_mean: Array
    input_scale: Array
    output_mean: Array
    output_scale: Array
    lower: Array
    upper: Array

    def __post_init__(self) -> None:
        """Check the shapes and values."""
        for each in fields(self):
            value = getattr(self, each.name)
            like = self.input_mean if each.name.startswith("input") else self.output_mean
            if not isinstance(value, np.ndarray) or value.dtype != np.float64:
                raise TypeError(f"{each.name} must be an array of float64, got {value!r}")
            if value.ndim != 1 or value.shape != like.shape:
                raise ValueError(f"{each.name} must have shape (n,), got {value.shape}")
        for name in ("input", "output"):
            mean, scale = getattr(self, f"{name}_mean"), getattr(self, f"{name}_scale")
            if not (np.isfinite(mean).all() and np.isfinite(scale).all()):
                raise ValueError(f"{name}_mean and {name}_scale must be finite")
            if not (scale > 0).all():
                raise ValueError(f"{name}_scale must be > 0, got {scale.min():g}")
        if not (self.lower <= self.upper).all():
            raise ValueError("lower must not be above upper")

    @classmethod
    def of(cls, inputs: Array, outputs: Array) -> Scaling:
        """Return the scaling of training rows: inputs (T, I), outputs (T, K); no bounds."""
        free = np.full(outputs.shape[1], np.inf)
        return cls(*mean_and_scale(inputs), *mean_and_scale(outputs), -free, free)

    def with_bounds(self, rows: Array, share: float) -> Scaling:
        """Return this with the range of rows (T, K), wider by a share of it on both sides.

        A column that is constant gets its scale for its range.
        """
        lower, upper = bounds_of(rows, share, self.output_scale)
        return replace(self, lower=lower, upper=upper)

    def for_labels(self) -> Scaling:
        """Return this with outputs as they are, for targets that stand for classes."""
        free = np.full(len(self.output_mean), np.inf)
        zero, one = np.zeros(len(free)), np.ones(len(free))
        return replace(self, output_mean=zero, output_scale=one, lower=-free, upper=free)

    def inputs(self, values: Array) -> Array:
        """Return inputs (.., I) standardised."""
        return (values - self.input_mean) / self.input_scale

    def outputs(self, values: Array) -> Array:
        """Return outputs or targets (.., K) standardised."""
        with np.errstate(over="ignore"):  # a prime far beyond the training rows
            return (values - self.output_mean) / self.output_scale

    def restored(self, outputs: Array) -> Array:
        """Return standardised outputs (.., K) in the user's units."""
        with np.errstate(over="ignore", invalid="ignore"):  # of runs that diverged
            return self.output_mean + self.output_scale * outputs

    def bounded(self, outputs: Array) -> Array:
        """Return a free run's outputs (.., K), in the user's units, cut to their range.

        What is not a number becomes the upper bound.
        """
        known = np.where(np.isnan(outputs), np.inf, outputs)
        return np.clip(known, self.lower, self.upper)

    def segments(self, segments: Sequence[Segment]) -> list[Segment]:
        """Return segments of standardised series; those that share one still share it."""
        made: dict[int, Series] = {}
        for segment in segments:
            if id(segment.series) not in made:
                made[id(segment.series)] = self._series(segment.series)
        return [replace(each, series=made[id(each.series)]) for each in segments]

    def _series(self, series: Series) -> Series:
        teacher = None if series.teacher is None else self.outputs(series.teacher)
        return Series(
            self.inputs(series.input_rows()), self.outputs(series.targets), teacher
        )

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Scaling:
        """Return the scaling of `as_state`. Raises TypeError or ValueError for another."""
        return cls(**state)

    def as_state(self) -> dict[str, Array]:
        """Return all of it as arrays."""
        return {each.name: getattr(self, each.name) for each in fields(self)}


def mean_and_scale(columns: Array) -> tuple[Array, Array]:
    """Return mean and standard deviation (n,) of columns (T, n), for standardising.

    A constant column has a scale near its value, a power of two (1 for zeros), so that it
    is centred. Nothing overflows or underflows on the way: each column is first divided
    by a power of two near its largest value, which changes no digit.
    """
    largest = np.abs(columns).max(axis=0, initial=0.0)
    exponents = np.frexp(largest)[1]
    # One contiguous row a column: NumPy sums each of them alike.
    rows = np.ascontiguousarray(np.ldexp(columns, -exponents).T)
    mean = rows.mean(axis=1)
    with np.errstate(under="ignore"):
        deviation = np.sqrt(np.square(rows - mean[:, None]).mean(axis=1))
    constant = np.ptp(rows, axis=1) == 0
    mean = np.where(constant, rows[:, 0], mean)
    deviation = np.where(constant | (deviation == 0), 0.5, deviation)
    tiniest = np.finfo(np.float64).tiny
    scale = np.maximum(np.ldexp(deviation, exponents), tiniest)
    return np.ldexp(mean, exponents), np.where(largest > 0, scale, 1.0)


def bounds_of(rows: Array, share: float, scale: Array) -> tuple[Array, Array]:
    """Return the range (K,), (K,) of rows (T, K), wider by a share of it on both sides.

    scale: (K,), taken for the range of a column that is constant.
    """
    lowest, highest = rows.min(axis=0), rows.max(axis=0)
    with np.errstate(over="ignore"):
        span = np.where(highest > lowest, highest - lowest, scale)
        return lowest - share * span, highest + share * span
