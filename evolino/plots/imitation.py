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
    check_picture(out)
    return save(course_figure(*plays_of(run, trust=trust)), out)


def plays_of(
    run: Path, number: int = 0, *, trust: bool = False
) -> tuple[Array, dict[str, Array]]:
    """Return the course (T, K) of a run of `imitate`, and by name how its network plays
    it (T, K).

    number: of the play, which decides noise and shove. Raises ValueError for runs of other
    tasks.
    """
    from evolino.models.loading import load
    from evolino.tasks.control.imitate import Imitate, played
    from evolino.training.problem import split_of
    from evolino.training.run_folder import RunFolder

    folder = RunFolder.open(run, trust=trust)
    experiment = folder.experiment()
    task = experiment.task
    if not isinstance(task, Imitate):
        raise ValueError(f"{run} is no run of imitate: it has no course")
    (segment,) = split_of(task, experiment.seed).test
    model = load(folder.path, trust=trust)
    disturbances = {
        "undisturbed": (0.0, 0.0),
        "noise": (task.noise, 0.0),
        "noise and a shove": (task.noise, task.shove),
    }
    return segment.targets, {
        name: played(model, segment, each, number) for name, each in disturbances.items()
    }


def scene_figure(shown: Array, path: Array, step: int, title: str) -> Figure:
    """Draw where the arm is at a step: two joints of a course (T, K), and of its play
    (T, K) so far."""
    with style():
        figure = new_figure(3.4)
        axes = figure.subplots()
        axes.plot(shown[:, 0], shown[:, 1], color=GREY, linewidth=4)
        axes.plot(path[: step + 1, 0], path[: step + 1, 1], color=BLUE, linewidth=1.2)
        axes.plot(path[step, 0], path[step, 1], "o", color=VERMILION, markersize=7)
        both = np.concatenate([shown, path])[:, :2]
        low, high = both.min(axis=0), both.max(axis=0)
        margin = 0.05 * float((high - low).max())
        axes.set(xlim=(low[0] - margin, high[0] + margin))
        axes.set(ylim=(low[1] - margin, high[1] + margin))
        axes.set(xlabel="joint 1", ylabel="joint 2", aspect="equal")
        axes.set_title(title)
    return figure


def course_figure(shown: Array, plays: Mapping[str, Array]) -> Figure:
    """Draw a course (T, K) and plays of it (T, K) by name: two joints against each other,
    and the distance from the course over steps."""
    extent = np.ptp(shown, axis=0).max()
    with style():
        figure = new_figure(3.4)
        plane, distance = figure.subplots(1, 2)
        plane.plot(shown[:, 0], shown[:, 1], color=GREY, linewidth=4, label="shown")
        for (name, path), colour in zip(plays.items(), COLOURS, strict=False):
            plane.plot(path[:, 0], path[:, 1], color=colour, linewidth=1.0, label=name)
            apart = np.linalg.norm(path - shown, axis=1) / extent
            distance.plot(100 * apart, color=colour, linewidth=1.0)
        plane.plot(*shown[-1, :2], "o", color="black", markersize=4)
        plane.set(xlabel="joint 1", ylabel="joint 2")
        plane.legend(loc="best")
        distance.set(xlabel="steps", ylabel="off the course, % of its extent")
        set_steps(distance, 0.0, float(len(shown) - 1))
    return figure
