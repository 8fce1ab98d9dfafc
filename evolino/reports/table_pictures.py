"""Pictures of tables: fitness over seeds, or a dot plot of their figures.

Of more than five rows, and where curves of seeds are no longer there, it is the dot plot.

`python -m evolino.reports.table_pictures results/X.json ..` draws dot plots from records.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from evolino.storage.json_text import read_json

if TYPE_CHECKING:
    from evolino.plots.fitness_curves import Curve
    from evolino.plots.table_dots import DotRow

Record = Mapping[str, Any]
MOST_CURVES = 5  # rows whose fitness is drawn in one frame


def draw_table(record: Record, groups: Mapping[str, Sequence[Curve]], path: Path) -> None:
    """Write the picture of a table beside its record, as .png and .svg.

    record: of the table. groups: the curves by row, which are drawn where the table has at
    most five rows, every seed has its curve, and one has a generation. path: of the record.
    """
    from evolino.plots import fitness_figure, save

    rows = record["rows"]
    lacking = any(len(groups[row["label"]]) < len(row["seeds"]) for row in rows)
    if len(rows) > MOST_CURVES or lacking:
        draw_dots(record, path)
    elif any(len(curve.x) for curves in groups.values() for curve in curves):
        figure = fitness_figure(groups, against="evaluations")
        for suffix in (".png", ".svg"):
            save(figure, path.with_suffix(suffix))


def draw_dots(record: Record, path: Path) -> None:
    """Write the dot plot of a table beside its record, as .png and .svg."""
    from evolino.plots import save
    from evolino.plots.table_dots import dots_figure

    metric = record["metric"]
    rows = [
        dot_row(row, metric, higher=bool(record.get("higher_is_better")))
        for row in record["rows"]
    ]
    figure = dots_figure(rows, metric=metric)
    for suffix in (".png", ".svg"):
        save(figure, path.with_suffix(suffix))


def dot_row(row: Record, metric: str, *, higher: bool) -> DotRow:
    """Return a row of a record as a dot plot shows it. higher: whether more is better."""
    from evolino.plots.table_dots import DotRow

    figures = [each.get("metrics", {}).get(metric, np.nan) for each in row["seeds"]]
    beside = [
        float(found[metric]) for found in row["baselines"].values() if metric in found
    ]
    known = [each for each in beside if np.isfinite(each)]
    best = (max if higher else min)(known) if known else None
    return DotRow(row["label"], np.array(figures, dtype=np.float64), row["target"], best)


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw the dot plots of records with more than five rows; return the exit status."""
    paths = [Path(each) for each in (sys.argv[1:] if arguments is None else arguments)]
    if not paths:
        sys.stderr.write("usage: python -m evolino.reports.table_pictures RECORD.json ..\n")
        return 2
    for path in paths:
        record = read_json(path.read_bytes())
        if len(record.get("rows", ())) > MOST_CURVES:
            draw_dots(record, path)
            sys.stdout.write(f"{path.with_suffix('.png')}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
