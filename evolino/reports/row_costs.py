"""Costs of a table's rows: CPU seconds a seed by the records that exist, and cheaper rows.

A row that takes more than a limit a seed is cut: its evaluations, and the gradients of its
refinement, are as many as the limit pays for by the record. So the same records give the
same settings, and these the same bits; a limit of seconds would not.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean, median
from typing import Any

from evolino.reports.jobs import FINISHED
from evolino.storage.json_text import read_json
from evolino.training.tables import Row, merge


@dataclass(frozen=True, slots=True)
class RowCost:
    """What the seeds of a row took, of those that finished; none where there is no record.

    cpu_seconds: of each seed's run. evaluations: of each. measuring: CPU seconds of a job
    beyond its run, in the median; 0 where no record says it.
    """

    cpu_seconds: tuple[float, ...] = ()
    evaluations: tuple[int, ...] = ()
    measuring: float = 0.0

    @property
    def median(self) -> float:
        """The median CPU seconds of a seed; nan where there is no record."""
        return median(self.cpu_seconds) if self.cpu_seconds else math.nan

    @property
    def largest(self) -> float:
        """The most CPU seconds that a seed took."""
        return max(self.cpu_seconds, default=math.nan)

    @property
    def of_an_evaluation(self) -> float:
        """CPU seconds for each evaluation, in the median over seeds."""
        pairs = zip(self.cpu_seconds, self.evaluations, strict=True)
        return median(cost / max(count, 1) for cost, count in pairs)

    def expected(self, limit: float = math.inf) -> float:
        """The mean CPU seconds of a seed's job where its run takes at most `limit`."""
        if not self.cpu_seconds:
            return math.nan
        return fmean(min(cost, limit) for cost in self.cpu_seconds) + self.measuring


def costs_of_rows(path: Path) -> dict[str, RowCost]:
    """Return the cost of each row of a record, by label; {} where there is no record."""
    if not path.exists():
        return {}
    record = read_json(path.read_bytes())
    threads = record.get("workers_per_seed", 1)
    return {row["label"]: _cost(row, threads) for row in record["rows"]}


def _cost(row: Mapping[str, Any], threads: int) -> RowCost:
    entries = [entry for entry in row["seeds"] if entry["status"] == FINISHED]
    runs = [float(e.get("cpu_seconds") or e["seconds"] * threads) for e in entries]
    beyond = [
        max(entry["job_cpu_seconds"] - run, 0.0)
        for entry, run in zip(entries, runs, strict=True)
        if "job_cpu_seconds" in entry
    ]
    counts = tuple(int(entry["evaluations"]) for entry in entries)
    return RowCost(tuple(runs), counts, median(beyond) if beyond else 0.0)


def cut_to(row: Row, cost: RowCost, limit: float) -> tuple[Row, str]:
    """Return a row that takes about `limit` CPU seconds a seed at most, and in words what
    is cut, "" for nothing: a row none of whose seeds took longer stays as it is. A single
    evaluation may take twice the limit.

    Raises ValueError, saying why, where no number of evaluations and gradients does.
    """
    if not cost.cpu_seconds:
        raise ValueError("no record")
    if cost.largest <= limit:
        return row, ""
    experiment = row.experiment(0)
    changes: dict[str, dict[str, int]] = {}
    cut: list[str] = []
    share = min(limit / max(cost.median, 1e-9), 1.0)
    refine: Any = experiment.refine
    if refine is not None and share < 1.0:
        fewer = {"steps": int(refine.steps * share)}
        if fewer["steps"] < 1:
            raise ValueError(f"{cost.median:.0f} s a seed")
        if refine.halve_after:
            fewer["halve_after"] = max(1, int(refine.halve_after * share))
        changes["refine"] = fewer
        cut.append(f"{fewer['steps']:,} of {refine.steps:,} gradients")
    for name in ("evaluations", "generations"):
        most = getattr(experiment.budget, name)
        if most is None:
            continue
        count = int(most * share)
        if name == "evaluations" and refine is None:
            count = int(limit / max(cost.of_an_evaluation, 1e-9))
            if cost.of_an_evaluation > 2 * limit:
                raise ValueError(f"{cost.of_an_evaluation:.0f} s an evaluation")
        least = max(1, experiment.ensemble, getattr(refine, "best", 1) or 1)
        count = max(count, least if name == "evaluations" else 1)
        if count < most:
            changes.setdefault("budget", {})[name] = count
            cut.append(f"{count:,} of {most:,} {name}")
    if not cut and experiment.ensemble > 1 and cost.median > 2 * limit:
        raise ValueError(f"{cost.median:.0f} s a seed for {experiment.ensemble} networks")
    return replace(row, settings=merge(row.settings, changes)), ", ".join(cut)
