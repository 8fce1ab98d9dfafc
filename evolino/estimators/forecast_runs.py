"""Run forecasts freely: a step at a time, what is forecast in the window of the next step.

Missing values before an origin are bridged by forecasts of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from evolino.estimators.forecast_model import Design, Prepared, Readout
from evolino.vocabulary import Array, BoolArray, IntArray


def bridged(
    design: Design, readout: Readout, y: Array, inputs: Array, origins: Sequence[int]
) -> Array:
    """Return y (T, K) with forecasts in the place of values missing before the origins.

    Only those are filled that the windows at the origins reach. Raises ValueError where no
    window without missing values lies before one.
    """
    before = design.form.before
    missing: BoolArray = np.asarray(np.isnan(y).any(axis=1))
    reached = np.zeros(len(y), np.bool_)
    for origin in origins:
        reached[max(origin - before, 0) : origin] = True
    gaps = np.flatnonzero(missing & reached)
    if not len(gaps):
        return y
    filled = y.copy()
    # A window that reaches a gap may reach one before it too, so all of them are filled.
    every = np.flatnonzero(missing[: gaps[-1] + 1])
    for row in every:
        if row < before or np.isnan(filled[row - before : row]).any():
            continue
        prepared = design.prepare(filled[: row + 1], inputs)
        z = free_run(design, readout, prepared, [int(row)], 1)
        forecast = design.transform.back(z)[0, 0]
        filled[row] = np.where(np.isnan(y[row]), forecast, y[row])
    left = [row for row in gaps if np.isnan(filled[row]).any()]
    if left:
        raise ValueError(
            f"y has a missing value at row {left[0]} and no {before} steps without one "
            "before it: leave out the rows to there"
        )
    return filled


def free_run(
    design: Design,
    readout: Readout,
    history: Prepared,
    origins: Sequence[int],
    steps: int,
) -> Array:
    """Return forecasts (N, steps, K), transformed, from each of N origins.

    An origin is the first row that is forecast; the rows before it are known. inputs of
    the history reach to the last row that is forecast.
    """
    return free_runs(design, [readout], history, origins, steps)[0]


def free_runs(
    design: Design,
    readouts: Sequence[Readout],
    history: Prepared,
    origins: Sequence[int],
    steps: int,
) -> list[Array]:
    """Return what `free_run` does for each of several readouts of the same features, which
    run side by side."""
    several = len(readouts)
    kept = None
    if design.networks is not None:
        _, cells = design.networks.drive(history.windows, origins)
        kept = np.tile(cells[0], (1, several, 1)), np.tile(cells[1], (1, several, 1))

    def predict(features: Array) -> Array:
        blocks = features.reshape(several, len(origins), -1)
        rows = [r.predict(block) for r, block in zip(readouts, blocks, strict=True)]
        return np.concatenate(rows)

    z = _run(design, predict, history, np.tile(np.array(origins), several), steps, kept)
    return list(z.reshape(several, len(origins), steps, -1))


def _run(
    design: Design,
    predict: Callable[[Array], Array],
    history: Prepared,
    rows: IntArray,
    steps: int,
    kept: tuple[Array, Array] | None,
) -> Array:
    """Return forecasts (N, steps, K) from rows (N,). predict: gives w (N, K) of features
    (N, S). kept: outputs and states (P, N, C) of cells before the rows."""
    form, count = design.form, len(rows)
    bounds = design.lower, design.upper
    back = np.arange(form.lags)
    window = history.w[rows[:, None] - 1 - back].transpose(
        0, 2, 1
    )  # (N, K, L), newest first
    anchors = [history.z[rows - 1 - k] for k in range(form.difference)][::-1]
    stepper = None
    if design.networks is not None and kept is not None:
        stepper = design.networks.stepper(*kept)
    found = []
    for k in range(steps):
        x = history.inputs[rows + k] if history.inputs.shape[1] else np.zeros((count, 0))
        vector = np.concatenate([window.reshape(count, -1), x], axis=1)
        features = vector
        if stepper is not None:
            features = np.concatenate([vector, stepper.step(vector)], axis=1)
        w = predict(features)
        z = w * design.scale + design.mean
        if form.difference:
            z = z + anchors[k]
        bounded = np.clip(np.where(np.isfinite(z), z, design.upper), *bounds)
        w = np.where(np.isfinite(w), w, 0.0) + np.nan_to_num(bounded - z) / design.scale
        if form.difference:
            anchors.append(bounded)
        found.append(bounded)
        window = np.concatenate([w[:, :, None], window[:, :, :-1]], axis=2)
    return np.stack(found, axis=1)
