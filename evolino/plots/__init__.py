"""Pictures of runs: PNG or SVG by the ending, the same bytes for the same data.

`fitness`, `free_run` and `cells` read the folders of runs. `fitness_figure`,
`response_figure`, `cells_figure` and `sweep_figure` draw arrays; `save` writes what they
return.
"""

from evolino.plots.canvas import save
from evolino.plots.fitness_curves import Curve, fitness_figure
from evolino.plots.network import cells_figure, response_figure
from evolino.plots.run_pictures import cells, fitness, free_run, read_curve
from evolino.plots.sweep import SweepPoint, sweep_figure

__all__ = [
    "Curve",
    "SweepPoint",
    "cells",
    "cells_figure",
    "fitness",
    "fitness_figure",
    "free_run",
    "read_curve",
    "response_figure",
    "save",
    "sweep_figure",
]
