"""Transforms of columns before a forecast: none, square root, logarithm; and differences.

A forecast of transformed values is given back by the inverse. Differences, from the last
value or from a season ago, anchor a forecast: it goes on from there whatever the level.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evolino.vocabulary import Array, BoolArray

TRANSFORMS = ("none", "sqrt", "log")


@dataclass(frozen=True, slots=True, eq=False)
class Transform:
    """A transform of the columns that it `fits`, (K,); others stay as they are.

    unit: (K,), by which columns are divided first, so that units do not matter.
    """

    name: str
    fits: BoolArray
    unit: Array

    def forward(self, values: Array) -> Array:
        """Return values (.., K) transformed; NaN stays NaN. What lies below the range of
        the transform becomes its lower end."""
        scaled = values / self.unit
        if self.name == "none":
            return scaled
        if self.name == "sqrt":
            with np.errstate(invalid="ignore"):
                changed = np.sqrt(np.maximum(scaled, 0.0))
        else:
            with np.errstate(invalid="ignore"):
                changed = np.log(np.maximum(scaled, 1e-12))
        changed = np.where(np.isnan(scaled), np.nan, changed)
        return np.where(self.fits, changed, scaled)

    def back(self, values: Array) -> Array:
        """Return transformed values (.., K) in their units."""
        if self.name == "sqrt":
            values = np.where(self.fits, np.square(np.maximum(values, 0.0)), values)
        elif self.name == "log":
            values = np.where(self.fits, np.exp(np.minimum(values, 700.0)), values)
        return np.asarray(values * self.unit)


def transforms_for(values: Array) -> list[Transform]:
    """Return the transforms that columns (T, K) allow: a logarithm where all values are
    above 0, a square root where none is below."""
    known = np.where(np.isnan(values), np.nan, values)
    lowest = np.nanmin(known, axis=0)
    unit = np.nanmax(np.abs(known), axis=0)
    unit = np.where(unit > 0, unit, 1.0)
    found = [Transform("none", np.zeros(len(lowest), np.bool_), unit)]
    for name, fits in (("sqrt", lowest >= 0), ("log", lowest > 1e-6 * unit)):
        if fits.any():
            found.append(Transform(name, np.asarray(fits), unit))
    return found


def differences(values: Array, lag: int) -> Array:
    """Return values (T, K) less those of lag steps before, (T, K), NaN at first; lag 0
    leaves them as they are."""
    if lag == 0:
        return values
    found = np.full_like(values, np.nan)
    found[lag:] = values[lag:] - values[:-lag]
    return found
