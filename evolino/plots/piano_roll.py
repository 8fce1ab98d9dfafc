"""Piano rolls of scores, one above the other: time to the right, pitch upwards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from evolino.plots.canvas import COLOURS, new_figure, style
from evolino.sound.drums import NAMES
from evolino.sound.score import Score

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NOTE_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
HEIGHT = 1.9  # inches a score


def piano_roll_figure(scores: Mapping[str, Score], *, bars: int | None = None) -> Figure:
    """Draw scores, each under its title; a colour for each track.

    bars: how many are shown; None is all. Drums get a line each, by name. Raises
    ValueError if there is nothing to draw.
    """
    if not scores:
        raise ValueError("there is no score to draw")
    with style():
        figure = new_figure(0.5 + HEIGHT * len(scores))
        rows = figure.subplots(len(scores), 1, squeeze=False)[:, 0]
        for axes, (title, score) in zip(rows, scores.items(), strict=True):
            _draw(axes, score, bars)
            axes.set_title(title)
        rows[-1].set_xlabel("bar")
    return figure


def note_name(pitch: int) -> str:
    """Return a pitch as C4, middle C."""
    return f"{NOTE_NAMES[pitch % 12]}{pitch // 12 - 1}"


def _draw(axes: Axes, score: Score, bars: int | None) -> None:
    drums = sorted({n.pitch for track in score.tracks if track.drums for n in track.notes})
    pitches = [n.pitch for track in score.tracks if not track.drums for n in track.notes]
    lowest = min(pitches, default=0)
    heights = {pitch: lowest - 2 - len(drums) + k for k, pitch in enumerate(drums)}
    for k, track in enumerate(score.tracks):
        at = [heights[n.pitch] if track.drums else n.pitch for n in track.notes]
        per_bar = score.beats_per_bar
        axes.barh(
            at,
            [0.94 * n.length / per_bar for n in track.notes],
            left=[n.start / per_bar for n in track.notes],
            height=0.9,
            color=COLOURS[k % len(COLOURS)],
            label=track.name or f"track {k + 1}",
        )
    last = bars or max(1, int(np.ceil(score.length / score.beats_per_bar - 1e-9)))
    step = max(1, -(-last // 12))
    axes.set_xlim(0, last)
    axes.set_xticks(
        range(0, last + 1, step), [str(k + 1) for k in range(0, last + 1, step)]
    )
    named = [p for p in range(lowest, max(pitches, default=0) + 1) if p % 12 in (0, 7)]
    ticks = {p: note_name(p) for p in named} if pitches else {}
    ticks |= {heights[p]: NAMES.get(p, f"drum {p}") for p in drums}
    axes.set_yticks(list(ticks), list(ticks.values()))
    if len(score.tracks) > 1:
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
