"""Anomalies on the command line: scores printed, written and drawn."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import typer

from evolino.cli.csv_table import Written, write_text
from evolino.storage.plain_text import shown

if TYPE_CHECKING:
    from evolino.estimators.anomalies import Anomalies

MOST = 20  # anomalies that are printed


def write_anomalies(
    found: Anomalies, index: Any, targets: list[str], files: Written
) -> None:
    """Print the anomalies of a series, the largest first; write and draw all scores.

    index: what stands before each row, None for its number.
    """
    import pandas as pd

    columns = {}
    for k, name in enumerate(targets):
        columns[name] = found.values[:, k]
        columns[f"{name} expected"] = found.expected[:, k]
    columns["score"] = found.scores
    if index is None:
        index = pd.RangeIndex(len(found.scores), name="step")
    table = pd.DataFrame(columns, index=index)
    table["anomaly"] = np.isin(np.arange(len(table)), found.rows)
    rows = found.rows[np.argsort(-found.scores[found.rows], kind="stable")]
    known = int(np.isfinite(found.scores).sum())
    typer.echo(
        f"\n{len(rows)} of {known:,} steps have a score above {found.threshold:g}, in "
        "usual errors one step ahead"
    )
    if len(rows):
        shown_rows = table.drop(columns="anomaly").iloc[rows[:MOST]]
        typer.echo(shown_rows.to_string(float_format="%.6g"))
    if len(rows) > MOST:
        typer.echo(f"and {len(rows) - MOST} others")
    if files.csv is not None:
        write_text(files.csv, table.to_csv())
    if files.png is not None:
        _draw(files.png, found, targets[0])


def _draw(png: Path, found: Anomalies, name: str) -> None:
    from evolino.plots.anomalies import anomaly_figure
    from evolino.plots.canvas import save

    first = found.values[:, 0], found.expected[:, 0]
    save(anomaly_figure(*first, found.scores, found.threshold, name), png)
    typer.echo(f"{shown(png)} shows {shown(name)}")
