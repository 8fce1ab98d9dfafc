"""Fitness curves: losses over generations, for one run and as medians over seeds."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from evolino.plots.canvas import (
    BLUE,
    COLOURS,
    GREY,
    ORANGE,
    label_ends,
    log_axis,
    log_floor,
    new_figure,
    positive,
    set_steps,
    style,
    thousands,
)
from evolino.vocabulary import Array, unknown_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from evolino.training.history import Generation

Axis = Literal["generations", "evaluations", "seconds", "cpu-seconds"]
AXES: dict[Axis, str] = {
    "generations": "generation",
    "evaluations": "evaluations",
    "seconds": "seconds",
    "cpu-seconds": "CPU seconds",
}
LABEL_WIDTH = 22  # characters
MOST_TOGETHER = 5  # settings whose curves share a frame
COLUMNS, PANEL = 4, 1.55  # of frames beside each other; inches of height
POINTS = 2000  # abscissae at which runs are compared


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """The losses of one run, by generation, for E generations.

    x: (E,), as the axis has it, so far. best: (E,), so far. lower, median, upper: (E,),
    quartiles of each generation's losses; inf where that many networks failed.

    >>> import evolino
    >>> result = evolino.train("mso", search="random", budget=evolino.Budget(generations=2))
    >>> curve = evolino.plots.Curve.of(result.history, "generations")
    >>> curve.best.shape
    (2,)
    """

    x: Array
    best: Array
    lower: Array
    median: Array
    upper: Array

    @classmethod
    def of(
        cls, history: Sequence[Generation], against: Axis, seconds: Sequence[float] = ()
    ) -> Curve:
        """Return the curve of a history. seconds: of each generation, if against them.

        Raises ValueError for an unknown axis.
        """
        if against not in AXES:
            raise unknown_name("axis", against, AXES)
        if against in ("seconds", "cpu-seconds"):
            history = history[: len(seconds)]
            x = list(seconds)[: len(history)]
        else:
            name = AXES[against]
            x = [float(getattr(record, name)) for record in history]
        rows = [(g.best, g.lower_quartile, g.median, g.upper_quartile) for g in history]
        columns = np.array(rows, dtype=np.float64).reshape(len(rows), 4).T
        return cls(np.array(x, dtype=np.float64), *columns)


def fitness_figure(groups: Mapping[str, Sequence[Curve]], *, against: Axis) -> Figure:
    """Draw the losses of runs on a log axis.

    groups: runs by the name of their settings. One run: its best so far, and the median
    and quartiles of each generation. Several of the same settings: the median over them of
    the best so far, and a band from quartile to quartile; of more than five settings each
    has a frame of its own, of the same scale. against: the axis, as of `Curve.of`. Raises
    ValueError if there is nothing to
    draw.

    >>> import evolino
    >>> result = evolino.train("mso", search="random", budget=evolino.Budget(generations=2))
    >>> curve = evolino.plots.Curve.of(result.history, "generations")
    >>> figure = evolino.plots.fitness_figure({"random": [curve]}, against="generations")
    >>> evolino.plots.save(figure, "fitness.png").name
    'fitness.png'
    """
    if against not in AXES:
        raise unknown_name("axis", against, AXES)
    groups = {
        name: [curve for curve in curves if len(curve.x)] for name, curves in groups.items()
    }
    groups = {name: curves for name, curves in groups.items() if curves}
    if not groups:
        raise ValueError("there is no generation to draw yet")
    every = [curve for curves in groups.values() for curve in curves]
    if len(groups) > MOST_TOGETHER:
        return _small_multiples(groups, every, against)
    with style():
        figure = new_figure(3.6)
        axes = figure.add_subplot()
        floor = log_floor(*(curve.best for curve in every), *(c.lower for c in every))
        if len(every) == 1:
            ends = _draw_run(axes, every[0], floor)
        else:
            ends = _draw_groups(axes, groups, floor)
        _scale(axes, every, floor, against)
        figure.draw_without_rendering()
        label_ends(axes, ends)
    return figure


def _small_multiples(
    groups: Mapping[str, Sequence[Curve]], every: Sequence[Curve], against: Axis
) -> Figure:
    """Draw each group in a frame of its own, all of one scale."""
    lines = -(-len(groups) // COLUMNS)
    floor = log_floor(*(curve.best for curve in every), *(c.lower for c in every))
    with style():
        figure = new_figure(0.5 + PANEL * lines)
        frames = figure.subplots(lines, COLUMNS, sharex=True, sharey=True, squeeze=False)
        for axes, (name, curves) in zip(frames.flat, groups.items(), strict=False):
            _draw_groups(axes, {name: curves}, floor)
            axes.set_title(textwrap.fill(name, LABEL_WIDTH), fontsize=8)
        _scale(frames[0, 0], every, floor, against)
        for number, axes in enumerate(frames.flat):
            axes.set(xlabel="", ylabel="")
            if number >= len(groups):
                axes.set_visible(False)
            elif number + COLUMNS >= len(groups):
                axes.tick_params(labelbottom=True)
        counts = {len(curves) for curves in groups.values()}
        seeds = f"{counts.pop()} seeds" if len(counts) == 1 else "seeds"
        figure.suptitle(
            f"Best network so far: median and quartiles over {seeds}", fontsize=9
        )
        figure.supxlabel(AXES[against], fontsize=9)
        figure.supylabel("validation loss", fontsize=9)
    return figure


def draw_fitness(axes: Axes, curve: Curve, against: Axis) -> list[tuple[float, str, str]]:
    """Draw the losses of one run into axes of a picture with more in it.

    Returns what `label_ends` writes beside the lines, once the figure is laid out. Raises
    ValueError if there is no generation.
    """
    if not len(curve.x):
        raise ValueError("there is no generation to draw yet")
    floor = log_floor(curve.best, curve.lower)
    ends = _draw_run(axes, curve, floor)
    _scale(axes, [curve], floor, against)
    return ends


def quantiles(values: Array, levels: Sequence[float]) -> Array:
    """Return (len(levels), M): quantiles over axis 0 of values (N, M), which may be inf.

    A quantile between a number and inf is inf.
    """
    ranked = np.sort(np.where(np.isnan(values), np.inf, values), axis=0)
    found = []
    for level in levels:
        place = level * (len(ranked) - 1)
        low, high = ranked[int(np.floor(place))], ranked[int(np.ceil(place))]
        share = place - np.floor(place)
        mixed = np.full_like(low, np.inf)
        finite = np.isfinite(high)
        mixed[finite] = low[finite] + share * (high[finite] - low[finite])
        found.append(np.where(share == 0, low, mixed))
    return np.array(found)


def best_at(curve: Curve, x: Array) -> Array:
    """Return (M,): the best loss at each x; inf before the first generation."""
    place = np.searchsorted(curve.x, x, side="right") - 1
    return np.where(place < 0, np.inf, curve.best[np.maximum(place, 0)])


def _scale(axes: Axes, curves: Sequence[Curve], floor: float, against: Axis) -> None:
    """Set limits and labels of axes with these curves."""
    last = max(curve.x[-1] for curve in curves)
    set_steps(axes, min(curve.x[0] for curve in curves), last)
    thousands(axes.xaxis, last)
    _limit(axes, curves, floor)
    axes.set_xlabel(AXES[against])
    axes.set_ylabel("validation loss")


def _draw_run(axes: Axes, curve: Curve, floor: float) -> list[tuple[float, str, str]]:
    best, lower, median, upper = (
        positive(each, floor)
        for each in (curve.best, curve.lower, curve.median, curve.upper)
    )
    dots = "o" if len(curve.x) == 1 else None
    highest = np.nanmax(np.concatenate([best, median, upper, [floor]]))
    ceiling = np.where(np.isfinite(upper), upper, highest * 10)
    band = np.where(np.isfinite(lower), ceiling, np.nan)
    axes.fill_between(curve.x, lower, band, color=ORANGE, alpha=0.25, linewidth=0)
    axes.plot(curve.x, median, color=ORANGE, linewidth=1.0, marker=dots)
    axes.plot(curve.x, best, color=BLUE, linewidth=1.8, marker=dots, drawstyle="steps-post")
    return [
        (_last(best), "best so far", BLUE),
        (_last(median), "each generation:\nmedian, quartiles", "#A87000"),
    ]


def _draw_groups(
    axes: Axes, groups: Mapping[str, Sequence[Curve]], floor: float
) -> list[tuple[float, str, str]]:
    end = max(curve.x[-1] for curves in groups.values() for curve in curves)
    ends, counts = [], {len(curves) for curves in groups.values()}
    for k, (name, curves) in enumerate(groups.items()):
        colour = COLOURS[k % len(COLOURS)]
        x = np.unique(np.concatenate([curve.x for curve in curves]))
        if len(x) > POINTS:
            x = np.unique(np.append(x[:: len(x) // POINTS], x[-1]))
        values = np.array([best_at(curve, x) for curve in curves])
        lower, median, upper = (
            positive(each, floor) for each in quantiles(values, (0.25, 0.5, 0.75))
        )
        if len(curves) > 1:
            axes.fill_between(
                x, lower, upper, step="post", color=colour, alpha=0.18, linewidth=0
            )
        line = "-" if k < len(COLOURS) else "--"
        axes.plot(x, median, line, color=colour, drawstyle="steps-post")
        if x[-1] < end:
            axes.plot([x[-1], end], [median[-1]] * 2, ":", color=colour, linewidth=0.8)
        seeds = f" ({len(curves)} seeds)" if len(counts) > 1 else ""
        ends.append((_last(median), textwrap.fill(name + seeds, LABEL_WIDTH), colour))
    if counts != {1}:
        seeds = f"{counts.pop()} seeds" if len(counts) == 1 else "seeds"
        axes.set_title(f"Best network so far: median and quartiles over {seeds}")
    return ends


def _limit(axes: Axes, curves: Sequence[Curve], floor: float) -> None:
    """Show all of best and median; a quartile that explodes may leave the picture."""
    shown = np.concatenate(
        [positive(values, floor) for c in curves for values in (c.best, c.median, c.lower)]
        if len(curves) == 1
        else [positive(c.best, floor) for c in curves]
    )
    if not log_axis(axes, shown):
        axes.text(
            0.5, 0.5, "every network failed", color=GREY, ha="center",
            transform=axes.transAxes,
        )  # fmt: skip


def _last(values: Array) -> float:
    finite = values[np.isfinite(values)]
    return float(finite[-1]) if len(finite) else float("nan")
