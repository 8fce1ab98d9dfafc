"""Error measures that several tasks share."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from evolino.vocabulary import Array


def rmse(outputs: Array, targets: Array) -> Array:
    """Return (P,): root mean squared error over all rows that have a target.

    outputs: (P, N, L, K). targets: (N, L, K), NaN where there is no row. A network with an
    output that is not finite on a scored row has error inf.
    """
    return rmse_against(targets)(outputs)


def nrmse(outputs: Array, targets: Array) -> Array:
    """Return (P,): `rmse` divided by the standard deviation of the targets."""
    return nrmse_against(targets)(outputs)


def rmse_against(targets: Array) -> Callable[[Array], Array]:
    """Return `rmse` to these targets, for any outputs.

    A network's error has the same bits whatever networks are beside it.
    """
    scored = np.isfinite(targets)
    places = None if scored.all() else np.flatnonzero(scored)

    def error(outputs: Array) -> Array:
        with np.errstate(over="ignore", invalid="ignore"):
            squared = np.square(outputs - targets)
            rows = squared.reshape(len(squared), -1)  # NumPy sums each of them alike
            if places is not None:
                rows = rows.take(places, axis=1)
            mean = np.sqrt(rows.mean(axis=1))
        return np.where(np.isfinite(mean), mean, np.inf)

    return error


def nrmse_against(targets: Array) -> Callable[[Array], Array]:
    """Return `nrmse` to these targets, for any outputs, as `rmse_against`."""
    spread, error = deviation(targets), rmse_against(targets)
    return lambda outputs: error(outputs) / spread


def deviation(targets: Array) -> float:
    """Return the standard deviation of the targets, 1 if they are constant.

    Raises ValueError if it is not finite, as for values near the largest number.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        spread = float(targets.std())
        if np.isnan(spread):  # of shorter segments; takes ten times as long
            spread = float(np.nanstd(targets))
    if not np.isfinite(spread):
        raise ValueError(
            "the targets are too large: their standard deviation is not finite"
        )
    return spread if spread > 0 else 1.0
