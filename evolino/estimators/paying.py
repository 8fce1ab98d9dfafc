"""Whether something costlier pays: its errors on held-out data are clearly smaller.

The one-standard-error rule (Hastie, Tibshirani & Friedman 2009, section 7.10, recalled):
the simpler of two methods is kept unless the other is better by more than the standard
error of the difference. Errors of neighbouring steps go together, so that it is that of
means over stretches.
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, stdtrit

from evolino.vocabulary import Array

STRETCHES = 10


def pays(
    simple: Array, costly: Array, margin: float = 1.0, stretches: int = STRETCHES
) -> bool:
    """Return whether the errors (R,) of a costlier method are clearly smaller.

    margin: standard errors; 2 where the costlier one is the best of many. Of few stretches
    it takes more of them, by Student's distribution. stretches: whose means are compared;
    fewer than 2 decide nothing. Both are of the same R rows, in order. Errors that are not
    finite are never smaller.
    """
    if not np.isfinite(costly).all():
        return False
    gains = np.asarray(simple) - np.asarray(costly)
    if not np.isfinite(gains).all():
        return True
    parts = np.array_split(gains, min(stretches, len(gains)))
    means = np.array([each.mean() for each in parts])
    if len(means) < 2:
        return False
    error = float(np.std(means, ddof=1)) / np.sqrt(len(means))
    # As sure as so many standard errors of a normal mean are.
    wanted = float(stdtrit(len(means) - 1, ndtr(margin)))
    return bool(means.mean() > wanted * error)
