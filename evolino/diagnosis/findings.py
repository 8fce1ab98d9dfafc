"""Findings of a diagnosis: what was measured, its limit, and what to do about it.

Each function here takes plain numbers, and has one limit. A value above the limit fires.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evolino.vocabulary import Array

SATURATED = 0.99  # |tanh(state)| of a cell that carries no more than a sign
STEPS_SATURATED = 0.9  # share of steps at which it is so
CELLS_SATURATED = 0.5  # share of the cells
FREE_RANGE = 1.5  # a free run's largest distance from the mean, by that of the series
FORGOTTEN = 0.01  # deviations of the target, by which other beginnings still differ
SENSITIVE = 1e4  # deviations of an output that one deviation of all features makes
WORSE_ON_OTHERS = 2.0  # error on rows that were not fitted, by that on those that were
AS_GOOD = 0.95  # the model's error, by that of a simple method


@dataclass(frozen=True, slots=True)
class Finding:
    """One check. name: of the check. value: above `limit` it fires. text: what was
    measured. advice: what helps where it fires."""

    name: str
    value: float
    limit: float
    text: str
    advice: str = ""

    @property
    def fires(self) -> bool:
        """Whether the value is above its limit; what is not a number is."""
        return not self.value <= self.limit


def saturated_cells(states: Array) -> Finding:
    """Return how many cells are saturated. states: (T, C), of cells at many steps."""
    limit = float(np.arctanh(SATURATED))
    share = (np.abs(states) > limit).mean(axis=0)
    value = float((share > STEPS_SATURATED).mean())
    return Finding(
        "saturated cells",
        value,
        CELLS_SATURATED,
        f"{value:.0%} of the cells are saturated at {STEPS_SATURATED:.0%} of the steps and "
        "carry no more than a sign",
        "smaller initial weights, or inputs of smaller scale, leave a margin for values",
    )


def exploding_free_run(run: Array, series: Array) -> Finding:
    """Return how far a free run (n, K) leaves the range of a series (T, K)."""
    mean = np.nanmean(series, axis=0)
    reach = np.nanmax(np.abs(series - mean), axis=0)
    reach = np.where(reach > 0, reach, 1.0)
    with np.errstate(invalid="ignore", over="ignore"):
        far = np.abs(run - mean) / reach
    value = float(np.where(np.isfinite(far), far, np.inf).max(initial=0.0))
    return Finding(
        "exploding free run",
        value,
        FREE_RANGE,
        f"in {len(run)} steps the free run goes {value:.3g} times as far from the mean as "
        "the series",
        "more ridge, or a loss over longer free runs, holds it",
    )


def short_washout(differences: Array, washout: int) -> Finding:
    """Return how long a network remembers how it began.

    differences: (n,), by which two passes with other beginnings differ at each step after
    the second begins, in deviations of the target. washout: rows that only drive the
    network.
    """
    above = np.flatnonzero(~(differences <= FORGOTTEN))
    steps = int(above[-1]) + 1 if len(above) else 0
    never = " and more" if steps >= len(differences) else ""
    return Finding(
        "washout too short",
        float(steps),
        float(washout),
        f"the network remembers its beginning for {steps} steps{never}; the washout is "
        f"{washout}",
        "a longer washout, or forget gates that forget faster, helps",
    )


def ill_conditioned(features: Array, weights: Array) -> Finding:
    """Return how far features (T, S) and output weights (S, K) cancel each other."""
    spread = features.std(axis=0)
    outputs = (features @ weights).std(axis=0)
    sums = np.abs(weights).T @ spread
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(sums > 0, sums / np.where(outputs > 0, outputs, np.nan), 0.0)
    value = float(np.nanmax(ratio, initial=0.0)) if np.isfinite(ratio).any() else np.inf
    return Finding(
        "ill-conditioned features",
        value,
        SENSITIVE,
        f"features cancel each other: together they are {value:.3g} times as large as the "
        "output; a small change of each is that much larger there",
        "a ridge readout helps",
    )


def overfitting(others: float, fitted: float) -> Finding:
    """Return how much larger the error is on rows that were not fitted."""
    value = others / fitted if fitted > 0 else (np.inf if others > 0 else 1.0)
    return Finding(
        "overfitting",
        float(value),
        WORSE_ON_OTHERS,
        f"the error on rows that were not fitted is {value:.3g} times that on fitted ones",
        "fewer cells, more ridge or more data helps, unless the series itself changes",
    )


def simpler_method(model: float, simple: dict[str, float]) -> Finding:
    """Return how the model's error compares with that of the best simple method."""
    name = min(simple, key=lambda each: simple[each])
    best = simple[name]
    value = model / best if best > 0 else (np.inf if model > 0 else 1.0)
    verdict = "as good" if value > AS_GOOD else "not as good"
    return Finding(
        "simpler method as good",
        float(value),
        AS_GOOD,
        f"{name} is {verdict}: error {best:.4g}, this model's {model:.4g}",
    )
