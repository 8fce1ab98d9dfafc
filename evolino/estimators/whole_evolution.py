"""Evolution of the distribution that networks for whole sequences are drawn from.

A genome is a point (1, D): logarithms of factors for the distribution's deviations and time
constants. Its loss is the leave-one-out error of a ridge regression on features of few
networks. On small sets that criterion is overfitted, so a fifth of the sequences is set
aside, and the result is taken only where it is clearly better there.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from evolino.estimators.evolution_options import Evolution
from evolino.estimators.paying import pays
from evolino.estimators.whole_readout import WholeReadout, solve_whole
from evolino.estimators.whole_sequences import WholeFeatures, WholeSettings, fit_features
from evolino.readout.base import Readout
from evolino.registry import from_table
from evolino.search.base import WeightSpace
from evolino.training.history import Generation
from evolino.vocabulary import Array

PARAMETERS = 7  # of `Distribution.moved`
STEP = 0.3  # of each: a factor of 1.35
NETWORKS = 16  # in each direction, whose features are compared
ASIDE = 5  # every so many sequences, one is set aside
DEFAULT = "xnes"


def evolved_distribution(
    evolution: Evolution,
    settings: WholeSettings,
    sequences: Sequence[Array],
    targets: Array,
    seed: int,
    readout: Readout | None = None,
) -> tuple[WholeSettings, bool, list[Generation]]:
    """Return the settings, with the evolved distribution where it pays; whether it does;
    and the history.

    targets: (N, K). Raises ValueError for fewer than 10 sequences.
    """
    if len(sequences) < 2 * ASIDE:
        raise ValueError(
            f"evolution needs at least {2 * ASIDE} sequences, got {len(sequences)}: fit "
            "without evaluations and seconds"
        )
    aside = np.arange(len(sequences)) % ASIDE == ASIDE - 1
    known = [x for x, held in zip(sequences, aside, strict=True) if not held]
    few = replace(settings, networks=min(NETWORKS, settings.networks))

    def fitted(point: Array) -> tuple[WholeFeatures, WholeReadout]:
        drawn = replace(few, distribution=settings.distribution.moved(point))
        features = fit_features(known, drawn, np.random.default_rng(seed))
        pooled = features.transform(known, evolution.jobs)
        return features, solve_whole(pooled, targets[~aside], features.families(), readout)

    def loss(point: Array) -> float:
        errors = fitted(point)[1].left_out - targets[~aside]
        return float(np.sqrt(np.square(errors).mean()))

    best, history = _searched(evolution, loss, seed)
    held = [x for x, is_held in zip(sequences, aside, strict=True) if is_held]
    errors = []
    for point in (np.zeros(PARAMETERS), best):
        features, solved = fitted(point)
        outputs = solved.predict(features.transform(held, evolution.jobs))
        errors.append(np.square(outputs - targets[aside]).mean(axis=1))
    if not pays(*errors):
        return settings, False, history
    moved = settings.distribution.moved(best)
    return replace(settings, distribution=moved), True, history


def _searched(evolution: Evolution, loss: Any, seed: int) -> tuple[Array, list[Generation]]:
    """Return the best point (D,) that a search found within its budget, and the history."""
    rng = np.random.default_rng(seed)
    space = WeightSpace(
        lambda drawing, count: STEP * drawing.normal(size=(count, 1, PARAMETERS)),
        np.full((1, PARAMETERS), STEP),
    )
    chosen = evolution.search or DEFAULT
    named = from_table("search", {"name": chosen}) if isinstance(chosen, str) else chosen
    search = named.start(space, rng, np.zeros((1, PARAMETERS)))
    best, lowest, done = np.zeros(PARAMETERS), np.inf, 0
    history: list[Generation] = []
    began = time.monotonic()
    while not _ended(evolution, done, began):
        genomes = search.ask()
        left = evolution.evaluations - done if evolution.evaluations else len(genomes)
        losses = np.array([loss(each[0]) for each in genomes[:left]])
        done += len(losses)
        if losses.min() < lowest:
            best, lowest = genomes[losses.argmin()][0].copy(), float(losses.min())
        low, lower, median, upper = np.percentile(losses, [0, 25, 50, 75]).tolist()
        generation = Generation(
            len(history) + 1, done, lowest, low, lower, median, upper, 0
        )
        history.append(generation)
        for callback in evolution.callbacks:
            callback.on_generation(generation, time.monotonic() - began)
        if len(losses) < len(genomes):
            break
        search.tell(losses)
    return best, history


def _ended(evolution: Evolution, done: int, began: float) -> bool:
    if evolution.evaluations and done >= evolution.evaluations:
        return True
    return evolution.seconds is not None and time.monotonic() - began >= evolution.seconds
