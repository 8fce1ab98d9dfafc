"""Figures of one network: free run and target, cell outputs, cell states and gates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from evolino.plots.canvas import (
    BLUE,
    COLOURS,
    GREY,
    VERMILION,
    log_axis,
    log_floor,
    new_figure,
    positive,
    set_steps,
    style,
    thousands,
)
from evolino.plots.fitness_curves import quantiles
from evolino.vocabulary import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LINES = 4  # outputs drawn as lines; more become a map
FEW_CELLS = 6  # drawn as lines; more become maps
WINDOW = 300  # steps shown whole; of a longer run its begin and its end
BINS = 1500  # points of an error curve


def response_figure(
    outputs: Sequence[Array],
    targets: Sequence[Array],
    *,
    start: int = 0,
    before: Array | None = None,
    free_running: bool = True,
) -> Figure:
    """Draw the output over the target of the first segment, and the absolute error of all.

    outputs, targets: (L_n, K) each; the error is the largest over K, and over segments
    the median and the quartiles. start: the step of the first row. before: (B, K), the
    target before it, under teacher forcing. free_running: whether the outputs were fed
    back. Raises ValueError for no segment, or shapes that differ.

    >>> import evolino
    >>> import numpy as np
    >>> target = np.sin(0.2 * np.arange(50))[:, None]
    >>> figure = evolino.plots.response_figure([0.9 * target], [target])
    >>> evolino.plots.save(figure, "response.svg").name
    'response.svg'
    """
    if not outputs or len(outputs) != len(targets):
        raise ValueError(f"got {len(outputs)} outputs for {len(targets)} targets")
    for output, target in zip(outputs, targets, strict=True):
        if output.shape != target.shape:
            raise ValueError(f"output has shape {output.shape}, target {target.shape}")
    output, target = outputs[0], targets[0]
    before = np.zeros((0, target.shape[1])) if before is None else before
    name = "free run" if free_running else "output"
    with style():
        if target.shape[1] > LINES:
            figure, error_axes = _draw_maps(output, target, start, name)
        else:
            figure, error_axes = _draw_lines(output, target, start, before, name)
        _draw_error(error_axes, outputs, targets, start)
        if len(outputs) == 1 and target.shape[1] <= LINES and len(target) <= WINDOW:
            set_steps(error_axes, start - len(before), start + len(target) - 1)
    return figure


def cells_figure(
    outputs: Array,
    states: Array,
    gates: dict[str, Array],
    *,
    start: int = 0,
    signal: Array | None = None,
) -> Figure:
    """Draw cell outputs, cell states and gates: lines for a few cells, maps for many.

    outputs, states: (T, C). gates: (T, C) each, by name. start: the step of the first row.
    signal: (T, K), the series that drove the network, drawn on top. In a map
    the cells stand in the order of their states' range.

    >>> import evolino
    >>> import numpy as np
    >>> model = evolino.train("mso", network=evolino.LSTM(cells=4), search="random",
    ...     budget=evolino.Budget(generations=1)).model
    >>> trace = model.states(targets=np.sin(0.2 * np.arange(60)))
    >>> gates = {"forget gate": trace.gates[:, :, 1]}
    >>> figure = evolino.plots.cells_figure(trace.outputs, trace.states, gates)
    >>> evolino.plots.save(figure, "cells.png").name
    'cells.png'
    """
    panels = {"cell states": states, "cell outputs": outputs, **gates}
    steps = np.arange(start, start + len(states), dtype=np.float64)
    extra = 0 if signal is None else 1
    few = states.shape[1] <= FEW_CELLS
    with style():
        figure = new_figure(1.15 * (len(panels) + 0.8 * extra) + 0.5)
        heights = [0.8] * extra + [1.0] * len(panels)
        grid = figure.subplots(
            len(heights), 1, sharex=True, squeeze=False, height_ratios=heights
        )[:, 0]
        if signal is not None:
            _draw_signal(grid[0], steps, signal)
        order = np.argsort(-np.ptp(np.nan_to_num(states), axis=0), kind="stable")
        for axes, (name, values) in zip(grid[extra:], panels.items(), strict=True):
            axes.set_title(name)
            if few:
                _draw_cells(axes, steps, values)
                if name in gates and name != "cell input":
                    axes.set_ylim(-0.03, 1.03)
            else:
                _draw_map(axes, steps, values[:, order], name in gates, name)
        set_steps(grid[0], steps[0], steps[-1])
        grid[-1].set_xlabel("step")
        if few:
            handles = grid[extra].get_lines()[: states.shape[1]]
            names = [f"cell {k + 1}" for k in range(len(handles))]
            figure.legend(handles, names, loc="outside upper right", ncols=FEW_CELLS)
    return figure


def _draw_lines(
    output: Array, target: Array, start: int, before: Array, name: str
) -> tuple[Figure, Axes]:
    """Return a figure with target and output drawn, and the axes for the error."""
    count = target.shape[1]
    parts = _windows(len(target))
    figure = new_figure(1.5 * count + 2.3)
    grid = figure.add_gridspec(count + 1, len(parts), height_ratios=[1.15] * count + [1.0])
    for k in range(count):
        for column, (first, stop) in enumerate(parts):
            axes = figure.add_subplot(grid[k, column])
            steps = start + np.arange(first, stop)
            shown = output[first:stop, k]
            if len(parts) == 1:
                earlier = np.arange(start - len(before), start)
                if len(before):
                    axes.plot(earlier, before[:, k], color=GREY, label="teacher-forced")
                    axes.axvline(start - 0.5, color=GREY, linewidth=0.8, linestyle="--")
                set_steps(axes, start - len(before), start + len(target) - 1)
            axes.plot(
                steps, target[first:stop, k], color="#B5B5B5", linewidth=3.2, label="target"
            )
            axes.plot(steps, shown, color=BLUE, linewidth=1.1, label=name)
            _fit_to(axes, target[first:stop, k])
            axes.locator_params(axis="x", nbins=10 // len(parts))
            thousands(axes.xaxis, steps[-1])
            axes.set_ylabel("series" if count == 1 else f"output {k + 1}")
            if k == 0 and len(parts) == 2:
                axes.set_title("the first steps" if column == 0 else "the last steps")
            if k == 0 and column == 0:
                figure.legend(
                    *axes.get_legend_handles_labels(), loc="outside upper right", ncols=3
                )
    return figure, figure.add_subplot(grid[count, :])


def _draw_maps(output: Array, target: Array, start: int, name: str) -> tuple[Figure, Axes]:
    """Return a figure with maps of target and output, and the axes for the error."""
    figure = new_figure(5.4)
    upper, middle, lower = figure.subplots(3, 1, sharex=True)
    finite = target[np.isfinite(target)]
    low, high = float(finite.min()), float(finite.max())
    for axes, values, title in ((upper, target, "target"), (middle, output, name)):
        image = axes.imshow(
            values.T, aspect="auto", origin="lower", interpolation="nearest", vmin=low,
            vmax=max(high, low + 1e-12),
            extent=(start - 0.5, start + len(values) - 0.5, 0.5, values.shape[1] + 0.5),
        )  # fmt: skip
        axes.grid(visible=False)
        axes.set_title(title)
        axes.set_ylabel("output")
    figure.colorbar(image, ax=[upper, middle], pad=0.01, fraction=0.05)
    return figure, lower


def _draw_error(
    axes: Axes, outputs: Sequence[Array], targets: Sequence[Array], start: int
) -> None:
    longest = max(len(target) for target in targets)
    errors = np.full((len(outputs), longest), np.nan)
    for k, (output, target) in enumerate(zip(outputs, targets, strict=True)):
        with np.errstate(invalid="ignore", over="ignore"):
            errors[k, : len(target)] = np.abs(output - target).max(axis=1)
    first = 0 if len(outputs) > 1 else start
    steps, errors = _coarse(np.arange(first, first + longest, dtype=np.float64), errors)
    floor = max(log_floor(errors), 1e-17)
    if len(outputs) == 1:
        axes.plot(steps, positive(errors[0], floor), color=VERMILION, linewidth=1.1)
        axes.set_xlabel("step")
    else:
        steps = steps + 1
        ranges = quantiles(errors, (0.0, 0.25, 0.5, 0.75, 1.0))
        least, lower, median, upper, most = (positive(row, floor) for row in ranges)
        band: dict[str, Any] = {"color": VERMILION, "linewidth": 0}
        axes.fill_between(steps, least, most, alpha=0.10, label="all", **band)
        axes.fill_between(steps, lower, upper, alpha=0.28, label="quartiles", **band)
        axes.plot(steps, median, color=VERMILION, label="median")
        axes.set_title(f"error over {len(outputs)} starts")
        axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=3)
        axes.set_xlabel("steps of free run")
    set_steps(axes, steps[0], steps[-1])
    axes.set_ylabel("absolute error")
    thousands(axes.xaxis, axes.get_xlim()[1])
    log_axis(axes, positive(errors, floor))


def _draw_signal(axes: Axes, steps: Array, signal: Array) -> None:
    """Draw a series (T, K): lines for a few outputs, a map for many."""
    axes.set_title("series")
    if signal.shape[1] <= LINES:
        for k, column in enumerate(signal.T):
            axes.plot(steps, column, color=COLOURS[-2 - (k % 2)], linewidth=1.0)
        return
    axes.imshow(
        signal.T, aspect="auto", origin="lower", interpolation="nearest", cmap="Greys",
        extent=(steps[0] - 0.5, steps[-1] + 0.5, 0.5, signal.shape[1] + 0.5),
    )  # fmt: skip
    axes.grid(visible=False)
    axes.set_ylabel("output")


def _draw_cells(axes: Axes, steps: Array, values: Array) -> None:
    for k, column in enumerate(values.T):
        axes.plot(steps, column, color=COLOURS[k], linewidth=1.1)


def _draw_map(axes: Axes, steps: Array, values: Array, is_gate: bool, name: str) -> None:
    """Draw (T, C) as a map: gates from 0 to 1, what has a sign around 0, each cell scaled
    by its own largest value, as their ranges differ by decades."""
    signed = not is_gate or name == "cell input"
    shown = np.where(np.isfinite(values), values, 0.0)
    if signed:
        largest = np.abs(shown).max(axis=0)
        shown = shown / np.where(largest > 0, largest, 1.0)
    image = axes.imshow(
        shown.T, aspect="auto", interpolation="nearest",
        cmap="RdBu_r" if signed else "viridis", vmin=-1 if signed else 0, vmax=1,
        extent=(steps[0] - 0.5, steps[-1] + 0.5, values.shape[1] + 0.5, 0.5),
    )  # fmt: skip
    axes.grid(visible=False)
    axes.set_ylabel("cell")
    figure = axes.get_figure()
    assert figure is not None
    bar = figure.colorbar(image, ax=axes, pad=0.01, fraction=0.03)
    bar.set_label("of its largest" if signed else "open", fontsize=7)
    bar.ax.tick_params(labelsize=7)


def _windows(steps: int) -> list[tuple[int, int]]:
    """Return the rows to show: all, or the first and the last of a long run."""
    if steps <= WINDOW:
        return [(0, steps)]
    return [(0, WINDOW // 2), (steps - WINDOW // 2, steps)]


def _coarse(steps: Array, errors: Array) -> tuple[Array, Array]:
    """Return at most BINS points of errors (N, T): the largest of each bin."""
    size = -(-len(steps) // BINS)
    if size == 1:
        return steps, errors
    starts = np.arange(0, len(steps), size)
    return steps[starts], np.maximum.reduceat(errors, starts, axis=1)


def _fit_to(axes: Axes, target: Array) -> None:
    """Show the target's range and some more; an output that explodes leaves the picture."""
    low, high = float(np.nanmin(target)), float(np.nanmax(target))
    margin = 0.25 * (high - low) or 1.0
    axes.set_ylim(low - margin, high + margin)
