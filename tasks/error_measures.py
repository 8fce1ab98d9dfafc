"""Errors of outputs (RMSE, NRMSE, share accepted), shared by several tasks."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from evolino.task.protocol import Predictor
from evolino.task.series import Segment
from evolino.vocabulary import Array


def rmse(outputs: Array, targets: Array) -> Array:
    """Return (P,): root mean squared error over all rows that have a target.

    outputs: (P, N, L, K). targets: (N, L, K), NaN where there is no row. A network with an
    output that is not finite on a scored row has error inf.

    >>> import evolino
    >>> import numpy as np
    >>> targets = np.zeros((1, 50, 1))
    >>> evolino.rmse(targets[None] + 0.5, targets)
    array([0.5])
    """
    return rmse_against(targets)(outputs)


def nrmse(outputs: Array, targets: Array) -> Array:
    """Return (P,): `rmse` divided by the standard deviation of the targets.

    outputs: (P, N, L, K). targets: (N, L, K), NaN where there is no row.

    >>> import evolino
    >>> import numpy as np
    >>> targets = np.sin(np.arange(50.0)).reshape(1, 50, 1)
    >>> evolino.nrmse(0.9 * targets[None], targets).round(2)
    array([0.1])
    """
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


def column_errors_against(targets: Array, fallback: Array) -> Callable[[Array], Array]:
    """Return each column's normalised root mean squared error to these targets.

    targets: (N, L, K), NaN where there is no row. fallback: (K,), what normalises a column
    whose targets are constant; others by their standard deviation. The function returned
    takes outputs (P, N, L, K) and gives (P, K), inf for a column with an output that is not
    finite on a scored row. A column times a power of two has errors of the same bits, and
    no scale of it overflows or underflows.
    """
    columns = np.moveaxis(targets, -1, 0).reshape(targets.shape[-1], -1)
    scored = [np.flatnonzero(np.isfinite(column)) for column in columns]
    spreads = np.array(
        [
            spread_of(column[rows], float(own))
            for column, rows, own in zip(columns, scored, fallback, strict=True)
        ]
    )

    def errors(outputs: Array) -> Array:
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            # Divided before it is squared; the rows of each column lie together, so that
            # NumPy sums each of them alike.
            parts = np.moveaxis((outputs - targets) / spreads, -1, 1)
            squared = np.square(parts.reshape(*parts.shape[:2], -1))
            means = [squared[:, k].take(rows, axis=1) for k, rows in enumerate(scored)]
            root = np.sqrt(np.stack([each.mean(axis=1) for each in means], axis=1))
        return np.where(np.isfinite(root), root, np.inf)

    return errors


def root_mean_square(errors: Array) -> Array:
    """Return (P,): the root mean square of each column's error (P, K)."""
    if errors.shape[1] == 1:
        return errors[:, 0]
    return np.asarray(np.sqrt(np.square(errors).mean(axis=1)))


def spread_of(values: Array, fallback: float) -> float:
    """Return the standard deviation of values (n,), the fallback if they are constant.

    Exact for values times powers of two; nothing overflows or underflows.
    """
    if not len(values) or values.min() == values.max():
        return fallback
    exponent = int(np.frexp(np.abs(values).max())[1])
    deviation = np.std(np.ldexp(values, -exponent))
    return float(np.ldexp(deviation, exponent)) or fallback


def log_nrmse_gradient(outputs: Array, targets: Array) -> tuple[float, Array]:
    """Return the logarithm of `nrmse` of one network, and its gradient.

    outputs, targets: (N, L, K); rows whose target is NaN do not count, and pass 0 on.
    """
    scored = np.isfinite(targets)
    errors = np.where(scored, outputs - np.where(scored, targets, 0.0), 0.0)
    total = float(np.square(errors).sum())
    loss = 0.5 * np.log(total / scored.sum()) - np.log(deviation(targets))
    return float(loss), errors / total


def accepted_share(model: Predictor, segments: Sequence[Segment]) -> float:
    """Return the share of segments on which every output is on the right side of 0."""
    outputs = model.respond(segments, free_running=False)
    right = [
        bool((output * segment.targets > 0).all())
        for output, segment in zip(outputs, segments, strict=True)
    ]
    return float(np.mean(right))


def log_column_errors_gradient(
    outputs: Array, targets: Array, fallback: Array
) -> tuple[float, Array]:
    """Return the logarithm of the root mean square of the columns' normalised errors of one
    network, and its gradient.

    outputs, targets: (N, L, K); rows whose target is NaN do not count, and pass 0 on.
    fallback: (K,), as of `column_errors_against`.
    """
    scored = np.isfinite(targets)
    spreads = np.array(
        [
            spread_of(column[known], float(own))
            for column, known, own in zip(
                np.moveaxis(targets, -1, 0),
                np.moveaxis(scored, -1, 0),
                fallback,
                strict=True,
            )
        ]
    )
    parts = np.where(scored, (outputs - np.where(scored, targets, 0.0)) / spreads, 0.0)
    weighed = parts / (scored.sum(axis=(0, 1)) * len(spreads))
    mean_square = float((parts * weighed).sum())
    with np.errstate(divide="ignore", invalid="ignore"):
        return 0.5 * float(np.log(mean_square)), weighed / mean_square / spreads
