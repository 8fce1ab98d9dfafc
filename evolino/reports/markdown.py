"""Tables of results, for people: Markdown from results/<table>.json, also inside README.

`python -m evolino.reports.markdown README.md docs` renews what stands between the markers
`<!-- results:mso-paper -->` and `<!-- /results -->` in these files and folders, and the
front table between `<!-- front -->` and `<!-- /front -->`, and what was won and lost
between `<!-- standing -->` and `<!-- /standing -->`.
"""

from __future__ import annotations

import argparse
import math
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from evolino.reports.summary import Record, Summary, metric_of, quantile, summarise
from evolino.reports.table_text import figure_text, markdown_table, metric_words
from evolino.storage.plain_text import say

RECALLED = "recalled, not checked against the paper"
MARKER = re.compile(
    r"(<!-- results:(?P<table>[\w.-]+) -->\n)(?P<content>.*?)(<!-- /results -->)", re.DOTALL
)
FRONT = re.compile(r"(<!-- front -->\n)(?P<content>.*?)(<!-- /front -->)", re.DOTALL)
STANDING = re.compile(
    r"(<!-- standing -->\n)(?P<content>.*?)(<!-- /standing -->)", re.DOTALL
)
BEGIN = re.compile(r"<!-- (results:[\w.-]+|front|standing) -->\n")
SHARE = "solved"  # the share of runs: printed whatever metric a table compares
EVALUATIONS = "evaluations"  # printed too


def render_markdown(record: Record, *, heading: bool = True) -> str:
    """Return a table's page: ours, then everything beside it, then how it was made.

    heading: with a title and the picture, as a page of its own has them.
    """
    parts = []
    if heading:
        parts += [f"# {record['title']}", f"![Fitness]({record['table']}.png)"]
    else:
        parts.append(f"**{record['title']}**")
    shown = (_ours(record), _also(record), _beside(record), _failures(record))
    parts += [part for part in (*shown, _footer(record)) if part]
    if heading and record["notes"]:
        parts.append(record["notes"])
    return "\n\n".join(parts) + "\n"


def inject(text: str, results: Path) -> str:
    """Return text with the tables between its markers renewed from a folder of records.

    A table without a record stays as it is. Raises ValueError for a marker without its end.
    """
    regions = [found for kind in (MARKER, FRONT, STANDING) for found in kind.finditer(text)]
    begun = [found[1] for found in BEGIN.finditer(text)]
    if len(begun) != len(regions):
        closed = "".join(found[1] for found in regions)
        open_ones = [each for each in begun if f"<!-- {each} -->" not in closed]
        raise ValueError(f"the marker {(open_ones or begun)[0]} has no end")

    def renewed(found: re.Match[str]) -> str:
        path = results / f"{found['table']}.json"
        if not path.exists():
            return found[0]
        from evolino.storage.json_text import read_json

        table = render_markdown(read_json(path.read_bytes()), heading=False)
        return f"{found[1]}{table}{found[4]}"

    text = MARKER.sub(renewed, text)
    if FRONT.search(text):
        from evolino.reports.front import front_table

        table = front_table(results)
        text = FRONT.sub(lambda found: f"{found[1]}{table}{found[3]}", text)
    if STANDING.search(text):
        from evolino.reports.standing import standing

        page = standing(results)
        text = STANDING.sub(lambda found: f"{found[1]}{page}{found[3]}", text)
    return text


def main(arguments: Sequence[str] | None = None) -> int:
    """Renew the pages of all records, then the tables in files and in the .md files of
    folders; return the exit status."""
    from evolino.storage.files import replace_file

    parser = argparse.ArgumentParser(
        prog="python -m evolino.reports.markdown", description=__doc__
    )
    parser.add_argument("paths", nargs="+", type=Path, help="files or folders")
    parser.add_argument("--results", type=Path, default=Path("results"))
    given = parser.parse_args(arguments)
    _renew_pages(given.results)
    for path in given.paths:
        if not path.exists():
            say(f"evolino.reports.markdown: there is no {path}", sys.stderr)
            return 2
        for file in sorted(path.rglob("*.md")) if path.is_dir() else [path]:
            before = file.read_text(encoding="utf-8")
            try:
                after = inject(before, given.results)
            except ValueError as error:
                say(f"evolino.reports.markdown: {file}: {error}", sys.stderr)
                return 2
            if after != before:
                replace_file(file, after.encode())
                say(file, sys.stdout)
    return 0


def _renew_pages(results: Path) -> None:
    """Write the page of every record in a folder anew."""
    from evolino.storage.files import replace_file
    from evolino.storage.json_text import read_json

    for file in sorted(results.glob("*.json")):
        record = read_json(file.read_bytes())
        if "table" in record:  # the benchmarks keep their record there too
            replace_file(file.with_suffix(".md"), render_markdown(record).encode())


def _ours(record: Record) -> str:
    metric, digits = record["metric"], _digits(record)
    seconds = "s a seed" if record["workers_per_seed"] == 1 else (
        f"s a seed, {record['workers_per_seed']} workers"
    )  # fmt: skip
    lines = [
        ["", f"{metric_words(metric)}: median [quartiles]", "worst", "to reach", "solved",
         seconds, "evaluations"]
    ]  # fmt: skip
    of_processor = [_summary(record, row).cpu_seconds for row in record["rows"]]
    with_cpu = not all(math.isnan(each) for each in of_processor)
    lines[0] += ["CPU s"] * with_cpu
    for row, cpu_seconds in zip(record["rows"], of_processor, strict=True):
        found = _summary(record, row)
        if not found.seeds:
            lines.append([row["label"], "not run yet", *[""] * (5 + with_cpu)])
            continue
        reach = "" if row["target"] is None else figure_text(row["target"], 3)
        solved = "" if found.solved is None else f"{found.solved} of {found.seeds}"
        quartiles = (
            f"[{figure_text(found.lower, digits)}, {figure_text(found.upper, digits)}]"
        )
        lines.append(
            [
                row["label"],
                f"**{figure_text(found.median, digits)}** {quartiles}",
                figure_text(found.worst, digits),
                reach,
                solved or f"{found.seeds} seed{'s' * (found.seeds != 1)}",
                figure_text(found.seconds),
                "" if math.isnan(found.evaluations) else f"{found.evaluations:,.0f}",
                *[figure_text(cpu_seconds)] * with_cpu,
            ]
        )
    return markdown_table(lines, "lrrrrrr" + "r" * with_cpu)


def _also(record: Record) -> str:
    """Return the table of other metrics over finished seeds: median, least and most."""
    others = [metric for metric in record.get("also", ()) if _measured(record, metric)]
    digits = _digits(record)
    lines = [["", *(f"{metric_words(metric)}: median [range]" for metric in others)]]
    for row in record["rows"]:
        figures = [each["metrics"] for each in row["seeds"] if each["status"] == "finished"]
        cells = []
        for metric in others:
            values = [metric_of(each, metric) for each in figures if metric in each]
            cells.append(_range_of(values, digits))
        if any(cells):
            lines.append([row["label"], *cells])
    return markdown_table(lines, "l" + "r" * len(others)) if others else ""


def _range_of(values: Sequence[float], digits: int) -> str:
    """Return the median with least and most in brackets; nothing for no values."""
    if not values:
        return ""
    shown = (quantile(values, 0.5), min(values), max(values))
    median, least, most = (figure_text(value, digits) for value in shown)
    return f"{median} [{least}, {most}]"


def _measured(record: Record, metric: str) -> bool:
    """Return whether any seed has a metric."""
    entries = (entry for row in record["rows"] for entry in row["seeds"])
    return any(metric in entry.get("metrics", {}) for entry in entries)


def _beside(record: Record) -> str:
    """Return the table of every method: ours, published, and baselines."""
    metric, digits = record["metric"], _digits(record)
    lines = [["", "method", metric_words(metric), "source"]]
    for row in record["rows"]:
        if not row["seeds"]:
            continue
        found = _summary(record, row)
        lines.append(
            [
                row["label"],
                f"**this project**, median of {found.seeds} seeds",
                f"**{figure_text(found.median, digits)}**",
                "",
            ]
        )
        for figure in row["published"]:
            mark = "" if figure["checked"] else f" ({RECALLED})"
            source, value = f"{figure['source']}{mark}", figure_text(figure["value"], 3)
            if figure["metric"] not in (metric, SHARE, EVALUATIONS):
                continue
            if figure["metric"] != metric:
                value = f"{metric_words(figure['metric'])}: {value}"
            lines.append(["", figure["method"], value, source])
        lines += _baselines(row, metric, digits)
        if "baselines_error" in row:
            lines.append(["", "baselines", "failed", row["baselines_error"]])
    return markdown_table(lines, "llrl")


def _baselines(row: Record, metric: str, digits: int) -> list[list[str]]:
    """Return a row's baselines, and before them ours on the very same seed."""
    if not row["baselines"] or not row["seeds"]:
        return []
    number = row.get("baselines_seed", row["seeds"][0]["seed"])
    seed, lines = f"seed {number}", []
    for entry in row["seeds"]:
        if entry["seed"] == number:
            ours = figure_text(metric_of(entry.get("metrics", {}), metric), digits)
            lines.append(["", f"this project, {seed} alone", ours, ""])
    for method, figures in row["baselines"].items():
        value = figure_text(metric_of(figures, metric), digits)
        lines.append(["", method, value, f"baseline, {seed}"])
    return lines


def _failures(record: Record) -> str:
    lines = [
        f"- {row['label']}, seed {entry['seed']} failed: {entry['error']}"
        for row in record["rows"]
        for entry in row["seeds"]
        if entry["status"] == "failed"
    ]
    return "\n".join(lines)


def _footer(record: Record) -> str:
    entries = [entry for row in record["rows"] for entry in row["seeds"]]
    seeds = sorted({entry["seed"] for entry in entries})
    versions = sorted({entry["version"] for entry in entries if "version" in entry})
    commits = dict.fromkeys(
        (each.get("commit") or "")[:10] for each in record["environments"]
    )
    machines = dict.fromkeys(
        f"{each.get('cpu') or each.get('machine')}, Python {each.get('python')}"
        for each in record["environments"]
    )
    dates = sorted({entry["date"] for entry in entries})
    parts = [
        f"Protocol: {record['source']}.",
        f"Made by `{record['command']}`; {_seeds(seeds)};",
        f"evolino {', '.join(versions) or '?'}",
        f"({', '.join(filter(None, commits)) or 'no commit'});",
        f"{'; '.join(machines) or 'unknown machine'};",
        " to ".join(dict.fromkeys((dates[0], dates[-1]))) + "." if dates else "not run.",
    ]
    return f"<sub>{' '.join(parts)}</sub>"


def _seeds(seeds: Sequence[int]) -> str:
    if not seeds:
        return "no seeds"
    if len(seeds) == 1:
        return f"seed {seeds[0]}"
    gapless = seeds[-1] - seeds[0] == len(seeds) - 1
    return f"seeds {seeds[0]} to {seeds[-1]}" + ("" if gapless else f" ({len(seeds)})")


def _digits(record: Record) -> int:
    """Return to how many digits a table shows what it compares."""
    return int(record.get("digits", 2))


def _summary(record: Record, row: Record) -> Summary:
    higher = bool(record.get("higher_is_better"))
    return summarise(row, record["metric"], higher_is_better=higher)


if __name__ == "__main__":
    sys.exit(main())
