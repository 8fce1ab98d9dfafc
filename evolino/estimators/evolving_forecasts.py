"""Evolution of a forecaster's networks, on the rows before the first rolling origin.

One step ahead, networks see the window of lags and give the next value. Further ahead they
are fed their own outputs, in free runs as long as the horizon from many rows: those are the
networks of the papers. Either way they end as networks over windows, with the lags beside
them in the readout; whether they are used, rolling origins tell.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evolino.estimators.evolution_options import Evolution
from evolino.estimators.forecast_model import Form, Prepared
from evolino.estimators.forecast_networks import WindowNetworks, window_architecture
from evolino.estimators.forecast_settings import ForecastSettings
from evolino.estimators.step_targets import StepTargets, equal_parts
from evolino.models.ensemble import Ensemble
from evolino.network.lstm import LSTM
from evolino.task.scaling import Scaling
from evolino.task.series import Segment, Series, Split
from evolino.training.history import Generation
from evolino.training.train import train
from evolino.vocabulary import Array, BoolArray

FITTED = 2 / 3  # the share of the rows that fit a candidate's readout; the others choose
STARTS = 16  # of free runs, at most
TOGETHER = 4  # the best networks, which are taken together
FEWEST = 20  # rows that fit, and that choose


def evolved_networks(
    settings: ForecastSettings,
    prepared: Sequence[Prepared],
    form: Form,
    share: float,
    steps: int,
) -> tuple[WindowNetworks | None, list[Generation]]:
    """Return evolved networks, None where all failed, and the history.

    prepared: series whose first share of rows is used. steps: of a free run; 1 for
    networks over windows. Raises ValueError for series too short to evolve on.
    """
    columns = prepared[0].w.shape[1]
    generates = steps > 1
    evolution = _evolution(settings, form, generates, columns)
    split = _split(prepared, form, share, steps)
    inputs = split.train[0].series.input_rows().shape[1]
    free = np.full(columns, np.inf)
    columns_as_they_are = Scaling(
        np.zeros(inputs), np.ones(inputs), np.zeros(columns), np.ones(columns), -free, free
    )
    budget, refine = evolution.limits(settings.began)
    result = train(
        StepTargets(split, columns_as_they_are, generates),
        network=LSTM(settings.cells, feedback=generates),
        search=evolution.search,
        initialiser=evolution.initialiser,
        refine=refine,
        ensemble=TOGETHER if refine is None else refine.best,
        budget=budget,
        seed=settings.seed,
        workers=evolution.jobs,
        callbacks=evolution.callbacks,
    )
    found = result.model
    if found is None:
        return None, result.history
    members = found.members if isinstance(found, Ensemble) else (found,)
    genomes = np.stack([each.genome for each in members])
    width = prepared[0].windows.shape[1]
    if generates:
        genomes = over_windows(genomes, settings.cells, form.lags, columns, width)
    return WindowNetworks(window_architecture(settings.cells, width), genomes), (
        result.history
    )


def over_windows(genomes: Array, cells: int, lags: int, columns: int, width: int) -> Array:
    """Return genomes (P, C, G) of networks that are fed their outputs as those of networks
    over windows: what was fed back comes from the newest lag, older ones have weight 0."""
    inputs = width - lags * columns
    fed = LSTM(cells, inputs=inputs, outputs=columns, feedback=True)
    target = window_architecture(cells, width)
    found = np.zeros((len(genomes), *target.genome_shape))
    newest = lags * np.arange(columns)
    for gate in fed.gates:
        genes = target.genes_of("input", gate)
        found[..., genes[newest]] = genomes[..., fed.genes_of("feedback", gate)]
        found[..., genes[lags * columns :]] = genomes[..., fed.genes_of("input", gate)]
        for source in ("recurrent", "bias"):
            found[..., target.genes_of(source, gate)] = genomes[
                ..., fed.genes_of(source, gate)
            ]
    return found


def fed_back(genomes: Array, cells: int, lags: int, columns: int, width: int) -> Array:
    """Return what `over_windows` was given; lags but the newest are left out."""
    inputs = width - lags * columns
    fed = LSTM(cells, inputs=inputs, outputs=columns, feedback=True)
    windows = window_architecture(cells, width)
    found = np.zeros((len(genomes), *fed.genome_shape))
    newest = lags * np.arange(columns)
    for gate in fed.gates:
        genes = windows.genes_of("input", gate)
        found[..., fed.genes_of("feedback", gate)] = genomes[..., genes[newest]]
        found[..., fed.genes_of("input", gate)] = genomes[..., genes[lags * columns :]]
        for source in ("recurrent", "bias"):
            found[..., fed.genes_of(source, gate)] = genomes[
                ..., windows.genes_of(source, gate)
            ]
    return found


def _evolution(
    settings: ForecastSettings, form: Form, generates: bool, columns: int
) -> Evolution:
    """Return the evolution, around the best network of the last fit if there is one."""
    evolution, before = settings.evolution, settings.before
    assert evolution is not None
    if before is None:
        return evolution
    genomes = before.genomes
    if generates:
        width = before.architecture.inputs
        genomes = fed_back(genomes, settings.cells, form.lags, columns, width)
    return evolution.around(genomes[0])


def _split(prepared: Sequence[Prepared], form: Form, share: float, steps: int) -> Split:
    """Return the rows that fit readouts, and those that choose among networks."""
    fitted: list[Segment] = []
    chosen_by: list[Segment] = []
    for each in prepared:
        stop = int(np.ceil(share * len(each.w)))
        targets = np.nan_to_num(each.w[:stop])
        inputs = each.windows[:stop] if steps == 1 else each.inputs[:stop]
        series, rows = Series(np.ascontiguousarray(inputs), targets), each.rows[:stop]
        known = np.flatnonzero(rows)
        if not len(known):
            continue
        middle = int(known[int(FITTED * len(known))])
        fitted += _known(series, rows, 0, middle)
        if steps == 1:
            chosen_by += _known(series, rows, middle, stop)
        else:
            chosen_by += _starts(series, rows, middle, steps, STARTS // len(prepared))
    rows_that_fit = sum(s.stop - s.start for s in fitted)
    if rows_that_fit < FEWEST or sum(s.stop - s.start for s in chosen_by) < FEWEST:
        longest = max(len(each.w) for each in prepared)
        raise ValueError(
            f"series of {longest} steps are too short to evolve networks on: fit without "
            "evaluations and seconds"
        )
    parts = equal_parts(chosen_by) if steps == 1 else tuple(chosen_by)
    return Split(tuple(fitted), parts, parts)


def _known(series: Series, rows: BoolArray, first: int, stop: int) -> list[Segment]:
    """Return the stretches of known rows within first .. stop-1."""
    edges = np.diff(np.concatenate([[0], rows[first:stop].astype(int), [0]]))
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    return [
        Segment(series, first + int(a), first + int(b))
        for a, b in zip(starts, ends, strict=True)
    ]


def _starts(
    series: Series, rows: BoolArray, first: int, steps: int, most: int
) -> list[Segment]:
    """Return free runs of known rows from first on, evenly spaced."""
    steps = min(steps, max(1, (len(rows) - first) // 2))
    known = np.concatenate([[0], np.cumsum(rows)])
    every = np.arange(first, len(rows) - steps + 1)
    every = every[known[every + steps] - known[every] == steps]
    if not len(every):
        return []
    chosen = np.unique(np.linspace(0, len(every) - 1, max(most, 2)).astype(int))
    return [Segment(series, int(row), int(row) + steps) for row in every[chosen]]
