"""Front table: ours beside the best published figure, random search and the trivial method.

results/front.toml names rows of the tables in results/, at most twelve:

    [[rows]]
    task = "sum of 5 sines, 20 cells: NRMSE"
    table = "mso-paper"
    row = "5 sines (0.2, 0.311, 0.42, 0.51, 0.74), 20 cells"
    metric = "test_nrmse"     # optional: another one than the table's
    better = "lower"          # optional, with metric: lower or higher

Every figure is read from results/<table>.json.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evolino.baselines.names import is_trivial
from evolino.reports.summary import Record, metric_of, quantile
from evolino.reports.table_text import figure_text, markdown_table
from evolino.storage.json_text import read_json

LISTED = "front.toml"
MOST = 12
HEAD = ["task: figure", "best published", "ours: median", "random search",
        "trivial method", "CPU s"]  # fmt: skip
RANDOM = "random search"
EVALUATIONS = "evaluations"  # which a run counts; a baseline has solved the task or not
FIELDS = frozenset({"task", "table", "row", "metric", "better"})


def front_table(results: Path) -> str:
    """Return the front table in Markdown, with how it was made under it.

    results: the folder of records, with front.toml. Raises ValueError for a list that
    cannot be read or names a table or row that is not there.
    """
    path = results / LISTED
    try:
        rows = tomllib.loads(path.read_text(encoding="utf-8"))["rows"]
    except (OSError, tomllib.TOMLDecodeError, KeyError) as error:
        raise ValueError(f"{path} must list [[rows]]: {error}") from None
    if len(rows) > MOST:
        raise ValueError(f"{path} must have at most {MOST} rows, got {len(rows)}")
    lines = [HEAD, *(_line(results, row) for row in rows)]
    return f"{markdown_table(lines, 'llrrlr')}\n"


def _line(results: Path, listed: Mapping[str, str]) -> list[str]:
    if unknown := set(listed) - FIELDS:
        raise ValueError(f"{LISTED}: unknown field {sorted(unknown)[0]} of a row")
    record = read_json((results / f"{listed['table']}.json").read_bytes())
    row = next((row for row in record["rows"] if row["label"] == listed["row"]), None)
    if row is None:
        raise ValueError(f"{LISTED}: {listed['table']} has no row {listed['row']!r}")
    metric = listed.get("metric", record["metric"])
    higher = bool(record.get("higher_is_better"))
    if "metric" in listed:
        higher = listed.get("better", "lower") == "higher"
    digits = int(record.get("digits", 2))
    baselines = row["baselines"]
    random = {name: each for name, each in baselines.items() if name.startswith(RANDOM)}
    trivial = {name: each for name, each in baselines.items() if is_trivial(name)}
    return [
        listed["task"],
        _published(row, metric, higher=higher),
        _ours(row, metric, digits, higher=higher),
        _best(random, metric, digits, higher=higher),
        _best(trivial, metric, digits, higher=higher, named=True),
        _seconds(row),
    ]


def _ours(row: Record, metric: str, digits: int, *, higher: bool) -> str:
    """Return the median over seeds; a failed seed is worse than any."""
    worst = -math.inf if higher else math.inf
    values = [
        _value(entry, metric, higher=higher) if entry["status"] == "finished" else worst
        for entry in row["seeds"]
    ]
    return f"**{figure_text(quantile(values, 0.5), digits)}** ({len(values)} seeds)"


def _value(entry: Record, metric: str, *, higher: bool) -> float:
    if metric == EVALUATIONS:
        return float(entry[EVALUATIONS])
    return metric_of(entry["metrics"], metric, -1.0 if higher else 1.0)


def _published(row: Record, metric: str, *, higher: bool) -> str:
    """Return the best published figure of this metric, with its method."""
    figures = [each for each in row["published"] if each["metric"] == metric]
    if not figures:
        return ""
    best = (max if higher else min)(figures, key=lambda each: float(each["value"]))
    return f"{figure_text(best['value'], 3)}, {best['method']}"


def _best(
    baselines: Mapping[str, Mapping[str, Any]],
    metric: str,
    digits: int,
    *,
    higher: bool,
    named: bool = False,
) -> str:
    """Return the best of some baselines; named: with its name."""
    if not baselines:
        return ""
    if metric == EVALUATIONS:
        solved = any(figures.get("solved") == 1.0 for figures in baselines.values())
        return "solved" if solved else "not solved"
    values = {
        name: metric_of(figures, metric, -1.0 if higher else 1.0)
        for name, figures in baselines.items()
    }
    name = (max if higher else min)(values, key=lambda each: values[each])
    return figure_text(values[name], digits) + (f", {name}" if named else "")


def _seconds(row: Record) -> str:
    """Return the median CPU seconds of a seed, or seconds where a record lacks them."""
    finished = [entry for entry in row["seeds"] if entry["status"] == "finished"]
    known = [entry["cpu_seconds"] for entry in finished if "cpu_seconds" in entry]
    if len(known) == len(finished):
        return figure_text(quantile(known, 0.5))
    return f"{figure_text(quantile([entry['seconds'] for entry in finished], 0.5))}*"
