"""Pictures of films: strips of frames that were to come and were predicted, and a GIF.

The frames that are given stand before those that a network predicts in a free run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from evolino.plots.animation import write_gif
from evolino.plots.canvas import VERMILION, WIDTH, check_picture, new_figure, save, style
from evolino.task.protocol import name_of
from evolino.vocabulary import Array

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FILMS = 3  # of the test that are drawn
HIGHEST = 320  # pixels of an animation
BORDER = 4  # pixels between the two films of an animation
PAUSE = 150  # milliseconds of a frame


@dataclass(frozen=True, slots=True, eq=False)
class Film:
    """A film of the test and how it was predicted, intensities 0 .. 1.

    target: (T, H, W), all of its frames. predicted: (A, H, W), in the place of the last A.
    """

    target: Array
    predicted: Array

    @property
    def given(self) -> int:
        """How many frames stand before those that are predicted."""
        return len(self.target) - len(self.predicted)

    @property
    def error(self) -> float:
        """The squared error of a predicted pixel."""
        return float(np.square(self.predicted - self.target[self.given :]).mean())

    @property
    def continued(self) -> Array:
        """(T, H, W): the given frames, then the predicted ones."""
        return np.concatenate([self.target[: self.given], self.predicted])


def frames(run: Path, out: Path, *, trust: bool = False) -> Path:
    """Draw strips of the first test films of a run of `frames`; return the picture's path.

    trust: of `RunFolder.open`. Raises ValueError for runs of other tasks.
    """
    check_picture(out)
    return save(frames_figure(films_of(run, trust=trust)), out)


def films_of(run: Path, count: int = FILMS, *, trust: bool = False) -> list[Film]:
    """Return the first test films of a run of `frames`, predicted by its network.

    Raises ValueError for runs of other tasks.
    """
    from evolino.models.loading import load_network
    from evolino.tasks.pictures.frames import Frames
    from evolino.training.problem import split_of
    from evolino.training.run_folder import RunFolder

    experiment = RunFolder.open(run, trust=trust).experiment()
    task = experiment.task
    if not isinstance(task, Frames):
        raise ValueError(
            f"strips of frames are of the frames task, {run} learnt {name_of(task)}"
        )
    shown = split_of(task, experiment.seed).test[:count]
    outputs = load_network(run).respond(shown, free_running=True)
    size = task.picture_size
    return [
        Film(
            segment.series.targets.reshape(-1, *size),
            np.clip(np.nan_to_num(own), 0.0, 1.0).reshape(-1, *size),
        )
        for segment, own in zip(shown, outputs, strict=True)
    ]


def frames_figure(films: Sequence[Film]) -> Figure:
    """Draw each film as two strips, what was to come above what was predicted.

    Raises ValueError if there is no film.
    """
    if not films:
        raise ValueError("there is no film to draw")
    shape = films[0].target.shape
    side = WIDTH / shape[0] * shape[1] / shape[2]
    with style():
        figure = new_figure((2 * side + 0.4) * len(films) + 0.1)
        axes = figure.subplots(2 * len(films), 1, squeeze=False)[:, 0]
        for k, film in enumerate(films):
            above, below = axes[2 * k], axes[2 * k + 1]
            title = f"film {k + 1}: squared error {film.error:.4f} a pixel"
            above.set_title(title)
            _strip(above, film.target, film.given, "target")
            _strip(below, film.continued, film.given, "predicted")
    return figure


def write_films(films: Sequence[Film], path: str | Path) -> Path:
    """Write films, one after another, as a GIF: on the left the target, on the right the
    given frames and the predicted ones. Raises ValueError unless the path ends in .gif."""
    pictures = []
    for film in films:
        scale = max(1, HIGHEST // max(film.target.shape[1:]))
        for t, pair in enumerate(zip(film.target, film.continued, strict=True)):
            sides = [_enlarged(each, scale) for each in pair]
            between = np.full((len(sides[0]), BORDER, 3), 255, dtype=np.uint8)
            if t >= film.given:  # from here on nothing is given
                between[:] = tuple(bytes.fromhex(VERMILION[1:]))
            pictures.append(np.concatenate([sides[0], between, sides[1]], axis=1))
    return write_gif(pictures, path, PAUSE)


def _strip(axes: Any, film: Array, given: int, name: str) -> None:
    """Draw frames (T, H, W) beside each other, a line where the given ones end."""
    strip = np.concatenate(list(film), axis=1)
    width = film.shape[2]
    axes.imshow(strip, cmap="Greys", vmin=0.0, vmax=1.0, interpolation="nearest")
    for t in range(1, len(film)):
        axes.axvline(t * width - 0.5, color="#CCCCCC", linewidth=0.5)
    axes.axvline(given * width - 0.5, color=VERMILION, linewidth=1.5)
    axes.set(xticks=[], yticks=[])
    axes.set_ylabel(name, fontsize=6)
    axes.grid(visible=False)


def _enlarged(frame: Array, scale: int) -> Any:
    """Return (H scale, W scale, 3): dark on white, of bytes."""
    shade = np.round(255 * (1.0 - frame)).astype(np.uint8)
    large = np.kron(shade, np.ones((scale, scale), dtype=np.uint8))
    return np.repeat(large[..., None], 3, axis=2)
