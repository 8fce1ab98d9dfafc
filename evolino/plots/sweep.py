"""Sweep over network sizes: a metric against memory cells and against seconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evolino.plots.canvas import BLUE, VERMILION, new_figure, style
from evolino.vocabulary import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True, slots=True, eq=False)
class SweepPoint:
    """A row of a table that is swept over network sizes.

    cells: memory cells. figures, seconds: (N,) of N seeds, inf for a failed one.
    unevolved: the same metric of a first draw, None if it is not known.

    >>> import evolino
    >>> import numpy as np
    >>> point = evolino.plots.SweepPoint(10, np.array([0.1, 0.2]), np.array([3.0, 4.0]))
    >>> point.cells
    10
    """

    cells: int
    figures: Array
    seconds: Array
    unevolved: float | None = None


def sweep_figure(points: Sequence[SweepPoint], *, metric: str) -> Figure:
    """Draw medians over seeds, bars from the best seed to the worst, on log axes.

    Left against cells, with the unevolved networks beside; right against seconds. points:
    the rows, in rising order of cells. metric: its name, for the axis. Raises ValueError
    if there is nothing to draw.

    >>> import evolino
    >>> import numpy as np
    >>> point = evolino.plots.SweepPoint(10, np.array([0.1, 0.2]), np.array([3.0, 4.0]))
    >>> figure = evolino.plots.sweep_figure([point], metric="test_nrmse")
    >>> evolino.plots.save(figure, "sweep.png").name
    'sweep.png'
    """
    if not points:
        raise ValueError("there is no row to draw")
    with style():
        figure = new_figure(3.0)
        by_cells, by_seconds = figure.subplots(1, 2, sharey=True)
        cells = np.array([float(point.cells) for point in points])
        seconds = np.array([_median_of_known(point.seconds) for point in points])
        _draw(by_cells, cells, points)
        _draw(by_seconds, seconds, points)
        known = [p for p in points if p.unevolved is not None]
        if known:
            by_cells.plot(
                [p.cells for p in known],
                [p.unevolved for p in known],
                "s--",
                color=VERMILION,
                label="unevolved, median of draws",
            )
        by_cells.set(xlabel="memory cells", ylabel=metric)
        by_seconds.set(xlabel="seconds a seed")
        by_cells.legend()
    return figure


def _median_of_known(values: Array) -> float:
    """Return the median of what is not NaN, which a seed that failed has for seconds."""
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else float("nan")


def _draw(axes: Axes, x: Array, points: Sequence[SweepPoint]) -> None:
    figures = [point.figures[np.isfinite(point.figures)] for point in points]
    medians = np.array([np.median(each) if len(each) else np.nan for each in figures])
    lowest = np.array([each.min() if len(each) else np.nan for each in figures])
    highest = np.array([each.max() if len(each) else np.nan for each in figures])
    axes.errorbar(
        x,
        medians,
        yerr=[medians - lowest, highest - medians],
        fmt="o-",
        color=BLUE,
        capsize=3,
        label="evolved, median and range of seeds",
    )
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks(x, [f"{each:,.0f}" for each in x])
    axes.minorticks_off()
