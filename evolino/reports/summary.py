"""Summary of a row over its seeds: median, quartiles, worst; failed seeds counted."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Summary:
    """A row over its seeds. Failed seeds count as worse than any, and as not solved.

    median, lower, upper, worst: of the metric; lower and upper are quartiles. solved: seeds
    at the target or better, None without one. seeds: finished and failed ones. failed.
    seconds, evaluations: medians over finished seeds, nan if there is none. cpu_seconds:
    the same over those that know it.
    """

    median: float
    lower: float
    upper: float
    worst: float
    solved: int | None
    seeds: int
    failed: int
    seconds: float
    evaluations: float
    cpu_seconds: float


def summarise(row: Record, metric: str, *, higher_is_better: bool = False) -> Summary:
    """Return the summary of a row of a record."""
    sign = -1.0 if higher_is_better else 1.0  # what is ranked is better if lower
    finished = [entry for entry in row["seeds"] if entry["status"] == "finished"]
    failed = sum(entry["status"] == "failed" for entry in row["seeds"])
    values = [sign * metric_of(entry["metrics"], metric, sign) for entry in finished]
    values += [math.inf] * failed
    target = row.get("target")
    return Summary(
        median=sign * quantile(values, 0.5),
        lower=sign * quantile(values, 0.75 if higher_is_better else 0.25),
        upper=sign * quantile(values, 0.25 if higher_is_better else 0.75),
        worst=sign * max(values, default=math.nan),
        solved=None if target is None else sum(value <= sign * target for value in values),
        seeds=len(values),
        failed=failed,
        seconds=quantile([entry["seconds"] for entry in finished], 0.5),
        evaluations=quantile([float(entry["evaluations"]) for entry in finished], 0.5),
        cpu_seconds=quantile(
            [entry["cpu_seconds"] for entry in finished if "cpu_seconds" in entry], 0.5
        ),
    )


def quantile(values: Sequence[float], level: float) -> float:
    """Return a quantile by linear interpolation; inf between a number and inf.

    nan for no values.
    """
    if not values:
        return math.nan
    ranked = sorted(values)
    place = level * (len(ranked) - 1)
    low, high = ranked[math.floor(place)], ranked[math.ceil(place)]
    share = place - math.floor(place)
    if share == 0 or low == high:
        return low
    return math.inf if math.isinf(high) else low + share * (high - low)


def metric_of(figures: Mapping[str, float], metric: str, worst: float = 1.0) -> float:
    """Return a metric; infinite, with the sign of `worst`, if it is missing or NaN, as
    when every network failed."""
    value = float(figures.get(metric, math.nan))
    return math.copysign(math.inf, worst) if math.isnan(value) else value
