"""Streams that end at their first error: their score, and a loss for evolution."""

from __future__ import annotations

import numpy as np

from evolino.vocabulary import Array, IntArray

WORST = 1.5  # an error beyond it tells nothing more


def first_errors(outputs: Array, targets: Array, tolerance: float) -> IntArray:
    """Return (P, N): the rows of each stream before its first error, all of them if none.

    outputs: (P, N, L, K). targets: (N, L, K), NaN where a row does not count. An error is
    an output that is further than the tolerance from its target.
    """
    with np.errstate(invalid="ignore"):
        # Written so that an output that is no number is an error, a missing target none.
        wrong = ~(np.abs(outputs - targets) <= tolerance) & ~np.isnan(targets)
    rows = wrong.any(axis=3)
    return np.where(rows.any(axis=2), rows.argmax(axis=2), outputs.shape[2])


def stream_loss(
    outputs: Array, targets: Array, tolerance: float, *, largest: bool
) -> Array:
    """Return (P,): how early streams end, and how bad they are until then.

    Without an error: the largest error if `largest`, else the root mean square; below the
    tolerance, which is below 1. With errors: between the tolerance and 1, half of it by the
    share of the streams that was not reached, half by the size of the error up to and
    including the first row in error. Arguments as of `first_errors`.
    """
    scored = ~np.isnan(targets)
    reached = first_errors(outputs, targets, tolerance)
    rows = np.arange(outputs.shape[2])
    counted = scored & (rows <= reached[:, :, None])[..., None]
    with np.errstate(invalid="ignore"):
        error = np.minimum(np.abs(outputs - targets), WORST)
    error = np.where(counted, np.where(np.isnan(error), WORST, error), 0.0)
    if largest:
        size = error.max(axis=(1, 2, 3))
    else:
        size = np.sqrt(np.square(error).sum(axis=(1, 2, 3)) / counted.sum(axis=(1, 2, 3)))
    meant = scored.any(axis=2)
    done = (meant & (rows < reached[:, :, None])).sum(axis=(1, 2))
    missed = 1.0 - done / meant.sum()
    failed = tolerance + (1.0 - tolerance) * 0.5 * (missed + size / WORST)
    return np.where(missed == 0, size, failed)


def interval_loss(outputs: Array, targets: Array, tolerance: float) -> Array:
    """Return (P,): the largest error up to the tolerance, beyond it that plus the root mean
    square. Arguments as of `first_errors`."""
    with np.errstate(over="ignore", invalid="ignore"):
        error = np.abs(outputs - targets)
        largest = error.max(axis=(1, 2, 3))
        root = np.sqrt(np.square(error).mean(axis=(1, 2, 3)))
    loss = np.where(largest <= tolerance, largest, tolerance + root)
    return np.where(np.isfinite(loss), loss, np.inf)
