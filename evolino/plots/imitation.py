"""Pictures of imitation: the course that was shown, and how a network plays it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from evolino.plots.canvas import (
    BLUE,
    COLOURS,
    GREY,
    VERMILION,
    check_picture,
    new_figure,
    save,
    set_steps,
    style,
)
from evolino.vocabulary import Array

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def course(run: Path, out: Path, *, trust: bool = False) -> Path:
    """Draw how a run of `imitate` plays its course, undisturbed, under noise and after a
    shove; return the picture's path. Raises ValueError for runs of other tasks."""
    from evolino.models.loading import load
    from evolino.tasks.control.imitate import Imitate, played
    from evolino.training.problem import split_of
    from evolino.training.run_folder import RunFolder

    check_picture(out)
    folder = RunFolder.open(run, trust=trust)
    experiment = folder.experiment()
    task = experiment.task
    if not isinstance(task, Imitate):
        raise ValueError(f"{run} is no run of imitate: it has no course")
    (segment,) = split_of(task, experiment.seed).test
    model = load(folder.path, trust=trust)
    plays = {
        "undisturbed": played(model, segment, (0.0, 0.0), 0),
        "noise": played(model, segment, (task.noise, 0.0), 0),
        "noise and a shove": played(model, segment, (task.noise, task.shove), 0),
    }
    return save(course_figure(segment.targets, plays), out)


def course_figure(shown: Array, plays: Mapping[str, Array]) -> Figure:
    """Draw a course (T, K) and plays of it (T, K) by name: two joints against each other,
    and the distance from the course over steps."""
    colours = (BLUE, VERMILION, *COLOURS)
    extent = np.ptp(shown, axis=0).max()
    with style():
        figure = new_figure(3.4)
        plane, distance = figure.subplots(1, 2)
        plane.plot(shown[:, 0], shown[:, 1], color=GREY, linewidth=4, label="shown")
        for (name, path), colour in zip(plays.items(), colours, strict=False):
            plane.plot(path[:, 0], path[:, 1], color=colour, linewidth=1.0, label=name)
            apart = np.linalg.norm(path - shown, axis=1) / extent
            distance.plot(100 * apart, color=colour, linewidth=1.0)
        plane.plot(*shown[-1, :2], "o", color="black", markersize=4)
        plane.set(xlabel="joint 1", ylabel="joint 2")
        plane.legend(loc="best")
        distance.set(xlabel="steps", ylabel="off the course, % of its extent")
        set_steps(distance, 0.0, float(len(shown) - 1))
    return figure
