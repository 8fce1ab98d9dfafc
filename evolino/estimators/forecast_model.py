"""A forecast a step at a time: autoregression, and cells of networks beside the lags.

With w the transformed, differenced and standardised series, the next value is

    w(t) = a . [w(t-1), .., w(t-L), x(t)] + b . h(t)

with x inputs known beforehand and h the cells of unevolved networks over the same window.
Lags and cells have penalties of their own; without cells it is a plain autoregression. What
is forecast goes into the window of the next step: a free run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.linalg import eigh

from evolino.estimators.forecast_networks import WindowNetworks
from evolino.estimators.transforms import Transform, differences
from evolino.vocabulary import Array, BoolArray

NULL = 1e-13


@dataclass(frozen=True, slots=True)
class Form:
    """What goes into the features. transform: its name. difference: 0 none, 1 from the last
    value, m from a season ago. lags: L. networks: whether there are cells; evolved: of
    evolved networks."""

    transform: str
    difference: int
    lags: int
    networks: bool = False
    evolved: bool = False

    @property
    def before(self) -> int:
        """The rows that a window needs before it."""
        return self.lags + self.difference

    def described(self) -> str:
        """Return the form in words."""
        parts = [f"{self.lags} lags"]
        if self.transform != "none":
            parts.append(f"of {'roots' if self.transform == 'sqrt' else 'logarithms'}")
        if self.difference:
            parts.append(f"less the value {self.difference} before")
        if self.networks:
            parts.append(f"and cells of {'evolved ' if self.evolved else ''}networks")
        return " ".join(parts)


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A series ready for the fit.

    z: (T, K), transformed. w: (T, K), differenced and standardised, NaN where missing.
    windows: (T, L K + I), the input vectors. rows: (T,), those that can be fitted. inputs:
    (T', I), standardised, T' >= T. features: (T, S), windows and cells.
    """

    z: Array
    w: Array
    windows: Array
    rows: BoolArray
    inputs: Array
    features: Array = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """How series become features: a form with its transform, scales and networks.

    lower, upper: (K,), the range that a free run is kept in, transformed.
    """

    form: Form
    transform: Transform
    mean: Array
    scale: Array
    input_mean: Array
    input_scale: Array
    lower: Array
    upper: Array
    networks: WindowNetworks | None = None

    def __post_init__(self) -> None:
        """Check that the parts go together."""
        columns, inputs = len(self.mean), len(self.input_mean)
        parts = (
            self.mean,
            self.scale,
            self.lower,
            self.upper,
            self.transform.unit,
            self.transform.base,
        )
        if any(each.shape != (columns,) for each in (*parts, self.transform.fits)):
            raise ValueError(f"a design must have {columns} of every column's numbers")
        if self.input_scale.shape != (inputs,):
            raise ValueError(f"input_scale must have shape {(inputs,)}")
        if self.form.lags < 1 or self.form.difference < 0:
            raise ValueError(f"{self.form} is no form of a forecast")
        width = self.form.lags * columns + inputs
        if self.networks is not None and self.networks.architecture.inputs != width:
            raise ValueError(f"networks must have {width} inputs")

    @property
    def cells(self) -> int:
        """The features that are of cells."""
        return 0 if self.networks is None else self.networks.width

    def prepare(self, y: Array, inputs: Array) -> Prepared:
        """Return a series (T, K), inputs (T' >= T, I), as features."""
        z = self.transform.forward(y)
        w = (differences(z, self.form.difference) - self.mean) / self.scale
        x = (inputs - self.input_mean) / self.input_scale
        windows = self.windows_of(w, x)
        known = np.concatenate([windows, w], axis=1)
        rows: BoolArray = np.asarray(np.isfinite(known).all(axis=1))
        vectors = np.nan_to_num(windows)  # drive the networks, and fit nothing
        features = vectors
        if self.networks is not None:
            cells, _ = self.networks.drive(vectors)
            features = np.concatenate([vectors, cells], axis=1)
        return Prepared(z, w, vectors, rows, x, features)

    def windows_of(self, w: Array, x: Array) -> Array:
        """Return (T, L K + I): the lags of w (T, K) before each row, and its inputs."""
        lags, steps = self.form.lags, len(w)
        padded = np.concatenate([np.full((lags, w.shape[1]), np.nan), w])[:-1]
        # (T, K, L), the oldest first; wanted is the newest first.
        views = sliding_window_view(padded, lags, axis=0)[:, :, ::-1]
        return np.concatenate([views.reshape(steps, -1), x[:steps]], axis=1)


@dataclass(frozen=True, slots=True, eq=False)
class Readout:
    """Weights (S, K) of features less their mean (S,), and the mean (K,) of the target.
    penalties: on lags, on cells."""

    weights: Array
    mean: Array
    target: Array
    penalties: tuple[float, float]

    def predict(self, features: Array) -> Array:
        """Return w (.., K)."""
        return np.asarray((features - self.mean) @ self.weights + self.target)


def solve(
    features: Array, targets: Array, cells: int, penalties: Sequence[tuple[float, float]]
) -> list[Readout]:
    """Return a readout for each pair of penalties, on the other features and on cells.

    features: (n, S), the last `cells` of which are of cells. targets: (n, K). Penalties
    are those of standardised features, a row.
    """
    mean, target = features.mean(axis=0), targets.mean(axis=0)
    spread = features.std(axis=0)
    spread = np.where(spread > 1e-8 * (np.abs(mean) + 1e-30), spread, np.inf)
    z, aim, rows = (features - mean) / spread, targets - target, len(features)
    first = features.shape[1] - cells
    found = []
    for ratio in sorted({on_cells / on_lags for on_lags, on_cells in penalties}):
        shrink = np.ones(features.shape[1])
        shrink[first:] = 1.0 / np.sqrt(ratio)
        scaled = z * shrink
        small = scaled.shape[1] < rows
        squares, basis = eigh(scaled.T @ scaled if small else scaled @ scaled.T)
        kept = squares > NULL * max(float(squares[-1]), 1e-300)
        squares, basis = squares[kept], basis[:, kept]
        projected = basis.T @ (scaled.T @ aim if small else aim)
        for on_lags, on_cells in penalties:
            if on_cells / on_lags != ratio:
                continue
            inner = basis @ (projected / (squares + on_lags * rows)[:, None])
            weights = inner if small else scaled.T @ inner
            weights = weights * (shrink / spread)[:, None]
            pair = on_lags, on_cells
            found.append((pair, Readout(weights, mean, target, pair)))
    by_penalties = dict(found)
    return [by_penalties[each] for each in penalties]


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
    form, count = design.form, len(origins)
    bounds = design.lower, design.upper
    rows = np.array(origins)
    back = np.arange(form.lags)
    window = history.w[rows[:, None] - 1 - back].transpose(
        0, 2, 1
    )  # (N, K, L), newest first
    anchors = [history.z[rows - 1 - k] for k in range(form.difference)][::-1]
    stepper = None
    if design.networks is not None:
        _, kept = design.networks.drive(history.windows, origins)
        stepper = design.networks.stepper(*kept)
    found = []
    for k in range(steps):
        x = history.inputs[rows + k] if history.inputs.shape[1] else np.zeros((count, 0))
        vector = np.concatenate([window.reshape(count, -1), x], axis=1)
        features = vector
        if stepper is not None:
            features = np.concatenate([vector, stepper.step(vector)], axis=1)
        w = readout.predict(features)
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
