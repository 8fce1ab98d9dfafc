"""Values beside their limits, drawn as bars: which of several checks find something."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from evolino.plots.canvas import GREY, VERMILION, new_figure, style
from evolino.vocabulary import Array

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHOWN = 1e-3, 1e6  # a value by its limit, as far as it is drawn


def limits_figure(names: Sequence[str], values: Array, limits: Array) -> Figure:
    """Draw values (n,) by their limits (n,), one bar for each name, from the limit on."""
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = np.where(limits > 0, values / limits, np.where(values > 0, np.inf, 0.0))
    shares = np.clip(np.where(np.isnan(shares), np.inf, shares), *SHOWN)
    colours = [VERMILION if share > 1 else GREY for share in shares]
    with style():
        figure = new_figure(0.8 + 0.35 * len(names))
        axes = figure.subplots()
        places = np.arange(len(names))[::-1]
        axes.barh(places, shares - 1.0, left=1.0, color=colours, height=0.6)
        axes.axvline(1.0, color=GREY, lw=1.0)
        axes.set_xscale("log")
        axes.set_yticks(places, names)
        axes.set(xlabel="value by its limit: right of 1 it limits the model")
    return figure
