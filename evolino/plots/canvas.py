"""Style of pictures, axes and labels; files with the same bytes for the same data."""

from __future__ import annotations

import io
import itertools
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from evolino.storage.files import user_path
from evolino.vocabulary import Array

if sys.platform == "win32":
    from pathlib import WindowsPath as SystemPath
else:
    from pathlib import PosixPath as SystemPath

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

# Okabe & Ito 2008: distinct for every kind of colour vision, and in print.
BLUE, VERMILION, GREEN, PINK = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
ORANGE, SKY, BLACK, GREY = "#E69F00", "#56B4E9", "#222222", "#8A8A8A"
COLOURS = (BLUE, VERMILION, GREEN, PINK, ORANGE, SKY, BLACK, GREY)
SUFFIXES = (".png", ".svg")
RESOLUTION = 160  # dots an inch
SMALLEST, LARGEST = 1e-290, 1e200  # that a log axis shows; its ticks go beyond
LINE = 0.15  # inches: a line of a label
WIDTH = 7.2  # inches: the text width of a page

STYLE = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],  # comes with matplotlib, so it is everywhere
    "font.size": 9.0,
    "axes.titlesize": 10.0,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 9.0,
    "axes.edgecolor": "#555555",
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#E4E4E4",
    "grid.linewidth": 0.6,
    "xtick.color": "#555555",
    "ytick.color": "#555555",
    "xtick.labelcolor": BLACK,
    "ytick.labelcolor": BLACK,
    "xtick.labelsize": 8.0,
    "ytick.labelsize": 8.0,
    "lines.linewidth": 1.5,
    "legend.frameon": False,
    "legend.fontsize": 8.0,
    "image.cmap": "viridis",
    "svg.hashsalt": "evolino",
    "svg.fonttype": "path",
    "path.simplify": True,
    "savefig.facecolor": "white",
}


def load_matplotlib() -> None:
    """Import matplotlib, whatever MPLBACKEND says: pictures have a canvas of their own.

    matplotlib refuses to be imported where the variable names a backend that is not
    installed, such as that of a notebook. One that is stays the caller's.
    """
    if "matplotlib" in sys.modules:
        return
    named = os.environ.pop("MPLBACKEND", None)
    try:
        import matplotlib
    finally:
        if named is not None:
            os.environ["MPLBACKEND"] = named
    if named:
        with suppress(ValueError):
            matplotlib.rcParams["backend"] = named


class Picture(SystemPath):
    """The path of a picture, which a notebook shows as the picture itself."""

    def _repr_png_(self) -> bytes | None:
        return self.read_bytes() if self.suffix.lower() == ".png" else None

    def _repr_svg_(self) -> str | None:
        svg = self.suffix.lower() == ".svg"
        return self.read_text(encoding="utf-8") if svg else None


@contextmanager
def style() -> Iterator[None]:
    """Draw in our look; whatever the caller had set is restored."""
    load_matplotlib()
    import matplotlib

    with matplotlib.rc_context(STYLE):  # type: ignore[arg-type]
        yield


def new_figure(height: float) -> Figure:
    """Return a figure of a page's width; no window and no global state know of it."""
    load_matplotlib()
    from matplotlib.figure import Figure

    return Figure(figsize=(WIDTH, height), layout="constrained")


def check_picture(path: str | Path) -> Picture:
    """Return the path. Raises ValueError unless it ends in .png or .svg."""
    picture = Picture(user_path(path, "picture"))
    if picture.suffix.lower() not in SUFFIXES:
        raise ValueError(f"a picture must end in .png or .svg, got {picture}")
    return picture


def save(figure: Figure, path: str | Path) -> Picture:
    """Write a figure, whole or not at all, without the time and the program's version.

    figure: of Matplotlib. path: ends in .png or .svg.

    Returns the path, which a notebook shows as the picture. Raises ValueError for another
    ending.

    >>> import evolino
    >>> import numpy as np
    >>> target = np.sin(0.2 * np.arange(50))[:, None]
    >>> figure = evolino.plots.response_figure([target], [target])
    >>> evolino.plots.save(figure, "response.png").name
    'response.png'
    """
    from evolino.storage.files import replace_file

    picture = check_picture(path)
    kind = picture.suffix.lower().removeprefix(".")
    nothing: dict[str, Any] = {"Software": None} if kind == "png" else {"Date": None}
    buffer = io.BytesIO()
    with style():
        figure.savefig(buffer, format=kind, dpi=RESOLUTION, metadata=nothing)
    picture.parent.mkdir(parents=True, exist_ok=True)
    replace_file(picture, buffer.getvalue())
    return picture


def positive(values: Array, floor: float) -> Array:
    """Return values for a log axis: not finite becomes a gap, 0 becomes the floor, and what
    is beyond the largest that it shows becomes that."""
    shown = np.where(np.isfinite(values), np.minimum(values, LARGEST), np.nan)
    return np.asarray(np.where(shown <= 0, floor, shown))


def log_floor(*groups: Array) -> float:
    """Return what stands for 0 on a log axis: a tenth of the smallest number above it."""
    every = np.concatenate([np.ravel(group) for group in groups] or [np.zeros(0)])
    above = every[np.isfinite(every) & (every > 0)]
    return max(float(above.min()) / 10, SMALLEST) if len(above) else 1e-16


def log_axis(axes: Axes, shown: Array) -> bool:
    """Make y logarithmic, with labels that stay readable over many decades.

    shown: what must be in the picture; only finite numbers above 0 count. Returns whether
    there are any.
    """
    from matplotlib.ticker import LogLocator, NullFormatter

    shown = shown[np.isfinite(shown) & (shown > 0)]
    low, high = (shown.min(), shown.max()) if len(shown) else (1.0, 1.0)
    decades = float(np.log10(high) - np.log10(low))
    margin = 10.0 ** max(0.06 * decades, 0.12)
    axes.set_yscale("log")
    axes.set_ylim(max(low / margin, SMALLEST), min(high, LARGEST / margin) * margin)
    if decades > 3:
        axes.yaxis.set_major_locator(LogLocator(numticks=8))
    if decades > 1:
        axes.yaxis.set_minor_formatter(NullFormatter())
    return bool(len(shown))


def set_steps(axes: Axes, first: float, last: float) -> None:
    """Let x run from first to last, which may be the same."""
    axes.set_xlim(first, last if last > first else first + 1)


def thousands(axis: Axis, largest: float) -> None:
    """Write long numbers of an axis as 50,000."""
    from matplotlib.ticker import StrMethodFormatter

    if largest >= 10_000:
        axis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))


def label_ends(axes: Axes, ends: Sequence[tuple[float, str, str]]) -> None:
    """Name lines at the right edge, where they end: (y in data, text, colour) each.

    Names that would lie on each other are moved apart.
    """
    to_axes = axes.transData + axes.transAxes.inverted()
    x = axes.get_xlim()[1]
    placed = sorted(
        (float(np.clip(to_axes.transform((x, y))[1], 0.0, 1.0)), text, colour)
        for y, text, colour in ends
        if np.isfinite(y)
    )
    lines = [text.count("\n") + 1 for _, text, _ in placed]
    heights = spread_apart([y for y, _, _ in placed], lines, LINE / _inches(axes))
    for height, (_, text, colour) in zip(heights, placed, strict=True):
        axes.annotate(
            text,
            (1.0, height),
            xycoords="axes fraction",
            xytext=(5, 0),
            textcoords="offset points",
            color=colour,
            fontsize=8,
            va="center",
            annotation_clip=False,
        )


def spread_apart(
    heights: Sequence[float], lines: Sequence[int], line: float
) -> list[float]:
    """Return ascending heights, moved so that texts of so many lines do not overlap.

    line: the height of a line, in the same unit, where 1 is the top.
    """
    moved = list(heights)
    gaps = [line * (a + b) / 2 for a, b in itertools.pairwise(lines)]
    for k, gap in enumerate(gaps, start=1):
        moved[k] = max(moved[k], moved[k - 1] + gap)
    if moved and moved[-1] > 1.0:
        moved[-1] = max(1.0, heights[-1])
        for k in range(len(moved) - 2, -1, -1):
            moved[k] = min(moved[k], moved[k + 1] - gaps[k])
    return moved


def _inches(axes: Axes) -> float:
    figure = axes.get_figure(root=True)
    assert figure is not None
    return float(figure.get_figheight() * axes.get_position().height)
