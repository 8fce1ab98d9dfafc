"""Figures of counting networks: states over a string, margins, accepted strings."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evolino.plots.canvas import (
    BLACK,
    COLOURS,
    GREY,
    label_ends,
    new_figure,
    set_steps,
    style,
    thousands,
)
from evolino.plots.fitness_curves import draw_fitness
from evolino.vocabulary import Array, BoolArray, IntArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from evolino.plots.fitness_curves import Curve

LABELS = 60  # symbols that are written under the axis one by one
LINES = 6  # cells that are drawn: those whose states move most
PALE = "#DDDDDD"  # strings that are not accepted
SMALLEST_MARGIN, LARGEST_MARGIN = -0.5, 1.25  # that are shown


@dataclass(frozen=True, slots=True, eq=False)
class Strings:
    """What a network did on strings of n, ascending, (N,). margins: (N,), above 0 where it
    accepts the string."""

    n: IntArray
    margins: Array

    @property
    def accepted(self) -> BoolArray:
        """(N,)."""
        return np.asarray(self.margins > 0)


def counters_figure(
    symbols: Sequence[str],
    states: Array,
    outputs: Array,
    names: Sequence[str],
) -> Figure:
    """Draw a network's states and outputs over a string, its symbols under the axis.

    symbols: T, the string. states: (T, C). outputs: (T, K). names: K, of the outputs.
    Raises ValueError if the lengths differ.
    """
    _check_lengths(symbols, states, outputs, names)
    with style():
        figure = new_figure(4.4)
        upper, lower = figure.subplots(2, 1)
        _draw_counters(upper, lower, symbols, states, outputs, names)
    return figure


def learned_counters_figure(
    curve: Curve,
    symbols: Sequence[str],
    states: Array,
    outputs: Array,
    names: Sequence[str],
) -> Figure:
    """Draw how fitness fell over evaluations, and below it what `counters_figure` draws.

    curve: losses of one run against evaluations. Raises ValueError if it has no
    generation or the lengths of the others differ.
    """
    _check_lengths(symbols, states, outputs, names)
    with style():
        figure = new_figure(6.4)
        fitness, upper, lower = figure.subplots(3, 1)
        ends = draw_fitness(fitness, curve, "evaluations")
        fitness.set_title("evolution: the loss falls")
        _draw_counters(upper, lower, symbols, states, outputs, names)
        figure.draw_without_rendering()
        label_ends(fitness, ends)
    return figure


def margins_figure(networks: Mapping[str, Sequence[Strings]]) -> Figure:
    """Draw the margin of every string against n: a line for each network, by method.

    Raises ValueError if there is nothing to draw.
    """
    _check(networks)
    with style():
        figure = new_figure(3.2)
        axes = figure.subplots()
        for k, (name, each) in enumerate(networks.items()):
            for j, strings in enumerate(each):
                shown = np.clip(strings.margins, SMALLEST_MARGIN, LARGEST_MARGIN)
                label = name if j == 0 else None
                axes.plot(
                    strings.n, shown, color=COLOURS[k % 8], linewidth=1.0, label=label
                )
        axes.axhline(0.0, color=BLACK, linewidth=0.7)
        axes.set_ylim(SMALLEST_MARGIN, LARGEST_MARGIN)
        axes.set(xlabel="n", ylabel="smallest margin of an output")
        _log_n(axes, networks)
        axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=3)
    return figure


def acceptance_figure(networks: Mapping[str, Sequence[Strings]]) -> Figure:
    """Draw which n each network accepts: a bar for each, methods one below the other.

    The networks of a method are sorted by the first n that they do not accept. Raises
    ValueError if there is nothing to draw.
    """
    _check(networks)
    rows = sum(len(each) for each in networks.values()) + len(networks) - 1
    with style():
        figure = new_figure(1.0 + max(0.09 * rows, 0.25 * len(networks)))
        axes = figure.subplots()
        at, ends = 0, []
        for k, (name, each) in enumerate(networks.items()):
            first = at
            for strings in sorted(each, key=_reached, reverse=True):
                _draw_bar(axes, strings, at, COLOURS[k % 8])
                at += 1
            ends.append(((first + at - 1) / 2, _described(name, each), COLOURS[k % 8]))
            at += 1
        axes.set_ylim(at - 1.4, -0.6)
        axes.set_yticks([])
        axes.set_xlabel("n: coloured where the string is accepted, grey where not")
        _log_n(axes, networks)
        label_ends(axes, ends)
    return figure


def _check_lengths(
    symbols: Sequence[str], states: Array, outputs: Array, names: Sequence[str]
) -> None:
    if not len(symbols) == len(states) == len(outputs) or len(names) != outputs.shape[1]:
        raise ValueError(
            f"got {len(symbols)} symbols, states {states.shape}, outputs {outputs.shape} "
            f"and {len(names)} names"
        )


def _draw_counters(
    upper: Axes,
    lower: Axes,
    symbols: Sequence[str],
    states: Array,
    outputs: Array,
    names: Sequence[str],
) -> None:
    """Draw states into the upper axes, outputs into the lower ones."""
    moved = np.argsort(-np.ptp(states, axis=0), kind="stable")[:LINES]
    upper.sharex(lower)
    upper.tick_params(labelbottom=False)
    steps = np.arange(len(symbols))
    shown = np.sort(moved)
    _draw_lines(upper, steps, states[:, shown], [f"cell {k + 1}" for k in shown])
    upper.set_title("cell states")
    _draw_lines(lower, steps, np.clip(outputs, -2.0, 2.0), list(names))
    lower.axhline(0.0, color=BLACK, linewidth=0.7)
    lower.set_title("outputs: above 0, may come next")
    for axes in (upper, lower):
        _separate(axes, symbols)
        set_steps(axes, 0, len(symbols) - 1)
        axes.tick_params(axis="x", length=0)
        axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=LINES)
    _write_symbols(lower, symbols)


def _draw_lines(axes: Axes, steps: IntArray, values: Array, names: Sequence[str]) -> None:
    for k, (column, name) in enumerate(zip(values.T, names, strict=True)):
        axes.plot(steps, column, color=COLOURS[k % 8], linewidth=1.2, label=name)


def _separate(axes: Axes, symbols: Sequence[str]) -> None:
    """Draw a line wherever the symbol changes."""
    axes.grid(visible=False, axis="x")
    for step in range(1, len(symbols)):
        if symbols[step] != symbols[step - 1]:
            axes.axvline(step - 0.5, color=GREY, linewidth=0.5)


def _write_symbols(axes: Axes, symbols: Sequence[str]) -> None:
    """Write the string under the axis, of a long one each symbol once."""
    changes = [k for k in range(1, len(symbols)) if symbols[k] != symbols[k - 1]]
    if len(symbols) <= LABELS:
        axes.set_xticks(range(len(symbols)), list(symbols))
    else:
        starts, stops = [0, *changes], [*changes, len(symbols)]
        centres = [(a + b - 1) / 2 for a, b in zip(starts, stops, strict=True)]
        texts = [
            symbols[a] if b - a == 1 else f"{symbols[a]} x {b - a}"
            for a, b in zip(starts, stops, strict=True)
        ]
        axes.set_xticks(centres, texts)


def _draw_bar(axes: Axes, strings: Strings, row: int, colour: str) -> None:
    """Draw runs of n that are accepted, and of those that are not, each to the next n."""
    accepted = strings.accepted
    edges = [0, *(np.flatnonzero(np.diff(accepted)) + 1).tolist(), len(accepted)]
    reach = np.append(strings.n, strings.n[-1] * 1.05)
    for first, last in itertools.pairwise(edges):
        left, right = reach[first], reach[last]
        shade = colour if accepted[first] else PALE
        axes.barh(row, right - left, left=left, height=0.7, color=shade)


def _log_n(axes: Axes, networks: Mapping[str, Sequence[Strings]]) -> None:
    every = [strings.n for each in networks.values() for strings in each]
    axes.set_xscale("log")
    last = max(int(n[-1]) for n in every)
    axes.set_xlim(min(int(n[0]) for n in every), max(last, 2))
    thousands(axes.xaxis, last)
    axes.grid(visible=False, axis="y")


def _reached(strings: Strings) -> int:
    """Return the largest n such that all that were tried up to it are accepted."""
    wrong = np.flatnonzero(~strings.accepted)
    if not len(wrong):
        return int(strings.n[-1])
    return int(strings.n[wrong[0] - 1]) if wrong[0] else 0


def _described(name: str, each: Sequence[Strings]) -> str:
    reached = sorted(_reached(strings) for strings in each)
    return f"{name}\nmedian {int(np.median(reached)):,}"


def _check(networks: Mapping[str, Sequence[Strings]]) -> None:
    if not any(len(each) for each in networks.values()):
        raise ValueError("there is no network to draw")
