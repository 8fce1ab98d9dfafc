"""Reproduce all tables, within a budget: one command, which goes on where it was stopped.

Budget "full" makes every row over as many seeds as its table is to have. Budget "fast"
makes three seeds of each row, of at most 2 CPU seconds each: dearer rows get fewer
evaluations (`evolino.reports.row_costs`), some tables less data (`[fast]` in the file of
the table), and only the quick baselines are measured. Each such table says so, and lies in
a folder of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from evolino.reports.job_graph import JobGraph, Priority
from evolino.reports.jobs import Job, Trainer
from evolino.reports.reproduce import RESULTS, Reproduction, reproduce
from evolino.reports.row_costs import RowCost, costs_of_rows, cut_to
from evolino.training.tables import Row, Table, load_table, merge, tables
from evolino.vocabulary import unknown_name

FILES_OF_A_USER = ("series", "music")  # tasks that need one


@dataclass(frozen=True, slots=True)
class Budget:
    """seeds: of each table, None: as many as it is to have. seconds: of CPU time that a
    seed's run may take. folder: of the records, in `results`. draws: of unevolved networks,
    with the quick baselines alone; None: all baselines are measured."""

    seeds: int | None
    seconds: float
    folder: str
    draws: int | None

    @property
    def cuts(self) -> bool:
        """Whether rows are cut to its seconds."""
        return not math.isinf(self.seconds)


BUDGETS = {
    "fast": Budget(3, 2.0, "fast", draws=1),
    "full": Budget(None, math.inf, "", draws=None),
}


@dataclass(frozen=True, slots=True)
class Part:
    """A table as far as a budget goes.

    table: its rows are cut to the budget. rows: labels of those that are made. cut: what of
    a row is cut, by label. left_out: why a row is not made, by label. costs: by label.
    """

    table: Table
    seeds: int
    rows: tuple[str, ...]
    cut: dict[str, str]
    left_out: dict[str, str]
    costs: dict[str, RowCost]

    def expected(self, limit: float) -> float:
        """About the CPU seconds of its seeds; nan where a row's are not known."""
        costs = [self.costs.get(row, RowCost()).expected(limit) for row in self.rows]
        return self.seeds * sum(costs)


def plan(budget: str, known: Path = RESULTS) -> list[Part]:
    """Return what a budget makes of every table, by name.

    budget: "fast" or "full". known: the folder of records. Raises ValueError for another
    budget.
    """
    if budget not in BUDGETS:
        raise unknown_name("budget", budget, BUDGETS)
    every = (load_table(name) for name in tables())
    return [_part(table, budget, known) for table in every if _is_ours(table)]


def reproduce_all(
    budget: str,
    *,
    workers: int,
    out: Path = RESULTS,
    known: Path = RESULTS,
    say: Callable[[str], None] = print,
    quiet: bool = False,
) -> list[Path]:
    """Run all tables, and return the paths of their records.

    budget: "fast" or "full". workers: processes, which all tables share; tables whose seeds
    need all workers come last, one after another. out: records are in the budget's folder
    there. known: the folder of records that say how long rows take. Raises ValueError if
    it has no record of any row that the budget would run, and as `reproduce` does; the
    same call then goes on.
    """
    parts, limit = plan(budget, known), BUDGETS[budget]
    if not any(part.rows for part in parts):
        raise ValueError(
            f"the budget {budget!r} runs rows whose costs are known from records in the "
            f"folder {str(known)!r}, which has none of any table; run this where they are"
        )
    if not quiet:
        for line in described(parts, limit.seconds, workers):
            say(line)
    folder, runner = out / limit.folder, Trainer(quick=limit.draws)
    made = [part for part in parts if part.rows]
    alone = [part for part in made if not _shares_workers(part, limit)]
    together = [part for part in made if part not in alone]
    command = f"evolino reproduce all --budget {budget} --workers {workers}"
    graph = JobGraph(
        [_reproduction(part, folder, runner, command) for part in together],
        runner,
        _longest_first(together, limit) if limit.cuts else _cheap_tables_first(together),
        workers,
    )
    graph.run("all tables", quiet=quiet)
    for part in alone:
        name, seeds = part.table.name, part.seeds
        reproduce(name, seeds=seeds, workers=workers, out=folder, quiet=quiet, run=runner)
    return [folder / f"{part.table.name}.json" for part in made]


def described(parts: list[Part], limit: float, workers: int) -> list[str]:
    """Return a line for each table: what is made, cut and left out; then what all of it
    should take. limit: CPU seconds of a seed. workers: processes."""
    lines = [
        f"[{number}/{len(parts)}] {part.table.name}: {_described(part)}"
        for number, part in enumerate(parts, start=1)
    ]
    costs = [part.expected(limit) for part in parts if part.rows]
    known = [cost for cost in costs if not math.isnan(cost)]
    minutes = sum(known) / workers / 60
    lines.append(
        f"The seeds of {len(known)} tables should take {minutes:.0f} minutes by "
        f"{workers} worker{'s' * (workers > 1)}; baselines come on top."
    )
    return lines


def _longest_first(parts: list[Part], limit: Budget) -> Priority:
    """Return priorities by which all processes end together: jobs by their expected
    seconds, those of unknown cost first, baselines as a seed of their row."""
    costs = {
        (part.table.name, label): cost.expected(limit.seconds)
        for part in parts
        for label, cost in part.costs.items()
    }

    def priority(job: Job) -> float:
        cost = costs.get((job.table, job.label), math.nan)
        return math.inf if math.isnan(cost) else cost

    return priority


def _cheap_tables_first(parts: list[Part]) -> Priority:
    """Return priorities by which tables are finished one by one: those that should take
    least first, those of unknown cost last."""
    costs = {part.table.name: part.expected(math.inf) for part in parts}

    def priority(job: Job) -> float:
        cost = costs[job.table]
        return -math.inf if math.isnan(cost) else -cost

    return priority


def _is_ours(table: Table) -> bool:
    return table.task not in FILES_OF_A_USER


def _shares_workers(part: Part, limit: Budget) -> bool:
    """Return whether seeds run beside others; where rows are cut, times say little."""
    return part.table.seeds_in_parallel or limit.cuts


def _part(table: Table, budget: str, known: Path) -> Part:
    limit = BUDGETS[budget]
    seeds = table.seeds if limit.seeds is None else limit.seeds
    costs = costs_of_rows(known / f"{table.name}.json")
    labels = tuple(row.label for row in table.rows)
    if not limit.cuts:
        return Part(table, seeds, labels, {}, {}, costs)
    rows: list[Row] = []
    cut: dict[str, str] = {}
    left_out: dict[str, str] = {}
    for row in map(partial(_on_less_data, changes=table.fast), table.rows):
        try:
            less, what = cut_to(row, costs.get(row.label, RowCost()), limit.seconds)
        except ValueError as error:
            less, left_out[row.label] = row, str(error)
        else:
            cut |= {row.label: what} if what else {}
        rows.append(less)
    said = [f"Budget {budget}: {seeds} seeds", *_in_words(table.fast)]
    said += [f"{label}: {what}" for label, what in cut.items()]
    said += [f"{label}: not made ({why})" for label, why in left_out.items()]
    notes = "\n\n".join(each for each in (table.notes, "; ".join(said) + ".") if each)
    less_table = replace(
        table, rows=tuple(rows), notes=notes, title=f"{table.title} ({budget} budget)"
    )
    made = tuple(label for label in labels if label not in left_out)
    return Part(less_table, seeds, made, cut, left_out, costs)


def _on_less_data(row: Row, changes: Mapping[str, Any]) -> Row:
    return replace(row, settings=merge(row.settings, changes))


def _in_words(changes: Mapping[str, Any], before: str = "") -> list[str]:
    """Return changes of settings as texts such as "task.limit = 100"."""
    texts: list[str] = []
    for key, value in changes.items():
        name = f"{before}{key}"
        nested = isinstance(value, Mapping)
        texts += _in_words(value, f"{name}.") if nested else [f"{name} = {value}"]
    return texts


def _reproduction(part: Part, folder: Path, runner: Trainer, command: str) -> Reproduction:
    """Return a table that runs each seed with one thread."""
    seeds = range(part.seeds)
    return Reproduction(part.table, seeds, 1, folder, runner, part.rows, command)


def _described(part: Part) -> str:
    count = len(part.rows)
    rows = f"{count} row{'s' * (count > 1)} over {part.seeds} seeds"
    texts = [rows if count else "no row"]
    texts += [", ".join(_in_words(part.table.fast))] * bool(count and part.table.fast)
    if part.cut:
        texts.append("cut: " + ", ".join(f"{k!r} ({v})" for k, v in part.cut.items()))
    if part.left_out:
        said = ", ".join(f"{k!r} ({v})" for k, v in part.left_out.items())
        texts.append(f"left out: {said}")
    return "; ".join(texts)
