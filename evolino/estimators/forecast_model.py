"""A forecast a step at a time: autoregression, and cells of networks beside the lags.

With w the transformed, differenced and standardised series, the next value is

    w(t) = a . [w(t-1), .., w(t-L), x(t)] + b . h(t)

with x inputs known beforehand and h the cells of unevolved networks over the same window.
Lags and cells have penalties of their own; without cells it is a plain autoregression. What
is forecast goes into the window of the next step (`evolino.estimators.forecast_runs`).
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
