"""Picture of a refined run: the search, then the descent, against seconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evolino.plots.canvas import BLUE, COLOURS, log_axis, new_figure, style
from evolino.plots.fitness_curves import AXES, Axis, Curve
from evolino.vocabulary import Array

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, slots=True, eq=False)
class Descent:
    """The rounds of a descent; all (R,) for R rounds.

    x: seconds of the run at the end of each. losses: the lowest so far on what is descended
    on. held_out: on what is held out. Losses are as the task's gradient has them, mostly
    logarithms.
    """

    x: Array
    losses: Array
    held_out: Array


def refined_figure(curve: Curve, descent: Descent, *, against: Axis) -> Figure:
    """Draw the search's losses above, the descent's below, on one axis of seconds."""
    with style():
        figure = new_figure(5.0)
        above, below = figure.subplots(2, 1, sharex=True)
        best = np.where(np.isfinite(curve.best) & (curve.best > 0), curve.best, np.nan)
        dots = "o" if len(curve.x) == 1 else None
        above.plot(curve.x, best, color=BLUE, marker=dots, drawstyle="steps-post")
        log_axis(above, best)
        above.set_ylabel("search:\nvalidation loss")
        for values, colour, name in (
            (descent.losses, BLUE, "descended on"),
            (descent.held_out, COLOURS[1], "held out"),
        ):
            shown = np.where(np.isfinite(values), values, np.nan)
            below.plot(descent.x, shown, color=colour, marker=".", label=name)
        below.legend(loc="upper right")
        below.set_ylabel("descent:\nloss of the gradient")
        below.set_xlabel(AXES[against])
        below.set_xlim(left=0.0)
    return figure
