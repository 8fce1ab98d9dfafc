"""Picture of the labelling task: outputs over time, and the strings they are read as."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from evolino.plots.canvas import (
    BLACK,
    COLOURS,
    GREY,
    check_picture,
    new_figure,
    save,
    style,
)
from evolino.task.protocol import name_of
from evolino.vocabulary import Array, IntArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

STRINGS = 3  # of the test that are drawn


def labels(run: Path, out: Path, *, trust: bool = False) -> Path:
    """Draw frames and outputs of a run's network over its first test strings.

    Returns the picture's path. trust: of `RunFolder.open`. Raises ValueError for a task
    other than labelling.
    """
    from evolino.models.loading import load_network
    from evolino.tasks.labelling.labelling import Labelling, strings_of
    from evolino.training.problem import split_of
    from evolino.training.run_folder import RunFolder

    check_picture(out)
    experiment = RunFolder.open(run, trust=trust).experiment()
    task = experiment.task
    if not isinstance(task, Labelling):
        raise ValueError(
            f"--kind labels is of the labelling task, {run} learnt {name_of(task)}"
        )
    shown = split_of(task, experiment.seed).test[:STRINGS]
    outputs = load_network(run).respond(shown, free_running=False)
    found = [task.text(each) for each in task.decoded(outputs)]
    figure = labels_figure(
        [each.series.input_rows() for each in shown],
        outputs,
        [
            f"{string}, read as {other}"
            for string, other in zip(
                [task.text(strings_of(each)) for each in shown], found, strict=True
            )
        ],
        task.symbols,
        pen=task.series is None and task.source == "pen",
    )
    return save(figure, out)


def labels_figure(
    frames: Sequence[Array],
    outputs: Sequence[Array],
    titles: Sequence[str],
    symbols: Sequence[str],
    *,
    pen: bool = False,
) -> Figure:
    """Draw frames (T, I) above outputs (T, K) of N sequences, the blank in grey.

    titles: of each. symbols: of outputs 1 .. K - 1, written where the best path has them.
    pen: whether frames are steps of a pen, drawn as what it writes. Raises ValueError if
    there is no sequence.
    """
    if not frames:
        raise ValueError("there is no sequence to draw")
    with style():
        figure = new_figure(0.4 + 2.2 * len(frames))
        axes = figure.subplots(2 * len(frames), 1, squeeze=False)[:, 0]
        for k, (rows, chances, title) in enumerate(
            zip(frames, outputs, titles, strict=True)
        ):
            above, below = axes[2 * k], axes[2 * k + 1]
            above.set(title=title, xticks=[], yticks=[])
            if pen:
                _write(above, rows)
            else:
                above.imshow(rows.T, aspect="auto", cmap="Greys", interpolation="nearest")
            _draw_outputs(below, chances, symbols)
            below.set(xlim=(-0.5, len(chances) - 0.5), ylim=(0, 1.2), yticks=[0, 1])
        axes[-1].set_xlabel("frame; grey is the blank")
    return figure


def _write(axes: Axes, steps: Array) -> None:
    """Draw what a pen writes whose steps (T, 3) are to the right, up, and off the paper."""
    places = np.concatenate([np.zeros((1, 2)), np.cumsum(steps[:, :2], axis=0)])
    lifted = np.flatnonzero(steps[:, 2] > 0)
    for stroke in np.split(places, lifted + 1):
        axes.plot(*stroke.T, color=BLACK, linewidth=1.2)
    axes.set_aspect("equal")
    axes.axis("off")


def _draw_outputs(axes: Axes, chances: Array, symbols: Sequence[str]) -> None:
    """Draw outputs (T, K), with the symbol at the peak of each label of the best path."""
    axes.plot(chances[:, 0], color=GREY, linewidth=0.8)
    for label in range(1, chances.shape[1]):
        axes.plot(chances[:, label], color=_colour(label), linewidth=1.0)
    for label, first, stop in _spans(chances.argmax(axis=1)):
        peak = first + int(np.argmax(chances[first:stop, label]))
        axes.annotate(symbols[label - 1], (peak, chances[peak, label]),
                      color=_colour(label), ha="center", va="bottom")  # fmt: skip


def _spans(path: IntArray) -> list[tuple[int, int, int]]:
    """Return each label of a path (T,) with its first frame and the one after its last."""
    ends = [0, *(np.flatnonzero(np.diff(path)) + 1).tolist(), len(path)]
    return [(int(path[a]), a, b) for a, b in itertools.pairwise(ends) if path[a]]


def _colour(label: int) -> str:
    own = [each for each in COLOURS if each != GREY]  # the blank is grey
    return own[label % len(own)]
