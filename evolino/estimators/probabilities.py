"""Class probabilities of decision values that were held out.

p = softmax(scale x decisions), the scale fitted by maximum likelihood to rows that the
readout did not see (temperature scaling, Guo et al. 2017, recalled). The class of the
largest decision has the largest probability.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

from evolino.vocabulary import Array, IntArray

LIMITS = np.log([1e-2, 50.0])  # of the scale
PENALTY = 1e-3  # on the square of its logarithm, a row: few rows do not make it certain


def calibrate(decisions: Array, positions: IntArray) -> float:
    """Return the scale for held-out decisions (n, K) of rows whose classes are at
    positions (n,)."""
    rows = np.arange(len(positions))

    def loss(log_scale: float) -> float:
        chosen = log_softmax(np.exp(log_scale) * decisions, axis=1)[rows, positions]
        return float(-chosen.mean() + PENALTY * log_scale**2)

    found = minimize_scalar(loss, bounds=tuple(LIMITS), method="bounded")
    return float(np.exp(found.x))


def probabilities(decisions: Array, scale: float) -> Array:
    """Return (n, K)."""
    return np.asarray(softmax(scale * decisions, axis=1))
