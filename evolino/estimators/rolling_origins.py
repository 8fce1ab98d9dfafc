"""Rolling origins: rows of a series from which forecasts are tried, and their errors."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from evolino.task.scaling import mean_and_scale
from evolino.vocabulary import Array

GROUPS = 3  # of origins, each with a fit of its own
ORIGINS = 30  # in all at least, for candidates without networks
NETWORK_ORIGINS = 15
COMPARED, MOST = 600, 300  # forecast steps in all that short horizons have; their origins
FIRST = 0.55  # the share of the rows before the first origin
LONGEST = 60  # steps of a forecast that candidates are compared by
CAP = 5.0  # deviations of the series, to which an error is cut


@dataclass(frozen=True, slots=True, eq=False)
class Data:
    """Training series. each: (T_n, K), NaN where missing; inputs: (T_n, I) of each."""

    each: tuple[Array, ...]
    inputs: tuple[Array, ...]

    def last(self, rows: int) -> Data:
        """Return the last rows of each series."""
        pairs = zip(self.each, self.inputs, strict=True)
        inputs = tuple(x[max(len(y) - rows, 0) : len(y)] for y, x in pairs)
        return Data(tuple(y[-rows:] for y in self.each), inputs)

    @property
    def scale(self) -> Array:
        """(K,): the standard deviation of each column."""
        rows = np.concatenate(self.each)
        return mean_and_scale(rows[np.isfinite(rows).all(axis=1)])[1]


@dataclass(frozen=True, slots=True, eq=False)
class Origins:
    """Rolling origins. groups: for each group, the share of rows that fit; and for each
    series its origins. steps: how far forecasts go."""

    groups: tuple[tuple[float, tuple[tuple[int, ...], ...]], ...]
    steps: int


def rolling_origins(data: Data, horizon: int, most: int) -> Origins:
    """Return origins in the last part of each series: so many, and more for few steps, of
    which one tells little."""
    shortest = min(len(y) for y in data.each)
    steps = max(1, min(horizon, LONGEST, shortest // 4))
    most = max(most, min(COMPARED // steps, MOST))
    edges = np.linspace(FIRST, 1.0, GROUPS + 1)
    per_group = max(1, most // GROUPS // len(data.each))
    groups = []
    for first, stop in pairwise(edges):
        chosen = []
        for y in data.each:
            last = min(int(stop * len(y)), len(y) - steps + 1)
            begin = int(np.ceil(first * len(y)))
            rows = np.unique(np.linspace(begin, last - 1, per_group).astype(int))
            chosen.append(tuple(rows[(rows >= begin) & (rows < last)].tolist()))
        groups.append((float(first), tuple(chosen)))
    return Origins(tuple(groups), steps)


def independent(data: Data, origins: Origins) -> int:
    """Return how many forecasts that do not overlap the last parts of the series hold, at
    most as many as there are origins."""
    rows = int((1.0 - FIRST) * sum(len(y) for y in data.each))
    made = sum(len(rows) for _, chosen in origins.groups for rows in chosen)
    return max(1, min(rows // origins.steps, made))


def truths(data: Data, origins: Origins) -> Array:
    """Return (N, steps, K): what came, for every origin of every group and series."""
    steps = np.arange(origins.steps)
    return np.concatenate(
        [
            y[np.array(rows, dtype=int)[:, None] + steps]
            for _, chosen in origins.groups
            for y, rows in zip(data.each, chosen, strict=True)
        ]
    )


def errors_of(forecasts: Array, truth: Array, scale: Array) -> Array:
    """Return (N,): the root mean squared error of each origin, in deviations, cut."""
    squares = np.square((forecasts - truth) / scale)
    known = np.isfinite(truth)
    counts = np.maximum(known.sum(axis=(1, 2)), 1)
    sums = np.where(known, np.minimum(squares, CAP**2), 0.0).sum(axis=(1, 2))
    return np.asarray(np.sqrt(sums / counts))
