"""Anomalies of a series, drawn: its values, what was expected, and the scores below."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evolino.plots.canvas import BLACK, BLUE, ORANGE, new_figure, style
from evolino.vocabulary import Array

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def anomaly_figure(
    series: Array, expected: Array, scores: Array, threshold: float, name: str
) -> Figure:
    """Draw one column (T,), its forecasts one step ahead (T,), and scores (T,).

    threshold: of scores. name: of the column.
    """
    steps = np.arange(len(series))
    above = np.nan_to_num(scores) > threshold
    with style():
        figure = new_figure(4.0)
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[2, 1])
        upper.plot(steps, expected, color=BLUE, lw=0.8, label="expected")
        upper.plot(steps, series, color=BLACK, lw=0.8, label=name)
        upper.plot(steps[above], series[above], "o", color=ORANGE, ms=4, label="anomaly")
        upper.legend(loc="upper left")
        lower.vlines(steps, 0, np.nan_to_num(scores), color=BLACK, lw=0.6)
        lower.vlines(steps[above], 0, scores[above], color=ORANGE, lw=1.2)
        lower.axhline(threshold, color=ORANGE, lw=0.8, ls="--")
        lower.set(xlabel="step", ylabel="score")
    return figure
