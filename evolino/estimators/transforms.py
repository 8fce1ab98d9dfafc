"""Transforms of columns before a forecast: none, square root, logarithm; and differences.

Roots and logarithms are of the distance from a base at or below the least value, measured
in ranges of the column, so that neither units nor an offset matter: 1e6 added to a series
adds 1e6 to its forecasts. A forecast of transformed values is given back by the inverse.
Differences, from the last value or from a season ago, anchor a forecast: it goes on from
there whatever the level.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evolino.vocabulary import Array, BoolArray

TRANSFORMS = ("none", "sqrt", "log")
BELOW = {"none": 0.0, "sqrt": 0.1, "log": 1.0}  # ranges from the base to the least value


@dataclass(frozen=True, slots=True, eq=False)
class Transform:
    """A transform of the columns that it `fits`, (K,); others stay as they are.

    base: (K,), subtracted from columns. unit: (K,), by which they are divided then.
    """

    name: str
    fits: BoolArray
    base: Array
    unit: Array

    def __post_init__(self) -> None:
        """Check the name."""
        if self.name not in TRANSFORMS:
            raise ValueError(f"transform must be one of {TRANSFORMS}, got {self.name!r}")

    def forward(self, values: Array) -> Array:
        """Return values (.., K) transformed; NaN stays NaN. What lies below the range of
        the transform becomes its lower end."""
        scaled = (values - self.base) / self.unit
        if self.name == "none":
            return np.asarray(scaled)
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
        return np.asarray(values * self.unit + self.base)


def transforms_for(values: Array) -> list[Transform]:
    """Return the transforms of columns (T, K). Roots and logarithms leave out columns that
    are constant."""
    lowest, highest = np.nanmin(values, axis=0), np.nanmax(values, axis=0)
    spread = highest - lowest
    varies = spread > 0
    unit = np.where(varies, spread, np.where(lowest != 0, np.abs(lowest), 1.0))
    found = []
    for name in TRANSFORMS:
        base = np.where(varies, lowest - BELOW[name] * unit, lowest)
        fits = varies & (name != "none")
        if name == "none" or fits.any():
            found.append(Transform(name, np.asarray(fits), base, unit))
    return found


def differences(values: Array, lag: int) -> Array:
    """Return values (T, K) less those of lag steps before, (T, K), NaN at first; lag 0
    leaves them as they are."""
    if lag == 0:
        return values
    found = np.full_like(values, np.nan)
    found[lag:] = values[lag:] - values[:-lag]
    return found
