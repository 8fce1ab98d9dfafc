"""Where Evolino wins and loses: every row of every table beside the best other method.

A row *wins* if the other figure is worse than ours from quartile to quartile over seeds,
*loses* if it is better than all of that, and is *level* in between.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from evolino.reports.summary import Record, Summary, metric_of, summarise
from evolino.reports.table_text import figure_text, markdown_table, metric_words
from evolino.storage.json_text import read_json

HEAD = ["row", "ours: median [quartiles]", "best other method here", "best published",
        "ours"]  # fmt: skip
WINS, LEVEL, LOSES = "wins", "level", "loses"
LEAST = 1e-11  # errors below are rounding: which is smaller says nothing


@dataclass(frozen=True, slots=True)
class Other:
    """Another method's figure. name: of the method. kind: its name without numbers."""

    name: str
    value: float

    @property
    def kind(self) -> str:
        """The name up to its first bracket or comma: AR(10) is AR."""
        return self.name.split("(")[0].split(",")[0].strip()


def standing(results: Path) -> str:
    """Return the page's content in Markdown: what was won and lost, then table by table.

    results: the folder of records.
    """
    verdicts: list[str] = []
    beaten_by: Counter[str] = Counter()
    parts = []
    for path in sorted(results.glob("*.json")):
        record = read_json(path.read_bytes())
        if not isinstance(record, dict) or "rows" not in record:
            continue
        lines = []
        for row in record["rows"]:
            if row["seeds"]:
                line, verdict, other = _line(record, row)
                lines.append(line)
                if verdict:
                    verdicts.append(verdict)
                if verdict == LOSES and other is not None:
                    beaten_by[other.kind] += 1
        if lines:
            title = f"**{record['title']}** ({metric_words(record['metric'])})"
            parts.append(f"{title}\n\n{markdown_table([HEAD, *lines], 'lrlll')}")
    return "\n\n".join([_counted(verdicts, beaten_by), *parts]) + "\n"


def _counted(verdicts: Sequence[str], beaten_by: Counter[str]) -> str:
    """Return how often each verdict was given, and what wins where ours loses."""
    count = Counter(verdicts)
    text = (
        f"Of {len(verdicts)} rows with another method beside them, ours "
        f"**wins {count[WINS]}**, is level in {count[LEVEL]} and **loses {count[LOSES]}**"
    )
    if not beaten_by:
        return f"{text}."
    named = ", ".join(f"{name} ({number})" for name, number in beaten_by.most_common())
    return f"{text}, to: {named}."


def _line(record: Record, row: Record) -> tuple[list[str], str, Other | None]:
    """Return a row's line, its verdict, "" for none, and the best method beside it."""
    metric, higher = record["metric"], bool(record.get("higher_is_better"))
    digits = int(record.get("digits", 2))
    found = summarise(row, metric, higher_is_better=higher)
    worst = -1.0 if higher else 1.0
    here = [
        Other(name, metric_of(figures, metric, worst))
        for name, figures in row["baselines"].items()
        if metric in figures
    ]
    published = [
        Other(each["method"], float(each["value"]))
        for each in row["published"]
        if each["metric"] == metric
    ]
    best_here, best_published = _best(here, higher), _best(published, higher)
    other = _best([each for each in (best_here, best_published) if each], higher)
    verdict = "" if other is None else verdict_of(found, other.value, higher=higher)
    words = verdict
    if other is not None and verdict != WINS:
        words = f"{verdict} {'to' if verdict == LOSES else 'with'} {other.name}"
    ours = (
        f"{figure_text(found.median, digits)} "
        f"[{figure_text(found.lower, digits)}, {figure_text(found.upper, digits)}]"
    )
    cells = [
        "" if each is None else f"{figure_text(each.value, digits)}, {each.name}"
        for each in (best_here, best_published)
    ]
    return [row["label"], ours, *cells, words], verdict, other


def verdict_of(found: Summary, value: float, *, higher: bool) -> str:
    """Return how ours stands to another figure: wins, level or loses.

    Errors that are both rounding, below 1e-11, are level.
    """
    sign = -1.0 if higher else 1.0
    if not higher and max(abs(found.median), abs(value)) < LEAST:
        return LEVEL
    best, least = sorted((sign * found.lower, sign * found.upper))
    if sign * value > least:
        return WINS
    return LOSES if sign * value < best else LEVEL


def _best(others: Sequence[Other], higher: bool) -> Other | None:
    """Return the best of some figures, None of none."""
    known = [each for each in others if not math.isnan(each.value)]
    if not known:
        return None
    return (max if higher else min)(known, key=lambda each: each.value)
