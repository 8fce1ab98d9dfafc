"""What the page of a run says: its tables, as text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from evolino.plots.run_names import flatten
from evolino.reports.table_text import figure_text, metric_words
from evolino.training.config import experiment_to_table

if TYPE_CHECKING:
    from evolino.reports.page_media import Media
    from evolino.training.experiment import Experiment
    from evolino.training.run_folder import RunFolder

MOST_COLUMNS = 4  # metrics beside each other; more of them stand one below another
LONGEST = 160  # characters of a setting


@dataclass(frozen=True, slots=True)
class Table:
    """A table of texts. caption: says what it is. head: names of the columns. rows: the
    first cell of each names it. marked: rows that are ours."""

    caption: str
    head: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    marked: int = 0


@dataclass(frozen=True, slots=True)
class RunPage:
    """A run's part of the page. anchor: of links to it. figures: name -> number, what runs
    are compared by."""

    name: str
    anchor: str
    task: str
    lead: str
    figures: dict[str, float]
    tables: list[Table]
    settings: Table
    media: Media
    notes: list[str] = field(default_factory=list)


def number_text(value: float) -> str:
    """Return a number as text: counts in full, others in few figures."""
    if float(value).is_integer() and 100 <= abs(value) < 1e12:
        return f"{value:,.0f}"
    return figure_text(value)


def lead_of(folder: RunFolder, result: dict[str, Any] | None) -> str:
    """Return a sentence on how far a run came."""
    if result is None:
        history = folder.history()
        if not history:
            return "Not finished: no generation yet."
        last = history[-1]
        return (
            f"Not finished: {last.generation:,} generations, {last.evaluations:,} "
            f"evaluations, best loss {figure_text(last.best)}."
        )
    stopped = "; ".join(result.get("stopped", ()))
    return (
        f"Seed {result['seed']}: {result['generations']:,} generations, "
        f"{result['evaluations']:,} evaluations, {figure_text(result['seconds'])} s. "
        f"Stopped by {stopped or 'nothing that is known'}."
    )


def figures_of(folder: RunFolder, result: dict[str, Any] | None) -> dict[str, float]:
    """Return what runs are compared by: counts, the best loss, the metrics."""
    history = folder.history()
    figures: dict[str, float] = {}
    if history:
        figures = {
            "generations": float(history[-1].generation),
            "evaluations": float(history[-1].evaluations),
            "best loss": history[-1].best,
        }
    if result is not None:
        figures["seconds"] = float(result["seconds"])
        figures |= {metric_words(k): float(v) for k, v in result["metrics"].items()}
    return figures


def result_tables(result: dict[str, Any] | None) -> list[Table]:
    """Return the tables of a finished run beside published figures and baselines."""
    if result is None or not (result["metrics"] or result["published"]):
        return []
    if len(result["metrics"]) > MOST_COLUMNS:
        return _by_metric(result)
    metrics = list(result["metrics"]) or sorted({p["metric"] for p in result["published"]})
    head = ("method", *map(metric_words, metrics), "source")

    def row(method: str, figures: dict[str, Any], source: str) -> tuple[str, ...]:
        cells = [number_text(figures[m]) if m in figures else "" for m in metrics]
        return method, *cells, source

    rows = [row("this run", result["metrics"], f"evolino {result['version']}")]
    for each in result["published"]:
        figures = {each["metric"]: each["value"]}
        rows.append(row(each["method"], figures, _source(each)))
    for method, figures in result["baselines"].items():
        rows.append(row(method, figures, "baseline, same data"))
    caption = "This run beside published figures and baselines"
    return [Table(caption, head, rows, marked=1)]


def _by_metric(result: dict[str, Any]) -> list[Table]:
    """Return a table with a row for each metric, and one of published figures."""
    others = result["baselines"]
    head = ("metric", "this run", *others)
    rows = [
        (
            metric_words(metric),
            number_text(ours),
            *(
                number_text(each[metric]) if metric in each else ""
                for each in others.values()
            ),
        )
        for metric, ours in result["metrics"].items()
    ]
    tables = [Table("This run beside baselines on the same data", head, rows)]
    if result["published"]:
        published = [
            (p["method"], metric_words(p["metric"]), number_text(p["value"]), _source(p))
            for p in result["published"]
        ]
        head = ("method", "metric", "value", "source")
        tables.append(Table("Published figures", head, published))
    return tables


def _source(figure: dict[str, Any]) -> str:
    source: str = figure["source"]
    return source + ("" if figure["checked"] else " (recalled, not checked)")


def settings_of(experiment: Experiment) -> Table:
    """Return all settings; long ones are cut, and say so."""
    rows = []
    for key, value in flatten(experiment_to_table(experiment)).items():
        text = str(value)
        if len(text) > LONGEST:
            text = f"{text[:LONGEST]} .. (cut; config.toml has all of it)"
        rows.append((key, text))
    return Table("Settings of the run", ("setting", "value"), rows)
