"""Prediction intervals: quantiles of the errors over rolling origins.

The errors are those of forecasts whose fit did not have the rows that were forecast
(split conformal prediction, Vovk et al. 2005, recalled). They are taken after the
transform, so that an interval of logarithms grows with the level.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evolino.estimators.transforms import Transform
from evolino.vocabulary import Array

OPTIMISM = 0.15  # by which coverage grows where one forecast is apart from others
NEIGHBOURS = 2  # horizons on either side whose errors count too


@dataclass(frozen=True, slots=True, eq=False)
class Residuals:
    """Absolute errors (N, H, K) of transformed forecasts, NaN where unknown.

    apart: how many of the N forecasts do not overlap.
    """

    transform: Transform
    absolute: Array
    apart: float

    @classmethod
    def of(
        cls, transform: Transform, forecasts: Array, truth: Array, apart: float
    ) -> Residuals:
        """Return the residuals of forecasts (N, H, K) in the user's units."""
        errors = transform.forward(truth) - transform.forward(forecasts)
        return cls(transform, np.abs(errors), apart)

    def interval(self, forecasts: Array, coverage: float) -> tuple[Array, Array]:
        """Return lower and upper bounds (N, H', K) around forecasts (N, H', K).

        Beyond the horizon of the residuals the width grows with the square root of it.
        """
        known = self.absolute.shape[1]
        # Few forecasts that are apart, which chose the method too, err on the low side.
        coverage = min(coverage * (1.0 + OPTIMISM / self.apart), 1.0)
        widths = []
        for h in range(forecasts.shape[1]):
            near = min(h, known - 1)
            around = slice(max(near - NEIGHBOURS, 0), near + NEIGHBOURS + 1)
            widths.append(_quantile(self.absolute[:, around], coverage))
            if h >= known:
                widths[-1] = widths[-1] * np.sqrt((h + 1) / known)
        # What is further ahead is no better known; few errors may say otherwise.
        width = np.maximum.accumulate(np.stack(widths), axis=0)
        centre = self.transform.forward(forecasts)
        return self.transform.back(centre - width), self.transform.back(centre + width)


def _quantile(errors: Array, coverage: float) -> Array:
    """Return (K,): the conformal quantile of errors (N, h, K)."""
    found = []
    for column in errors.reshape(-1, errors.shape[-1]).T:
        known = np.sort(column[np.isfinite(column)])
        # n + 1 exchangeable errors; the origins count, neighbouring horizons go together.
        rank = int(np.ceil(coverage * (len(known) + 1)))
        found.append(known[min(rank, len(known)) - 1] if len(known) else np.nan)
    return np.array(found)
