"""Pictures of networks that act: an episode over time, and the starts that are held."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evolino.environments.base import (
    ACROBOT,
    CART,
    MAZE,
    MEMORY,
    NOISY_PENDULUM,
    PENDULUM,
    PUSHED_CART,
    REPEAT_PREVIOUS,
    Environment,
)
from evolino.environments.catalogue import TRACK
from evolino.models.acting import Trajectory
from evolino.plots.canvas import (
    BLUE,
    COLOURS,
    GREY,
    VERMILION,
    new_figure,
    set_steps,
    style,
)
from evolino.vocabulary import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

OBSERVED = {
    MEMORY: ("cue", "question"),
    MAZE: ("cue up", "cue down", "corridor", "junction"),
    PENDULUM: ("cosine", "sine"),
    NOISY_PENDULUM: ("cosine", "sine"),
    PUSHED_CART: ("cart", "pole"),
    REPEAT_PREVIOUS: ("spades", "diamonds", "clubs", "hearts"),
    ACROBOT: ("inner cosine", "inner sine", "outer cosine", "outer sine"),
}


def observed(environment: Environment) -> tuple[str, ...]:
    """Return the names of what a network is given."""
    if environment.kind == CART:
        names = ["cart", "long pole", "short pole"][: environment.states // 2]
        shown = environment.observations > len(names)
        every = [(name, f"{name}, speed") if shown else (name,) for name in names]
        return tuple(name for pair in every for name in pair)
    return OBSERVED.get(environment.kind, ("position",))


def episode_figure(
    environment: Environment, seen: Trajectory, *, seconds: float = 0.02
) -> Figure:
    """Draw an episode: what the network is given, its outputs, its cells.

    seconds: of a step; the axis counts steps where the environment has no time.
    """
    steps = len(seen.outputs)
    timed = environment.kind == CART
    axis = np.arange(steps) * (seconds if timed else 1.0)
    rows = (
        ("observations", seen.observations, observed(environment)),
        ("outputs", seen.outputs, tuple(f"output {k}" for k in range(environment.actions))),
        (
            "cell outputs",
            seen.cells,
            tuple(f"cell {k}" for k in range(seen.cells.shape[1])),
        ),
    )
    with style():
        figure = new_figure(4.6)
        for axes, (label, values, names) in zip(
            figure.subplots(3, 1, sharex=True), rows, strict=True
        ):
            for column, name in zip(values.T, names, strict=True):
                colour = COLOURS[names.index(name) % len(COLOURS)]
                axes.plot(axis, column, color=colour, label=name, linewidth=1.0)
            axes.set_ylabel(label)
            axes.legend(loc="upper right", ncols=min(len(names), 6))
            set_steps(axes, 0.0, float(axis[-1]))
        axes.set_xlabel("seconds" if timed else "steps")
    return figure


def starts_figure(held: Array) -> Figure:
    """Draw which of the 625 starts of two poles a network holds, in plain small squares.

    held: (625,), steps held of 1,000 each, in the order of
    `evolino.environments.catalogue.generalisation_starts`. Raises ValueError for another
    number.
    """
    if held.shape != (625,):
        raise ValueError(f"held must have shape (625,), got {held.shape}")
    # Rows: speed in blocks of positions; columns: pole's speed in blocks of its angles.
    grid = held.reshape(5, 5, 5, 5).reshape(25, 25)
    with style():
        figure = new_figure(6.0)
        axes = figure.subplots()
        image = axes.imshow(grid, vmin=0, vmax=1000, cmap="viridis", origin="lower")
        for edge in np.arange(4.5, 24, 5):
            axes.axhline(edge, color="white", linewidth=2)
            axes.axvline(edge, color="white", linewidth=2)
        places = np.arange(2, 25, 5)
        shares = np.array([0.05, 0.25, 0.5, 0.75, 0.95])
        positions, angles = (2 * shares - 1) * 2.16, (2 * shares - 1) * 3.6
        axes.set_yticks(places, [f"{x:+.2f}" for x in positions])
        axes.set_xticks(places, [f"{x:+.1f}" for x in angles])
        axes.set_ylabel("cart's position in m; inside a block upwards: its speed")
        axes.set_xlabel("long pole's angle in degrees; inside a block: its speed")
        axes.set_title(f"{int((held >= 1000).sum())} of 625 starts held for 1,000 steps")
        axes.grid(visible=False)
        figure.colorbar(image, ax=axes, label="steps held", shrink=0.8)
    return figure


def frame_figure(
    environment: Environment, seen: Trajectory, step: int, title: str
) -> Figure:
    """Draw a scene: the environment at one step."""
    with style():
        figure = new_figure(2.6)
        axes = figure.subplots()
        axes.grid(visible=False)
        axes.set_title(title)
        state = seen.states[step]
        if environment.kind in (CART, PUSHED_CART):
            _cart(axes, state)
        elif environment.kind in (PENDULUM, NOISY_PENDULUM):
            _rod(axes, 0.0, 0.0, state[0], 1.0, BLUE)
            axes.set(xlim=(-2.8, 2.8), ylim=(-1.1, 1.1), aspect="equal")
        elif environment.kind == ACROBOT:
            _links(axes, state)
        else:
            _bars(axes, environment, seen, step)
    return figure


def _cart(axes: Axes, state: Array) -> None:
    track = TRACK
    axes.plot([-track, track], [0, 0], color=GREY, linewidth=1)
    axes.plot([state[0] - 0.2, state[0] + 0.2], [0.05, 0.05], color="black", linewidth=8)
    for angle, length, colour in zip(
        state[2::2], (1.0, 0.1), (BLUE, VERMILION), strict=False
    ):
        _rod(axes, state[0], 0.1, angle, length, colour)
    axes.set(xlim=(-track, track), ylim=(-0.1, 1.2), aspect="equal")
    axes.set_xlabel("metres")


def _rod(axes: Axes, x: float, y: float, angle: float, length: float, colour: str) -> None:
    end = x + length * np.sin(angle), y + length * np.cos(angle)
    axes.plot([x, end[0]], [y, end[1]], color=colour, linewidth=3)


def _links(axes: Axes, state: Array) -> None:
    """Draw two links that hang from a hinge at angles 0, and the height to reach."""
    first, second = np.pi - state[0], np.pi - state[0] - state[1]
    _rod(axes, 0.0, 0.0, first, 1.0, BLUE)
    _rod(axes, float(np.sin(first)), float(np.cos(first)), second, 1.0, VERMILION)
    axes.axhline(1.0, color=GREY, linewidth=1)
    axes.set(xlim=(-3.2, 3.2), ylim=(-2.1, 2.1), aspect="equal")


def _bars(axes: Axes, environment: Environment, seen: Trajectory, step: int) -> None:
    names = observed(environment)
    axes.barh(names, seen.observations[step], color=BLUE)
    axes.set(xlim=(-1.5, 1.5), xlabel="observations")
