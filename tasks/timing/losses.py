"""Losses of the timing task: streams that end at their first error, intervals."""

from __future__ import annotations

import numpy as np

from evolino.vocabulary import Array, IntArray

WORST = 1.5  # larger errors count as this


def first_errors(outputs: Array, targets: Array, tolerance: float) -> IntArray:
    """Return (P,): the rows of a stream before its first error, all of them if none.

    outputs: (P, L). targets: (L,). An error is an output that is further than the tolerance
    from its target, or no number.
    """
    with np.errstate(invalid="ignore"):
        right = np.abs(outputs - targets) <= tolerance
    none = outputs.shape[1]
    return np.asarray(np.where(right.all(axis=1), none, right.argmin(axis=1)))


def stream_loss(
    outputs: Array, targets: Array, tolerance: float, *, largest: bool
) -> Array:
    """Return (P,): how early a stream ends, and how bad it is until then.

    Without an error: the largest error if `largest`, else the root mean square; at most
    the tolerance, which is below 1. With one: between the tolerance and 1, half of it by
    the share of the stream that was not reached, half by the largest error up to and
    including the first row in error. Arguments as of `first_errors`.
    """
    rows = outputs.shape[1]
    reached = first_errors(outputs, targets, tolerance)
    counted = np.arange(rows) <= reached[:, None]
    with np.errstate(invalid="ignore", over="ignore"):
        error = np.abs(outputs - targets)
        error = np.where(counted, np.fmin(error, WORST), 0.0)  # of NaN it is the worst
    size = top = error.max(axis=1)
    if not largest:
        size = np.sqrt(np.square(error).mean(axis=1))
    missed = 1.0 - reached / rows
    failed = tolerance + (1.0 - tolerance) * 0.5 * (missed + top / WORST)
    return np.asarray(np.where(reached == rows, size, failed))


def log_stream_loss_gradient(
    outputs: Array, targets: Array, tolerance: float
) -> tuple[float, Array]:
    """Return the logarithm of `stream_loss` by the root mean square, and its gradient.

    outputs, targets, gradient: (N, L, K), all rows of one network's stream. With an error
    in the stream, or with none at all, the loss is not finite and the gradient 0.
    """
    errors = outputs - targets
    if not (np.abs(errors) <= tolerance).all():
        return np.inf, np.zeros_like(outputs)
    total = float(np.square(errors).sum())
    if total == 0:
        return -np.inf, np.zeros_like(outputs)
    return float(0.5 * np.log(total / errors.size)), errors / total


def interval_loss(outputs: Array, targets: Array, tolerance: float) -> Array:
    """Return (P,): the largest error up to the tolerance, beyond it that plus the root mean
    square. Arguments as of `first_errors`."""
    with np.errstate(over="ignore", invalid="ignore"):
        error = np.abs(outputs - targets)
        largest = error.max(axis=1)
        root = np.sqrt(np.square(error).mean(axis=1))
    loss = np.where(largest <= tolerance, largest, tolerance + root)
    return np.where(np.isfinite(loss), loss, np.inf)
