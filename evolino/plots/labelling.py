"""Picture of the labelling task: outputs over time, and the strings they are read as."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from evolino.plots.canvas import COLOURS, GREY, check_picture, new_figure, save, style
from evolino.task.protocol import name_of
from evolino.vocabulary import Array

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STRINGS = 3  # of the test that are drawn
NAMED = 0.3  # probability from which on the label of a peak is written


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
    )
    return save(figure, out)


def labels_figure(
    frames: Sequence[Array],
    outputs: Sequence[Array],
    titles: Sequence[str],
    symbols: Sequence[str],
) -> Figure:
    """Draw frames (T, I) above outputs (T, K) of N sequences, the blank in grey.

    titles: of each. symbols: of outputs 1 .. K - 1, written at their peaks. Raises
    ValueError if there is no sequence.
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
            above.imshow(rows.T, aspect="auto", cmap="Greys", interpolation="nearest")
            above.set(title=title, xticks=[], yticks=[])
            below.plot(chances[:, 0], color=GREY, linewidth=0.8)
            for label in range(1, chances.shape[1]):
                colour = COLOURS[label % len(COLOURS)]
                below.plot(chances[:, label], color=colour, linewidth=1.0)
                peak = int(np.argmax(chances[:, label]))
                if chances[peak, label] > NAMED:
                    below.annotate(symbols[label - 1], (peak, chances[peak, label]),
                                   color=colour, ha="center", va="bottom")  # fmt: skip
            below.set(xlim=(-0.5, len(chances) - 0.5), ylim=(0, 1.2), yticks=[0, 1])
        axes[-1].set_xlabel("frame; grey is the blank")
    return figure
