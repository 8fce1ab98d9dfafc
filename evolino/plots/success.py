"""Success over evaluations: the share of runs of control that are solved, with a band."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from evolino.plots.canvas import (
    COLOURS,
    check_picture,
    label_ends,
    new_figure,
    save,
    style,
    thousands,
)
from evolino.plots.run_pictures import grouped
from evolino.task.control import is_control
from evolino.vocabulary import Array

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from evolino.training.run_folder import RunFolder

NORMAL_95 = 1.959963984540054  # of the standard normal distribution


def success(runs: Sequence[Path], out: Path, *, trust: bool = False) -> Path:
    """Draw the share of runs whose network passed the task's test, over evaluations;
    return the picture's path.

    runs: folders; those that differ in nothing but their seed are one curve, its band the
    95 % interval of the share. Raises ValueError for runs of other tasks.
    """
    check_picture(out)
    return save(success_figure(grouped(runs, _solved_at, trust)), out)


def success_figure(groups: Mapping[str, Sequence[float]]) -> Figure:
    """Draw success over evaluations.

    groups: by the name of their settings, the evaluations after which each run was solved,
    inf for one that was not. Raises ValueError where none was.
    """
    ends = [x for each in groups.values() for x in each if np.isfinite(x)]
    if not ends:
        raise ValueError("none of these runs is solved: there is no success to draw")
    last = 1.1 * max(ends)
    with style():
        figure = new_figure(3.6)
        axes = figure.add_subplot()
        labels = []
        for (name, solved_at), colour in zip(groups.items(), _colours(), strict=False):
            x = np.concatenate(
                [[0.0], np.sort([e for e in solved_at if e <= last]), [last]]
            )
            count = np.minimum(np.arange(len(x)), len(x) - 2)
            lower, upper = share_interval(count, len(solved_at))
            axes.fill_between(x, lower, upper, step="post", color=colour, alpha=0.2, lw=0)
            share = count / len(solved_at)
            axes.step(x, share, where="post", color=colour, linewidth=1.4)
            labels.append((float(share[-1]), f"{name} ({len(solved_at)} runs)", colour))
        axes.set(xlim=(0, last), ylim=(-0.02, 1.02), xlabel="evaluations")
        axes.set_ylabel("share of runs that are solved")
        thousands(axes.xaxis, last)
        figure.draw_without_rendering()
        label_ends(axes, labels)
    return figure


def share_interval(count: Array, total: int) -> tuple[Array, Array]:
    """Return the 95 % interval of shares, count of total, after Wilson 1927."""
    share, z = np.asarray(count) / total, NORMAL_95
    middle = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = np.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    half = half * z / (1 + z * z / total)
    return middle - half, middle + half


def _colours() -> list[str]:
    return [*COLOURS, *COLOURS]


def _solved_at(folder: RunFolder) -> float:
    """Return the evaluations after which a run was solved, inf where it was not."""
    if not is_control(folder.experiment().task):
        raise ValueError(f"{folder.path} is no run of a task of control: no test ends it")
    for record in folder.history():
        if record.variant == 0 and record.best == 0:
            return float(record.evaluations)
    return float("inf")
