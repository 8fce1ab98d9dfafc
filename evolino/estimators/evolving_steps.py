"""Networks for a target at every step: drawn, or evolved where held-out data tell so."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evolino.estimators.drawing import Distribution
from evolino.estimators.evolution_options import Evolution
from evolino.estimators.lagged_inputs import Inputs, column_of, lagged, width_of
from evolino.estimators.paying import pays
from evolino.estimators.per_step import FOLDS, Solved, folds_of, solve_steps
from evolino.estimators.step_targets import StepTargets, equal_parts
from evolino.models.ensemble import Ensemble
from evolino.models.model import Model
from evolino.network.base import Architecture
from evolino.network.lstm import LSTM
from evolino.readout.base import Readout
from evolino.task.scaling import Scaling, mean_and_scale
from evolino.task.series import Segment, Series, Split
from evolino.training.history import Generation
from evolino.training.train import train
from evolino.vocabulary import Array

LONGEST = 100.0  # time constant in steps of the cells of unevolved networks
LAGS = (0, 4, 16)  # steps before, from which there may be copies of the inputs
ROWS = 4  # steps at least for each input, the lags counted
SAMPLED = 20_000  # steps on which the number of lags is chosen


@dataclass(frozen=True, slots=True)
class StepSettings:
    """How a network for targets at every step is found; fields as of the estimators.

    labels: whether targets stand for classes. evolution: None for none. readout: None for
    ridge regression.
    """

    cells: int
    washout: int
    labels: bool
    evolution: Evolution | None
    readout: Readout | None = None

    def scaling(self, sequences: Sequence[Inputs], targets: Sequence[Array]) -> Scaling:
        """Return the scaling of the columns."""
        inputs = [
            mean_and_scale(column_of(sequences, k)) for k in range(width_of(sequences[0]))
        ]
        mean, scale = (np.concatenate(each) for each in zip(*inputs, strict=True))
        aims = np.concatenate(targets)
        free = np.full(aims.shape[1], np.inf)
        found = Scaling(mean, scale, *mean_and_scale(aims), -free, free)
        return found.for_labels() if self.labels else found


def unevolved_steps(
    settings: StepSettings,
    sequences: Sequence[Inputs],
    targets: Sequence[Array],
    seed: int,
    before: Any = None,
) -> Solved:
    """Return a network as it is drawn, its readout solved.

    before: architecture and genome to take instead.
    """
    scaling = settings.scaling(sequences, targets)
    network = before or _drawn(settings, sequences, targets, seed)
    return solve_steps(
        network, scaling, sequences, targets, settings.washout, settings.readout
    )


def evolved_steps(
    settings: StepSettings,
    sequences: Sequence[Inputs],
    targets: Sequence[Array],
    seed: int,
    unevolved: Solved,
    *,
    warm: bool = False,
) -> tuple[Solved | None, list[Generation]]:
    """Return an evolved network, its readout solved, where it is better than the unevolved
    one on the last fold, which the evolution did not have; and the history. warm: the
    evolution begins around the unevolved one, that of the last fit.

    Raises ValueError for fewer steps than folds.
    """
    evolution, began = settings.evolution, time.monotonic()
    assert evolution is not None
    if warm:
        evolution = evolution.around(unevolved.model.genome)
    scaling = settings.scaling(sequences, targets)
    parts = folds_of([len(x) for x in sequences], settings.washout)
    if max(part.fold for part in parts) + 1 < FOLDS:
        raise ValueError(f"evolution needs at least {FOLDS} steps that are no washout")
    series = [Series(x[:], y) for x, y in zip(sequences, targets, strict=True)]
    last = _inside(parts, series, FOLDS - 1)
    chosen_by = _inside(parts, series, 3)
    if evolution.refine is not None:
        chosen_by = equal_parts(chosen_by)
    split = Split(_inside(parts, series, 0, 1, 2), chosen_by, chosen_by)
    budget, refine = evolution.limits(began)
    result = train(
        StepTargets(split, scaling),
        network=LSTM(settings.cells, feedback=False),
        search=evolution.search,
        initialiser=evolution.initialiser,
        refine=refine,
        readout=settings.readout,
        budget=budget,
        seed=seed,
        workers=evolution.jobs,
        callbacks=evolution.callbacks,
    )
    found = result.model
    if found is None:  # every network failed
        return None, result.history
    best = found.members[0] if isinstance(found, Ensemble) else found
    network = best.architecture, best.genome
    known = [_before(x, n, parts) for n, x in enumerate(sequences)]
    aims = [_before(y, n, parts) for n, y in enumerate(targets)]
    fitted = [n for n, x in enumerate(known) if len(x) > settings.washout]
    early = [known[n] for n in fitted], [aims[n] for n in fitted]

    def errors(one: tuple[Architecture, Array]) -> Array:
        solved = solve_steps(one, scaling, *early, settings.washout, settings.readout)
        return _squared_errors(solved.model, last, scaling)

    drawn = unevolved.model.architecture, unevolved.model.genome
    if not pays(errors(drawn), errors(network)):
        return None, result.history
    solved = solve_steps(
        network, scaling, sequences, targets, settings.washout, settings.readout
    )
    return solved, result.history


def choose_lags(
    settings: StepSettings, sequences: Sequence[Array], targets: Sequence[Array], seed: int
) -> int:
    """Return how many steps before have copies: the fewest that more do not clearly beat.

    Decided by the errors of unevolved networks on stretches held out.
    """
    xs, ys = _first_steps(sequences, targets)
    chosen, errors = 0, None
    steps = sum(len(x) for x in xs)
    for lags in LAGS:
        if lags and xs[0].shape[1] * (lags + 1) > steps / ROWS:
            break
        solved = unevolved_steps(settings, lagged(xs, lags), ys, seed)
        if errors is None or pays(errors, solved.squared_errors):
            chosen, errors = lags, solved.squared_errors
    return chosen


def _first_steps(
    sequences: Sequence[Array], targets: Sequence[Array]
) -> tuple[list[Array], list[Array]]:
    """Return the first sequences, or the first steps of one, as many as are sampled."""
    before = np.cumsum([0, *(len(x) for x in sequences)])
    count = max(1, int(np.searchsorted(before, SAMPLED)))
    xs = [x[:SAMPLED] for x in sequences[:count]]
    return xs, [y[:SAMPLED] for y in targets[:count]]


def _inside(
    parts: Sequence[Any], series: Sequence[Series], *folds: int
) -> tuple[Segment, ...]:
    """Return the segments of the parts that lie in some folds."""
    inside = (part for part in parts if part.fold in folds)
    return tuple(Segment(series[p.n], p.first, p.stop) for p in inside)


def _before(rows: Inputs, n: int, parts: Sequence[Any]) -> Array:
    """Return the rows of sequence n that come before those of the last fold."""
    held = [p.first for p in parts if p.n == n and p.fold == FOLDS - 1]
    earlier = any(p.n == n and p.fold < FOLDS - 1 for p in parts)
    if not earlier:
        return rows[:0]
    return rows[: min(held)] if held else rows[:]


def _squared_errors(model: Model, segments: Sequence[Segment], scaling: Scaling) -> Array:
    """Return (R,): the mean squared error of each row, columns standardised."""
    outputs = np.concatenate(model.respond(segments, free_running=False))
    targets = np.concatenate([each.targets for each in segments])
    errors = (outputs - targets) / scaling.output_scale
    return np.asarray(np.square(errors).mean(axis=1))


def _drawn(
    settings: StepSettings, sequences: Sequence[Inputs], targets: Sequence[Array], seed: int
) -> tuple[LSTM, Array]:
    inputs, outputs = width_of(sequences[0]), targets[0].shape[1]
    architecture = LSTM(settings.cells, inputs=inputs, outputs=outputs, feedback=False)
    rng = np.random.default_rng(seed)
    genome = Distribution(longest=LONGEST).draw(architecture, rng, 1)[0]
    return architecture, genome
