"""Diagnose a forecaster: its networks, free run, readout, rows held out, peers."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.base import clone

from evolino.diagnosis.findings import (
    Finding,
    exploding_free_run,
    ill_conditioned,
    overfitting,
    saturated_cells,
    simpler_method,
)
from evolino.estimators.forecaster import EvolinoForecaster
from evolino.vocabulary import Array

LONG = 10  # times the horizon that a free run goes
MOST = 1000  # its steps at most
POINTS = 200  # steps at which cells are looked at
HELD_OUT = 0.2  # the share of the rows that the forecaster is compared on
ORIGINS = 8


def forecaster_findings(
    forecaster: EvolinoForecaster, series: Any, inputs: Any
) -> list[Finding]:
    """Return the findings on a forecaster.

    series: None is that of the fit; else one that goes on after it, on whose later rows it
    is compared with simple methods.
    """
    fitted = forecaster.model_
    own, x = fitted.training.each[0], fitted.training.inputs[0]
    design, readout = fitted.members[0]
    known = np.where(np.isnan(own), np.nanmean(own, axis=0), own)
    prepared = design.prepare(known, x)
    found = []
    if design.networks is not None:
        at = np.unique(np.linspace(design.form.before, len(own), POINTS).astype(int))
        _, (_, states) = design.networks.drive(prepared.windows, at.tolist())
        # (P, N, C): the cells of all networks beside each other.
        found.append(saturated_cells(np.concatenate(list(states), axis=1)))
    steps = min(LONG * forecaster.horizon, MOST)
    if not x.shape[1]:  # inputs of the future are not known
        run = fitted.run(known, np.zeros((len(own) + steps, 0)), [len(own)], steps)[0]
        found.append(exploding_free_run(run, own))
    found.append(ill_conditioned(prepared.features[prepared.rows], readout.weights))
    if len(fitted.training.each) == 1:
        inside = forecaster.anomalies(own, x if x.shape[1] else None)
        errors = [
            float(np.sqrt(np.nanmean(np.square(each.values - each.expected))))
            for each in (forecaster.anomalies(), inside)
        ]
        found.append(overfitting(*errors))
    compared = _compared(forecaster, series, inputs, own, x)
    return found if compared is None else [*found, compared]


def _compared(
    forecaster: EvolinoForecaster, series: Any, inputs: Any, own: Array, x: Array
) -> Finding | None:
    """Return how it compares with simple methods, None for too short a series of the
    fit."""
    horizon = forecaster.horizon
    if series is not None and len(series) < len(own) + horizon:
        raise ValueError(
            f"data must go on for the horizon of {horizon} steps after the {len(own)} of "
            f"the fit, got {len(series)}"
        )
    if series is not None:
        judged, first = forecaster, len(own)
    else:
        series, inputs = own, x if x.shape[1] else None
        first = len(own) - max(round(HELD_OUT * len(own)), horizon + ORIGINS)
        if first < horizon + ORIGINS:
            return None
        early = None if inputs is None else inputs[:first]
        judged = clone(forecaster).fit(own[:first], early)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a spacing of dates that was said at the fit
        evaluated = judged.evaluate(
            series, first=first, origins=ORIGINS, X=inputs, coverage=()
        )
    errors = {name: each.row()["mase"] for name, each in evaluated.errors.items()}
    return simpler_method(errors.pop("evolino"), errors)
