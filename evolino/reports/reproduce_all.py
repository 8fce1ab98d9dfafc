"""Reproduce all tables, within a budget: one command, which goes on where it was stopped.

Budget "full" makes every row over as many seeds as its table is to have. Budget "fast"
makes three seeds of the rows that take at most 20 s a seed, by the records that exist, with
the quick baselines alone, and says which rows it leaves out.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from evolino.reports.jobs import Trainer
from evolino.reports.reproduce import RESULTS, reproduce
from evolino.reports.summary import summarise
from evolino.storage.json_text import read_json
from evolino.training.tables import Table, load_table, tables
from evolino.vocabulary import unknown_name

FILES_OF_A_USER = ("series", "music")  # tasks that need one


@dataclass(frozen=True, slots=True)
class Budget:
    """seeds: of each table, None: as many as it is to have. seconds: a row takes at most
    so many a seed. folder: of the records, in `results`. quick: whether the quick baselines
    alone are measured."""

    seeds: int | None
    seconds: float
    folder: str
    quick: bool


BUDGETS = {
    "fast": Budget(3, 20.0, "fast", quick=True),
    "full": Budget(None, math.inf, "", quick=False),
}


@dataclass(frozen=True, slots=True)
class Part:
    """A table as far as a budget goes. rows: labels. left_out: labels with the seconds that
    a seed takes, nan where no record says it."""

    table: Table
    seeds: int
    rows: tuple[str, ...]
    left_out: tuple[tuple[str, float], ...]


def plan(budget: str, known: Path = RESULTS) -> list[Part]:
    """Return what a budget makes of every table, those that take least first.

    budget: "fast" or "full". known: the folder of records. Raises ValueError for another
    budget.
    """
    if budget not in BUDGETS:
        raise unknown_name("budget", budget, BUDGETS)
    limit = BUDGETS[budget]
    parts = []
    for table in (load_table(name) for name in tables()):
        if table.task in FILES_OF_A_USER:
            continue
        took = seconds_of_rows(known / f"{table.name}.json")
        costs = {row.label: took.get(row.label, math.nan) for row in table.rows}
        rows = tuple(k for k, cost in costs.items() if _within(cost, limit.seconds))
        left_out = tuple((k, cost) for k, cost in costs.items() if k not in rows)
        seeds = table.seeds if limit.seeds is None else limit.seeds
        parts.append((sum(costs[row] for row in rows), Part(table, seeds, rows, left_out)))
    parts.sort(key=lambda each: (not each[1].rows, math.isnan(each[0]), each[0]))
    return [part for _, part in parts]


def reproduce_all(
    budget: str,
    *,
    workers: int,
    out: Path = RESULTS,
    known: Path = RESULTS,
    say: Callable[[str], None] = print,
    quiet: bool = False,
) -> list[Path]:
    """Run all tables, one after another, and return the paths of their records.

    budget: "fast" or "full". workers: as of `reproduce`. out: records are in the budget's
    folder there. known: the folder of records that say how long rows take. Raises as
    `reproduce` does; the same call then goes on.
    """
    parts = plan(budget, known)
    paths = []
    for number, part in enumerate(parts, start=1):
        if not quiet:
            say(f"[{number}/{len(parts)}] {part.table.name}: {_described(part)}")
        if part.rows:
            paths.append(
                reproduce(
                    part.table.name,
                    seeds=part.seeds,
                    workers=workers,
                    out=out / BUDGETS[budget].folder,
                    quiet=quiet,
                    rows=part.rows,
                    run=Trainer(quick=BUDGETS[budget].quick),
                )
            )
    return paths


def seconds_of_rows(path: Path) -> dict[str, float]:
    """Return the median seconds of a seed by row, CPU seconds where they are known; of a
    table without a record none."""
    if not path.exists():
        return {}
    record = read_json(path.read_bytes())
    found = {}
    for row in record["rows"]:
        known = summarise(row, record["metric"])
        seconds = known.seconds if math.isnan(known.cpu_seconds) else known.cpu_seconds
        found[row["label"]] = seconds
    return found


def _within(cost: float, limit: float) -> bool:
    """Return whether a row is made; one of unknown cost only where there is no limit."""
    return math.isinf(limit) or cost <= limit


def _described(part: Part) -> str:
    count = len(part.rows)
    rows = f"{count} row{'s' * (count > 1)} over {part.seeds} seeds"
    made = rows if count else "no row"
    missing = ", ".join(
        f"{label!r} ({'no record' if math.isnan(cost) else f'{cost:.0f} s a seed'})"
        for label, cost in part.left_out
    )
    return f"{made}; left out: {missing}" if missing else made
