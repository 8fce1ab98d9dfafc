"""Candidates of a forecast: their forms, their fit, and how they do over rolling origins.

A candidate is fitted to the rows before a group of origins and forecasts from each of them
as far as the horizon.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evolino.estimators.forecast_model import (
    Design,
    Form,
    Prepared,
    Readout,
    solve,
)
from evolino.estimators.forecast_networks import WindowNetworks
from evolino.estimators.forecast_runs import free_runs
from evolino.estimators.rolling_origins import FIRST, Data, Origins, errors_of, truths
from evolino.estimators.transforms import Transform, differences, transforms_for
from evolino.task.scaling import mean_and_scale
from evolino.vocabulary import Array

LAGS = (1, 2, 4, 8, 12, 20, 30)
PENALTIES = (1e-6, 1e-4, 1e-3, 1e-2, 1e-1)
SPREAD = {0: 0.1, 1: 1.0}  # of a range, by which free runs may leave it: with differences


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One forecast of those that are averaged: its form, the penalties on lags and on
    cells, and its networks where they evolved."""

    form: Form
    penalties: tuple[float, float]
    evolved: WindowNetworks | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Tried:
    """A candidate and how it did. parts: whose forecasts are averaged, by their weights
    (M,). forecasts: (N, steps, K) in the user's units. errors: (N,)."""

    parts: tuple[Part, ...]
    weights: Array
    forecasts: Array
    errors: Array

    @property
    def loss(self) -> float:
        """The mean error."""
        return float(self.errors.mean())


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
    beyond = SPREAD[min(form.difference, 1)] * np.maximum(highest - lowest, 1e-12)
    mean, scale = mean_and_scale(w if len(w) else np.zeros((1, every.shape[1])))
    return Design(
        form, transform, mean, scale, *mean_and_scale(x), lowest - beyond, highest + beyond,
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


def tried(
    data: Data,
    origins: Origins,
    form: Form,
    transform: Transform,
    networks: WindowNetworks | None = None,
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
        for each, rows in zip(prepared, chosen, strict=True):
            if rows:
                made = free_runs(design, readouts, each, rows, origins.steps)
                for run, z in zip(runs, made, strict=True):
                    run.append(transform.back(z))
    truth, scale = truths(data, origins), data.scale
    evolved = networks if form.evolved else None
    found = []
    for penalty, run in zip(penalties, runs, strict=True):
        forecasts = np.concatenate(run)
        if np.isfinite(forecasts).all():
            errors = errors_of(forecasts, truth, scale)
            part = Part(form, penalty, evolved)
            found.append(Tried((part,), np.ones(1), forecasts, errors))
    return found


def together(several: Sequence[Tried], truth: Array, scale: Array) -> Tried:
    """Return the mean of candidates, each with the same weight."""
    forecasts = np.mean([each.forecasts for each in several], axis=0)
    parts = tuple(part for each in several for part in each.parts)
    weights = np.concatenate([each.weights for each in several]) / len(several)
    return Tried(parts, weights, forecasts, errors_of(forecasts, truth, scale))
