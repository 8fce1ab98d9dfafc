"""Dot plot of a table: every seed of every row, medians and quartiles, targets."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from evolino.plots.canvas import (
    BLUE,
    GREEN,
    GREY,
    LARGEST,
    VERMILION,
    new_figure,
    style,
)
from evolino.plots.fitness_curves import quantiles
from evolino.vocabulary import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LABEL = 34  # characters of a line of a label
DECADES = 2  # that figures above 0 span at least where the axis is logarithmic
ROW = 0.3  # inches
BEYOND = 1e3  # times the largest median: what is above is counted, not drawn


@dataclass(frozen=True, slots=True, eq=False)
class DotRow:
    """A row of a table. figures: (N,) of N seeds, not finite for a failed one. target: to
    reach. baseline: the best of the other methods. None: not known."""

    label: str
    figures: Array
    target: float | None = None
    baseline: float | None = None


def dots_figure(rows: Sequence[DotRow], *, metric: str, title: str = "") -> Figure:
    """Draw a metric over rows: a dot a seed, the median as a line, a bar from quartile to
    quartile.

    The axis is logarithmic where the figures are above 0 and span two decades. Seeds that
    failed, or are 1,000 times above every median, are counted beside the row. Raises
    ValueError if there is nothing to draw.
    """
    if not rows:
        raise ValueError("there is no row to draw")
    rows = _drawable(rows)
    known = _finite(np.concatenate([each.figures for each in rows]))
    marks = [m for each in rows for m in (each.target, each.baseline) if m is not None]
    shown = _finite(np.concatenate([known, np.array(marks, dtype=np.float64)]))
    with style():
        figure = new_figure(0.9 + ROW * len(rows))
        axes = figure.subplots()
        axes.grid(visible=False, axis="y")
        for place, row in enumerate(rows):
            _draw(axes, place, row)
        if len(known) and shown.min() > 0 and shown.max() / shown.min() >= 10**DECADES:
            axes.set_xscale("log")
        labels = [textwrap.fill(each.label, LABEL) for each in rows]
        axes.set_yticks(range(len(rows)), labels)
        axes.set(ylim=(len(rows) - 0.4, -0.6), xlabel=metric.replace("_", " "))
        if title:
            axes.set_title(title)
        _name_marks(axes, rows)
    return figure


def _drawable(rows: Sequence[DotRow]) -> list[DotRow]:
    """Return rows whose figures that are far above every median are inf."""
    medians = [
        float(np.median(np.where(np.isfinite(each.figures), each.figures, np.inf)))
        for each in rows
        if len(each.figures)
    ]
    known = [each for each in medians if 0 < each < LARGEST]
    limit = min(BEYOND * max(known), LARGEST) if known else LARGEST

    def kept(values: Array) -> Array:
        return np.where(values <= limit, values, np.inf)

    return [replace(each, figures=kept(each.figures)) for each in rows]


def _draw(axes: Axes, place: int, row: DotRow) -> None:
    figures = _finite(row.figures)
    if row.target is not None and np.isfinite(row.target):
        axes.plot([row.target] * 2, [place - 0.38, place + 0.38], color=GREEN, linewidth=2)
    if row.baseline is not None and np.isfinite(row.baseline):
        axes.plot(row.baseline, place, "D", color=VERMILION, markersize=4)
    if len(figures):
        # The same seed lies at the same height in every row.
        heights = place + 0.2 * np.sin(2.4 * np.arange(len(figures)))
        axes.plot(figures, heights, "o", color=GREY, markersize=2.5, alpha=0.7)
        low, middle, high = quantiles(row.figures[:, None], (0.25, 0.5, 0.75))[:, 0]
        if np.isfinite(low):
            end = high if np.isfinite(high) else figures.max()
            axes.plot([low, end], [place] * 2, color=BLUE, linewidth=4, alpha=0.45)
        if np.isfinite(middle):
            axes.plot([middle] * 2, [place - 0.28, place + 0.28], color=BLUE, linewidth=2)
    failed = len(row.figures) - len(figures)
    if failed:
        axes.annotate(
            f"{failed} of {len(row.figures)} off", (1.0, place), xytext=(4, 0),
            xycoords=("axes fraction", "data"), textcoords="offset points",
            color=VERMILION, fontsize=7, va="center", annotation_clip=False,
        )  # fmt: skip


def _name_marks(axes: Axes, rows: Sequence[DotRow]) -> None:
    """Say below the axes what the marks are."""
    from matplotlib.lines import Line2D

    marks = [
        Line2D([], [], marker="o", linestyle="", color=GREY, markersize=3, label="a seed"),
        Line2D([], [], color=BLUE, linewidth=3, label="median and quartiles"),
    ]
    if any(row.target is not None for row in rows):
        marks.append(Line2D([], [], color=GREEN, linewidth=2, label="to reach"))
    if any(row.baseline is not None for row in rows):
        best = "best other method, one seed"
        marks.append(
            Line2D(
                [], [], marker="D", linestyle="", color=VERMILION, markersize=4, label=best
            )
        )
    axes.legend(
        handles=marks, ncols=len(marks), loc="lower right", bbox_to_anchor=(1.0, 1.0),
        fontsize=7,
    )  # fmt: skip


def _finite(values: Array) -> Array:
    return values[np.isfinite(values)]
