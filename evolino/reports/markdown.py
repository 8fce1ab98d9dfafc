"""Tables of results, for people: Markdown from results/<table>.json, also inside README.

`python -m evolino.reports.markdown README.md docs` renews what stands between the markers
`<!-- results:mso-paper -->` and `<!-- /results -->` in these files and folders.
"""

from __future__ import annotations

import argparse
import math
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from evolino.reports.summary import Record, Summary, metric_of, quantile, summarise
from evolino.storage.plain_text import say

RECALLED = "recalled, not checked against the paper"
MARKER = re.compile(
    r"(<!-- results:(?P<table>[\w.-]+) -->\n)(?P<content>.*?)(<!-- /results -->)", re.DOTALL
)
SHARE = "solved"  # the share of runs: printed whatever metric a table compares


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

    A table without a record stays as it is.
    """

    def renewed(found: re.Match[str]) -> str:
        path = results / f"{found['table']}.json"
        if not path.exists():
            return found[0]
        from evolino.storage.json_text import read_json

        table = render_markdown(read_json(path.read_bytes()), heading=False)
        return f"{found[1]}{table}{found[4]}"

    return MARKER.sub(renewed, text)


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
            after = inject(before, given.results)
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
        ["", f"{_words(metric)}: median [quartiles]", "worst", "to reach", "solved",
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
        reach = "" if row["target"] is None else _figure(row["target"], 3)
        solved = "" if found.solved is None else f"{found.solved} of {found.seeds}"
        quartiles = f"[{_figure(found.lower, digits)}, {_figure(found.upper, digits)}]"
        lines.append(
            [
                row["label"],
                f"**{_figure(found.median, digits)}** {quartiles}",
                _figure(found.worst, digits),
                reach,
                solved or f"{found.seeds} seeds",
                _figure(found.seconds),
                "" if math.isnan(found.evaluations) else f"{found.evaluations:,.0f}",
                *[_figure(cpu_seconds)] * with_cpu,
            ]
        )
    return _table(lines, "lrrrrrr" + "r" * with_cpu)


def _also(record: Record) -> str:
    """Return the table of other metrics over finished seeds: median, least and most."""
    others = [metric for metric in record.get("also", ()) if _measured(record, metric)]
    digits = _digits(record)
    lines = [["", *(f"{_words(metric)}: median [range]" for metric in others)]]
    for row in record["rows"]:
        figures = [each["metrics"] for each in row["seeds"] if each["status"] == "finished"]
        cells = []
        for metric in others:
            values = [metric_of(each, metric) for each in figures if metric in each]
            cells.append(_range_of(values, digits))
        if any(cells):
            lines.append([row["label"], *cells])
    return _table(lines, "l" + "r" * len(others)) if others else ""


def _range_of(values: Sequence[float], digits: int) -> str:
    """Return the median with least and most in brackets; nothing for no values."""
    if not values:
        return ""
    shown = (quantile(values, 0.5), min(values), max(values))
    median, least, most = (_figure(value, digits) for value in shown)
    return f"{median} [{least}, {most}]"


def _measured(record: Record, metric: str) -> bool:
    """Return whether any seed has a metric."""
    entries = (entry for row in record["rows"] for entry in row["seeds"])
    return any(metric in entry.get("metrics", {}) for entry in entries)


def _beside(record: Record) -> str:
    """Return the table of every method: ours, published, and baselines."""
    metric, digits = record["metric"], _digits(record)
    lines = [["", "method", _words(metric), "source"]]
    for row in record["rows"]:
        found = _summary(record, row)
        lines.append(
            [
                row["label"],
                f"**this project**, median of {found.seeds} seeds",
                f"**{_figure(found.median, digits)}**",
                "",
            ]
        )
        for figure in row["published"]:
            mark = "" if figure["checked"] else f" ({RECALLED})"
            source, value = f"{figure['source']}{mark}", _figure(figure["value"], 3)
            if figure["metric"] not in (metric, SHARE):
                continue
            if figure["metric"] != metric:
                value = f"{_words(figure['metric'])}: {value}"
            lines.append(["", figure["method"], value, source])
        lines += _baselines(row, metric, digits)
        if "baselines_error" in row:
            lines.append(["", "baselines", "failed", row["baselines_error"]])
    return _table(lines, "llrl")


def _baselines(row: Record, metric: str, digits: int) -> list[list[str]]:
    """Return a row's baselines, and before them ours on the very same seed."""
    if not row["baselines"] or not row["seeds"]:
        return []
    number = row.get("baselines_seed", row["seeds"][0]["seed"])
    seed, lines = f"seed {number}", []
    for entry in row["seeds"]:
        if entry["seed"] == number:
            ours = _figure(metric_of(entry.get("metrics", {}), metric), digits)
            lines.append(["", f"this project, {seed} alone", ours, ""])
    for method, figures in row["baselines"].items():
        value = _figure(metric_of(figures, metric), digits)
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


def _figure(value: float, digits: int = 2) -> str:
    """Return 0.17, 4.2e-3, 3.9e-13; "failed" for inf, nothing for nan.

    A share of almost all, 0.9995, is not rounded to all.
    """
    if math.isnan(value):
        return ""
    if math.isinf(value):
        return "failed"
    if 100 <= abs(value) < 10_000:
        return f"{value:,.0f}"
    if 0.9 < value < 1:
        digits = max(digits, -math.floor(math.log10(1.0 - value)))
    if value == 0 or 0.01 <= abs(value) < 100:
        return f"{value:.{max(digits, 3) if abs(value) >= 10 else digits}g}"
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return f"{mantissa}e{int(exponent)}"


def _words(metric: str) -> str:
    return metric.replace("_", " ").replace("nrmse", "NRMSE")


def _table(lines: Sequence[Sequence[str]], alignment: str) -> str:
    """Return a Markdown table; the first line is its head. alignment: l or r a column."""
    rule = ["---:" if side == "r" else "---" for side in alignment]
    rows = [lines[0], rule, *lines[1:]]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows
    )


if __name__ == "__main__":
    sys.exit(main())
