"""Record of a table, as results/<table>.json holds it: seeds, metrics, environments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from evolino.reports.jobs import FAILED, FINISHED, are_settings_of, settings_of
from evolino.storage.json_text import read_json

if TYPE_CHECKING:
    from evolino.baselines.measured import Effort
    from evolino.plots import SweepPoint
    from evolino.training.experiment import Experiment
    from evolino.training.tables import Row, Table

KEPT = ("metrics", "seconds", "evaluations", "generations", "stopped", "version")
LATER = ("cpu_seconds",)  # which older results lack
PRIVATE = ("host",)  # of an environment, not for the record


@dataclass(slots=True)
class RowRecord:
    """A row on its way: its seeds as far as they are known, by seed, and its baselines.

    first: the experiment whose baselines are measured. baselines: by method, of the seed
    baselines_seed; empty until they are measured. baselines_error: why they could not be.
    """

    row: Row
    first: Experiment
    seeds: dict[int, dict[str, Any]] = field(default_factory=dict)
    baselines: dict[str, dict[str, float]] = field(default_factory=dict)
    baselines_error: str = ""
    baselines_seed: int = 0

    def __post_init__(self) -> None:
        """Measure the baselines on the first seed."""
        self.baselines_seed = self.first.seed

    def baseline_effort(self, workers: int, seed_workers: int) -> Effort | None:
        """Return what the first seed took, or the first finished one, which baselines then
        get too; None before any has finished.

        CPU seconds are the median of all finished seeds; where a record lacks them, seconds
        times the threads of each seed. workers: threads that measure. seed_workers: threads
        of each seed.
        """
        from evolino.baselines.measured import Effort

        entries = [entry for _, entry in sorted(self.seeds.items())]
        finished = [entry for entry in entries if entry["status"] == FINISHED]
        if not finished:
            return None
        first = self.seeds.get(self.baselines_seed)
        if first is None or first["status"] != FINISHED:
            first = finished[0]
        seconds = [
            float(entry.get("cpu_seconds") or entry["seconds"] * seed_workers)
            for entry in finished
        ]
        return Effort(int(first["evaluations"]), median(seconds), workers)

    def sweep_point(self, metric: str) -> SweepPoint:
        """Return the row as a point of a sweep over network sizes."""
        import numpy as np

        from evolino.plots import SweepPoint

        entries = self.seeds.values()
        unevolved = [v for k, v in self.baselines.items() if k.startswith("unevolved")]
        return SweepPoint(
            self.first.network.genome_shape[0],
            np.array([each.get("metrics", {}).get(metric, np.inf) for each in entries]),
            np.array([each.get("seconds", np.nan) for each in entries]),
            unevolved[0].get(metric) if unevolved else None,
        )

    def as_record(self) -> dict[str, Any]:
        """Return the row's part of the record."""
        published = (*self.row.published, *self.first.task.published())
        record = {
            "label": self.row.label,
            "target": self.row.target,
            "settings": settings_of(self.first),
            "published": [asdict(each) for each in dict.fromkeys(published)],
            "baselines": self.baselines,
            "baselines_seed": self.baselines_seed,
            "seeds": [entry for _, entry in sorted(self.seeds.items())],
        }
        if self.baselines_error:
            record["baselines_error"] = self.baselines_error
        return record


def table_record(
    table: Table, rows: Sequence[RowRecord], *, command: str, workers: int
) -> dict[str, Any]:
    """Return the record of a table. workers: threads of each seed.

    Environments (versions, machine, commit) are listed once; seeds hold their position.
    """
    environments: list[Any] = []
    records = [row.as_record() for row in rows]
    for record in records:
        record["seeds"] = [dict(entry) for entry in record["seeds"]]
        for entry in record["seeds"]:
            if (found := entry.pop("environment", None)) is None:
                continue
            if found not in environments:
                environments.append(found)
            entry["environment"] = environments.index(found)
    return {
        "table": table.name,
        "task": table.task,
        "preset": table.preset,
        "title": table.title,
        "metric": table.metric,
        "higher_is_better": table.higher_is_better,
        "also": list(table.also),
        "digits": table.digits,
        "source": table.source,
        "notes": table.notes,
        "command": command,
        "workers_per_seed": workers,
        "environments": environments,
        "rows": records,
    }


def finished_entry(seed: int, place: Path) -> dict[str, Any]:
    """Return what the record keeps of a finished run. Raises ValueError for others."""
    from evolino.training.run_files import ENVIRONMENT, RESULT
    from evolino.training.run_folder import RunFolder

    result = RunFolder.open(place).result()
    if result is None:
        raise ValueError(f"{place} is not finished")
    environment = read_json((place / ENVIRONMENT).read_bytes())
    ended = datetime.fromtimestamp((place / RESULT).stat().st_mtime, UTC)
    return {
        "seed": seed,
        "status": FINISHED,
        **{key: result[key] for key in KEPT},
        **{key: result[key] for key in LATER if result.get(key) is not None},
        "date": ended.date().isoformat(),
        "environment": {k: v for k, v in environment.items() if k not in PRIVATE},
    }


def failed_entry(seed: int, error: str) -> dict[str, Any]:
    """Return what the record keeps of a run that failed."""
    return {
        "seed": seed,
        "status": FAILED,
        "error": error,
        "date": datetime.now(UTC).date().isoformat(),
    }


def take_over(path: Path, rows: Sequence[RowRecord]) -> None:
    """Take seeds and baselines from an earlier record, for rows of unchanged settings.

    So a few seeds run again, or more seeds run later, leave the others in the table; each
    seed names the environment that it ran in.
    """
    try:
        earlier = read_json(path.read_bytes())
        environments = earlier["environments"]
        known = {row["label"]: row for row in earlier["rows"]}
        for row in rows:
            found = known.get(row.row.label)
            if found is None or not are_settings_of(found["settings"], row.first):
                continue
            if found["baselines"]:
                row.baselines = dict(found["baselines"])
                row.baselines_seed = int(found["baselines_seed"])
                row.baselines_error = found.get("baselines_error", "")
            for entry in found["seeds"]:
                if entry["status"] == FINISHED:
                    ran_in = environments[entry["environment"]]
                    row.seeds[entry["seed"]] = {**entry, "environment": ran_in}
    except (OSError, ValueError, TypeError, KeyError, IndexError):
        return
