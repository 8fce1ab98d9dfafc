"""Chord agreement of generated blues with the form, against bars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from evolino.plots.canvas import COLOURS, check_picture, new_figure, save, style, thousands
from evolino.task.protocol import name_of
from evolino.vocabulary import Array

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HEIGHT = 3.6
LARGEST = 2.0  # errors beyond it are drawn as it


def agreement(runs: Sequence[Path], out: Path, *, trust: bool = False) -> Path:
    """Draw how the chords of blues runs agree with the form, and return the picture's path.

    Each network runs freely over the choruses of its test. trust: of `RunFolder.open`.
    Raises ValueError for a run of another task, or no run.
    """
    from evolino.models.loading import load
    from evolino.plots.run_names import flatten, name_differences
    from evolino.tasks.music.blues import Blues
    from evolino.training.config import experiment_to_table
    from evolino.training.problem import split_of
    from evolino.training.run_folder import RunFolder

    check_picture(out)
    settings, played = [], []
    for run in runs:
        experiment = RunFolder.open(run, trust=trust).experiment()
        task = experiment.task
        if not isinstance(task, Blues):
            raise ValueError(f"{run}: {name_of(task)} is not blues")
        played.append(task.chords_played(load(run), split_of(task, experiment.seed)))
        settings.append(flatten(experiment_to_table(experiment)))
    names = name_differences(settings)
    named = [
        (name or str(run), *own) for name, run, own in zip(names, runs, played, strict=True)
    ]
    return save(agreement_figure({name: by_bar(*own) for name, *own in named}), out)


def by_bar(outputs: Array, form: Array) -> tuple[Array, Array]:
    """Return the share of right steps and the largest error in each bar, (bars,) each.

    outputs, form: (T, 12). Errors are those of `errors_of`, as in the task's figures.
    """
    from evolino.tasks.music.blues_material import STEPS
    from evolino.tasks.music.blues_measures import CUT, errors_of

    bars = len(form) // STEPS
    right = ((outputs > CUT) == (form > CUT)).all(axis=1)
    errors = np.nan_to_num(errors_of(outputs, form), nan=LARGEST).max(axis=1)
    return (
        right[: bars * STEPS].reshape(bars, STEPS).mean(axis=1),
        np.minimum(errors[: bars * STEPS].reshape(bars, STEPS).max(axis=1), LARGEST),
    )


def agreement_figure(played: Mapping[str, tuple[Array, Array]]) -> Figure:
    """Draw shares of right steps over largest errors, against bars.

    played: (bars,) of both, by title. Raises ValueError if there is nothing to draw.
    """
    if not played:
        raise ValueError("there is no run to draw")
    with style():
        figure = new_figure(HEIGHT)
        upper, lower = figure.subplots(2, 1, sharex=True)
        longest = max(len(shares) for shares, _ in played.values())
        for k, (name, (shares, errors)) in enumerate(played.items()):
            bars = np.arange(1, len(shares) + 1)
            colour = COLOURS[k % len(COLOURS)]
            upper.plot(bars, 100 * shares, color=colour, label=name, drawstyle="steps-mid")
            lower.plot(bars, errors, color=colour, label=name)
        lower.axhline(0.5, color="#8A8A8A", linestyle="--", linewidth=1.0)
        upper.set_ylabel("steps right, %")
        upper.set_ylim(-4, 104)
        lower.set_ylabel("largest error")
        lower.set_ylim(bottom=0.0)
        lower.set_xscale("log")
        lower.set_xlabel("bar of the free run")
        thousands(lower.xaxis, longest)
        if len(played) > 1:
            upper.legend(loc="lower left")
    return figure
