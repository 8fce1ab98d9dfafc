"""Forecasts with their intervals, drawn after the series that they continue."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evolino.plots.canvas import BLACK, BLUE, new_figure, style
from evolino.vocabulary import Array

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHOWN = 4  # steps of the series that are drawn, by those of the forecast


def forecast_figure(
    series: Array, forecast: Array, bounds: dict[float, tuple[Array, Array]], name: str
) -> Figure:
    """Draw one column: the end of a series (T,), its forecast (H,), and intervals.

    bounds: lower and upper (H,) by coverage. name: of the column.
    """
    steps = len(forecast)
    known = series[-max(SHOWN * steps, 50) :]
    first = len(series)
    with style():
        figure = new_figure(3.0)
        axes = figure.subplots()
        axes.plot(np.arange(first - len(known), first), known, color=BLACK, label=name)
        ahead = np.arange(first, first + steps)
        for coverage in sorted(bounds, reverse=True):
            lower, upper = bounds[coverage]
            shade = 0.45 - 0.35 * coverage
            label = f"{coverage:.0%} interval"
            axes.fill_between(
                ahead, lower, upper, color=BLUE, alpha=shade, lw=0, label=label
            )
        axes.plot(ahead, forecast, color=BLUE, label="forecast")
        axes.set(xlabel="step")
        axes.legend(loc="upper left")
    return figure
