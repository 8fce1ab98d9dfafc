"""Which forecast: candidates compared over rolling origins of the training series.

Each candidate is fitted to the rows before a group of origins and forecasts from each of
them as far as the horizon. The mean of the plain autoregressions that come near the best is
taken: few origins do not tell which of them is (Bates & Granger 1969, recalled). Cells of
networks beside the lags are taken only where they are clearly better
(`evolino.estimators.paying`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from evolino.estimators.forecast_model import (
    Design,
    Form,
    Prepared,
    Readout,
    free_run,
    solve,
)
from evolino.estimators.forecast_networks import WindowNetworks
from evolino.estimators.paying import pays
from evolino.estimators.rolling_origins import (
    FIRST,
    NETWORK_ORIGINS,
    ORIGINS,
    Data,
    Origins,
    errors_of,
    rolling_origins,
    truths,
)
from evolino.estimators.transforms import Transform, differences, transforms_for
from evolino.task.scaling import mean_and_scale
from evolino.vocabulary import Array

LAGS = (1, 2, 4, 8, 12, 20, 30)
PENALTIES = (1e-6, 1e-4, 1e-3, 1e-2, 1e-1)
CELL_PENALTIES = (1e-4, 1e-3, 1e-2, 1e-1)
RATIO = 0.1  # penalty of lags, by that of cells beside them
NETWORK_LAGS = (10, 20)
MEMBERS, NEAR = 25, 2.0  # at most so many, with at most so many times the least error
SPREAD = {0: 0.1, 1: 1.0}  # of a range, by which free runs may leave it: with differences


@dataclass(frozen=True, slots=True, eq=False)
class Tried:
    """A candidate and how it did. form, penalties: of each member whose forecasts are
    averaged. forecasts: (N, steps, K) in the user's units. errors: (N,)."""

    members: tuple[tuple[Form, tuple[float, float]], ...]
    forecasts: Array
    errors: Array

    @property
    def loss(self) -> float:
        """The mean error."""
        return float(self.errors.mean())


def choose(
    data: Data, horizon: int, season: int, networks: tuple[int, int], seed: int
) -> list[Tried]:
    """Return the candidate that is taken, then the best without networks.

    networks: how many, and the cells of each; 0 networks are none. Raises ValueError for
    series too short to compare anything.
    """
    origins = rolling_origins(data, horizon, ORIGINS)
    plain = [
        tried
        for form, transform in forms(data, season)
        for tried in _tried(data, origins, form, transform, None)
    ]
    if not plain:
        raise ValueError(
            f"series of {max(len(y) for y in data.each)} steps are too short to forecast "
            "from, or have too few steps that are not missing"
        )
    truth = truths(data, origins)
    best = _mean_of(sorted(plain, key=lambda t: t.loss), truth, data.scale)
    if not networks[0]:
        return [best, best]
    fewer = rolling_origins(data, horizon, NETWORK_ORIGINS)
    again = _again(data, fewer, best)
    costly = min(
        _with_networks(data, fewer, best, networks, seed),
        key=lambda tried: tried.loss,
        default=again,
    )
    if pays(again.errors, costly.errors):
        return [costly, again]
    return [best, best]


def forms(data: Data, season: int) -> list[tuple[Form, Transform]]:
    """Return the forms of plain autoregressions that the data allow."""
    shortest = min(len(y) for y in data.each)
    columns = data.each[0].shape[1]
    lags = {*LAGS, *([season, season + 1, 2 * season + 1] if season > 1 else [])}
    found = []
    for transform in transforms_for(np.concatenate(data.each)):
        for difference in sorted({0, 1, season}):
            for count in sorted(lags):
                rows = FIRST * shortest - count - difference
                if rows >= max(4, 1.0 * count * columns):
                    found.append((Form(transform.name, difference, count), transform))
    return found


def design_of(
    data: Data,
    form: Form,
    transform: Transform,
    networks: WindowNetworks | None,
    share: float = 1.0,
) -> Design:
    """Return the design of a form: scales of the first share of the rows."""
    known = [y[: max(2, int(np.ceil(share * len(y))))] for y in data.each]
    z = [transform.forward(y) for y in known]
    w = np.concatenate([differences(each, form.difference) for each in z])
    w = w[np.isfinite(w).all(axis=1)]
    x = np.concatenate([x[: len(y)] for x, y in zip(data.inputs, known, strict=True)])
    every = np.concatenate(z)
    lowest, highest = np.nanmin(every, axis=0), np.nanmax(every, axis=0)
    room = SPREAD[min(form.difference, 1)] * np.maximum(highest - lowest, 1e-12)
    mean, scale = mean_and_scale(w if len(w) else np.zeros((1, every.shape[1])))
    return Design(
        form, transform, mean, scale, *mean_and_scale(x), lowest - room, highest + room,
        networks,
    )  # fmt: skip


def fitted(
    design: Design,
    prepared: Sequence[Prepared],
    penalties: Sequence[tuple[float, float]],
    share: float = 1.0,
) -> list[Readout] | None:
    """Return the readout for each penalty, fitted to the first share of the rows; None if
    there are fewer than 3."""
    rows, targets = [], []
    for each in prepared:
        stop = int(np.ceil(share * len(each.w)))
        kept = each.rows[:stop]
        rows.append(each.features[:stop][kept])
        targets.append(each.w[:stop][kept])
    features, aims = np.concatenate(rows), np.concatenate(targets)
    if len(features) < 3:
        return None
    return solve(features, aims, design.cells, penalties)


def _tried(
    data: Data,
    origins: Origins,
    form: Form,
    transform: Transform,
    networks: WindowNetworks | None,
    penalties: Sequence[tuple[float, float]] | None = None,
) -> list[Tried]:
    """Return a form with each penalty; none where its rows are too few."""
    if penalties is None:
        penalties = [(each, each) for each in PENALTIES]
    first = origins.groups[0][0]
    design = design_of(data, form, transform, networks, first)
    pairs = zip(data.each, data.inputs, strict=True)
    prepared = [design.prepare(y, x) for y, x in pairs]
    runs: list[list[Array]] = [[] for _ in penalties]
    for share, chosen in origins.groups:
        readouts = fitted(design, prepared, penalties, share)
        if readouts is None:
            return []
        for k, readout in enumerate(readouts):
            for each, rows in zip(prepared, chosen, strict=True):
                if rows:
                    z = free_run(design, readout, each, rows, origins.steps)
                    runs[k].append(transform.back(z))
    truth, scale = truths(data, origins), data.scale
    found = []
    for penalty, run in zip(penalties, runs, strict=True):
        forecasts = np.concatenate(run)
        if np.isfinite(forecasts).all():
            errors = errors_of(forecasts, truth, scale)
            found.append(Tried(((form, penalty),), forecasts, errors))
    return found


def _mean_of(ranked: list[Tried], truth: Array, scale: Array) -> Tried:
    """Return the mean of the forms that come near the best; each counts once."""
    forms_seen: dict[Form, Tried] = {}
    for tried in ranked:
        forms_seen.setdefault(tried.members[0][0], tried)
    near = [t for t in forms_seen.values() if t.loss <= NEAR * ranked[0].loss]
    best = near[:MEMBERS]
    forecasts = np.mean([tried.forecasts for tried in best], axis=0)
    members = tuple(tried.members[0] for tried in best)
    return Tried(members, forecasts, errors_of(forecasts, truth, scale))


def _again(data: Data, origins: Origins, best: Tried) -> Tried:
    """Return a candidate tried over other origins."""
    by_name = {t.name: t for t in transforms_for(np.concatenate(data.each))}
    runs = [
        _tried(data, origins, form, by_name[form.transform], None, [penalty])[0]
        for form, penalty in best.members
    ]
    forecasts = np.mean([run.forecasts for run in runs], axis=0)
    errors = errors_of(forecasts, truths(data, origins), data.scale)
    return replace(best, forecasts=forecasts, errors=errors)


def _with_networks(
    data: Data, origins: Origins, best: Tried, networks: tuple[int, int], seed: int
) -> list[Tried]:
    """Return the candidates with cells beside lags, transformed as the best without."""
    form = best.members[0][0]
    by_name = {t.name: t for t in transforms_for(np.concatenate(data.each))}
    transform = by_name[form.transform]
    penalties = [(RATIO * each, each) for each in CELL_PENALTIES]
    shortest = min(len(y) for y in data.each)
    found = []
    for lags in sorted({form.lags, *NETWORK_LAGS}):
        if FIRST * shortest - lags - form.difference < max(20, 2 * lags):
            continue
        with_cells = replace(form, lags=lags, networks=True)
        width = lags * data.each[0].shape[1] + data.inputs[0].shape[1]
        drawn = WindowNetworks.drawn(*networks, width, np.random.default_rng(seed))
        found += _tried(data, origins, with_cells, transform, drawn, penalties)
    return found
