"""Candidates of a forecast with cells of networks beside the lags: drawn, or evolved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from evolino.estimators.candidate_forecasts import Tried, design_of, together, tried
from evolino.estimators.evolving_forecasts import evolved_networks
from evolino.estimators.forecast_model import Form
from evolino.estimators.forecast_networks import WindowNetworks, window_architecture
from evolino.estimators.forecast_settings import ForecastSettings
from evolino.estimators.rolling_origins import (
    FIRST,
    NETWORK_ORIGINS,
    Data,
    Origins,
    rolling_origins,
    truths,
)
from evolino.estimators.transforms import Transform, transforms_for
from evolino.training.history import Generation

CELL_PENALTIES = (1e-4, 1e-3, 1e-2, 1e-1)
HEAVY_PENALTIES = (1.0, 10.0, 100.0)  # that leave little but the lags
RATIO = 0.1  # penalty of lags, by that of cells beside them
HEAVY_RATIO = 0.1  # the same, by that of the plain form, where cells have heavy ones
NETWORK_LAGS = (10, 20)
WIDE_LAGS = (4, 6, 9, 14, 21)  # where there are many origins
MANY = 60  # origins, which tell many forms apart; of long horizons there are fewer
MEMBERS, NEAR = 5, 1.3  # at most so many, with at most so many times the least error
SCREENED = 4  # by a network in so many the forms are compared first
SCREENED_ROWS = 4_000  # the last ones of each series, that they are compared on


def with_drawn(
    data: Data, origins: Origins, plain: Tried, settings: ForecastSettings
) -> list[Tried]:
    """Return the candidates with cells of unevolved networks, the best first.

    Their forms are that of the best plain candidate, with several numbers of lags. With
    many origins they have every transform too, and no difference or that from the last
    value; few networks compare the forms then, and only the best get all networks. plain:
    the best without networks.
    """
    by_name = {each.name: each for each in transforms_for(np.concatenate(data.each))}

    def of(form: Form, count: int, data: Data, origins: Origins) -> list[Tried]:
        width = form.lags * data.each[0].shape[1] + data.inputs[0].shape[1]
        rng = np.random.default_rng(settings.seed)
        drawn = WindowNetworks.drawn(count, settings.cells, width, rng)
        transform = by_name[form.transform]
        return tried(data, origins, form, transform, drawn, _penalties(plain))

    many = has_many(origins)
    own = replace(plain.parts[0].form, networks=True)
    wanted = [replace(own, lags=each) for each in lags_of(data, own)]
    if many:
        wanted = _forms(data, own)
    if many and len(wanted) > MEMBERS:
        few, last, tested = max(1, settings.networks // SCREENED), data, origins
        if max(len(y) for y in data.each) > SCREENED_ROWS:
            last = data.last(SCREENED_ROWS)
            tested = rolling_origins(last, settings.horizon, NETWORK_ORIGINS)
        screened = settings.each(lambda form: of(form, few, last, tested), wanted)
        wanted = [each.parts[0].form for each in best_of_each_form(screened)[:MEMBERS]]
    whole = settings.networks, data, origins
    found = settings.each(lambda form: of(form, *whole), wanted)
    return sorted(found, key=lambda each: each.loss)


def best_of_each_form(several: list[Tried]) -> list[Tried]:
    """Return the best candidate of each form, the best form first."""
    found: dict[Form, Tried] = {}
    for each in sorted(several, key=lambda each: each.loss):
        found.setdefault(each.parts[0].form, each)
    return list(found.values())


def with_evolved(
    data: Data, origins: Origins, plain: Tried, best: Tried, settings: ForecastSettings
) -> tuple[list[Tried], list[Generation]]:
    """Return the candidates with cells of evolved networks, the best first, and the history
    of the evolution. Networks of the last fit are among them.

    plain: the best without networks; best: of all without evolution, whose lags they have
    where it has networks.
    """
    form, transform = form_of(data, plain)
    lags = lags_of(data, form)
    if not lags:
        return [], []
    own = best.parts[0].form
    wanted = replace(
        form, lags=own.lags if own.networks else lags[0], networks=True, evolved=True
    )
    width = wanted.lags * data.each[0].shape[1] + data.inputs[0].shape[1]
    before = settings.before
    if before is not None and before.architecture != window_architecture(
        settings.cells, width
    ):
        before = None
    networks = [] if before is None else [before]
    history: list[Generation] = []
    if settings.evolution is not None:
        share = origins.groups[0][0]
        windows = design_of(data, replace(wanted, networks=False), transform, None, share)
        pairs = zip(data.each, data.inputs, strict=True)
        prepared = [windows.prepare(*pair) for pair in pairs]
        steps = min(settings.horizon, origins.steps)
        given = replace(settings, before=before)
        found, history = evolved_networks(given, prepared, wanted, share, steps)
        networks += [] if found is None else [found]
    made = [
        each
        for one in networks
        for each in tried(data, origins, wanted, transform, one, _penalties(plain))
    ]
    return sorted(made, key=lambda each: each.loss), history


def near_mean(ranked: list[Tried], data: Data, origins: Origins) -> Tried:
    """Return the mean of the candidates that come near the best; with many origins each
    form counts once."""
    if has_many(origins):
        ranked = best_of_each_form(ranked)
    near = [each for each in ranked if each.loss <= NEAR * ranked[0].loss]
    return together(near[:MEMBERS], truths(data, origins), data.scale)


def form_of(data: Data, plain: Tried) -> tuple[Form, Transform]:
    """Return the form of the best plain candidate, and its transform."""
    form = plain.parts[0].form
    by_name = {each.name: each for each in transforms_for(np.concatenate(data.each))}
    return form, by_name[form.transform]


def has_many(origins: Origins) -> bool:
    """Return whether there are enough origins to tell many forms apart."""
    return sum(len(rows) for _, each in origins.groups for rows in each) >= MANY


def lags_of(data: Data, form: Form, usual: Sequence[int] = NETWORK_LAGS) -> list[int]:
    """Return the numbers of lags that networks may have beside them."""
    shortest = min(len(y) for y in data.each)
    return [
        lags
        for lags in sorted({form.lags, *usual})
        if FIRST * shortest - lags - form.difference >= max(20, 2 * lags)
    ]


def _forms(data: Data, own: Form) -> list[Form]:
    """Return the forms that drawn networks are tried in, with many origins."""
    found = []
    for transform in transforms_for(np.concatenate(data.each)):
        for difference in sorted({0, 1, own.difference}):
            form = replace(
                own, transform=transform.name, difference=difference, networks=True
            )
            found += [replace(form, lags=lags) for lags in lags_of(data, form, WIDE_LAGS)]
    return found


def _penalties(plain: Tried) -> list[tuple[float, float]]:
    """Return pairs of penalties. Light ones go with laws that the cells find; heavy ones
    leave the lags, at about the penalty of the best plain form, and of the cells what a
    noisy series bears out."""
    light = [(RATIO * each, each) for each in CELL_PENALTIES]
    usual = max(plain.parts[0].penalties[0], CELL_PENALTIES[0])
    return light + [(HEAVY_RATIO * usual * each, each) for each in HEAVY_PENALTIES]
