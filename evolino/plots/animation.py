"""Animations as GIF files: episodes, and figures one after another."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from evolino.environments.base import Environment
from evolino.models.acting import Trajectory
from evolino.plots.canvas import style
from evolino.plots.episodes import frame_figure
from evolino.storage.files import replace_file, user_path
from evolino.vocabulary import Array

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from PIL.Image import Image

FRAMES = 80  # of an episode at most
RESOLUTION, PAUSE = 80, 50  # dots an inch; milliseconds of a frame


def animate(
    environment: Environment, episodes: Sequence[Trajectory], path: str | Path
) -> Path:
    """Write episodes, one after another, as a GIF; at most 80 scenes of each.

    Raises ValueError unless the path ends in .gif.
    """
    return animate_figures(
        (
            frame_figure(environment, seen, step, title)
            for number, seen in enumerate(episodes, start=1)
            for step, title in scenes_of(len(seen.outputs), f"episode {number}")
        ),
        path,
    )


def scenes_of(steps: int, name: str) -> list[tuple[int, str]]:
    """Return the steps that are shown of so many, at most 80, each with a title."""
    shown = range(0, steps, -(-steps // FRAMES))
    return [(step, f"{name}, step {step:,} of {steps:,}") for step in shown]


def animate_figures(figures: Iterable[Figure], path: str | Path) -> Path:
    """Write figures, one after another, as a GIF. Raises ValueError unless the path ends
    in .gif."""
    return _written([_drawn(figure) for figure in figures], path)


def write_gif(pictures: Sequence[Array], path: str | Path, pause: int = PAUSE) -> Path:
    """Write pictures (height, width, 3) of bytes as a GIF, at most 400 of them.

    pause: milliseconds that each is shown. Raises ValueError unless the path ends in .gif.
    """
    from PIL import Image as images

    apart = -(-len(pictures) // (5 * FRAMES))
    scenes = [images.fromarray(each).quantize(colors=64) for each in pictures[::apart]]
    return _written(scenes, path, pause)


def _written(scenes: Sequence[Image], path: str | Path, pause: int = PAUSE) -> Path:
    target = user_path(path, "gif")
    if target.suffix.lower() != ".gif":
        raise ValueError(f"an animation must end in .gif, got {target}")
    buffer = io.BytesIO()
    scenes[0].save(
        buffer,
        format="GIF",
        save_all=True,
        append_images=scenes[1:],
        duration=pause,
        loop=0,
    )
    target.parent.mkdir(parents=True, exist_ok=True)
    replace_file(target, buffer.getvalue())
    return target


def _drawn(figure: Figure) -> Image:
    """Return a figure as an image of 64 colours."""
    from PIL import Image as images

    drawing = io.BytesIO()
    with style():
        figure.savefig(drawing, format="png", dpi=RESOLUTION)
    drawing.seek(0)
    return images.open(drawing).convert("RGB").quantize(colors=64)
