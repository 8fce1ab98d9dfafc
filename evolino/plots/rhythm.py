"""Drum patterns as a grid: target strokes, played strokes and tempo."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evolino.plots.canvas import BLUE, GREY, VERMILION, new_figure, style
from evolino.sound.drums import NAMES
from evolino.sound.score import Score
from evolino.vocabulary import Array

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ROW = 0.22  # inches a voice
CLOSE = 0.01  # seconds, within which a stroke matches one of the target


def rhythm_figure(target: Score, played: Score) -> Figure:
    """Draw drums as a grid over time: open squares are the target, dots played.

    Strokes that match none of the target are red. Above it the tempo. Raises ValueError if
    the target has no stroke.
    """
    grid, strokes = _strokes(target), _strokes(played)
    if not grid:
        raise ValueError("there is no stroke to draw")
    pitches = sorted(set(grid) | set(strokes))
    end = target.seconds_at(target.length)
    with style():
        figure = new_figure(1.5 + ROW * len(pitches))
        above, below = figure.subplots(
            2, 1, sharex=True, height_ratios=[1.0, 1.0 + 0.45 * len(pitches)]
        )
        above.step(*_tempi(target, end), where="post", color=BLUE)
        above.set_ylabel("tempo")
        for row, pitch in enumerate(pitches):
            due = grid.get(pitch, np.zeros(0))
            here = strokes.get(pitch, np.zeros(0))
            near = [np.abs(due - at).min(initial=1.0) < CLOSE for at in here]
            right = np.array(near, dtype=bool)
            box = {"marker": "s", "facecolors": "none", "edgecolors": GREY, "s": 24}
            below.scatter(due, np.full(len(due), row), linewidths=0.7, **box)
            for label, colour, at in (
                ("played", BLUE, here[right]),
                ("not in the target", VERMILION, here[~right]),
            ):
                below.scatter(at, np.full(len(at), row), s=7, color=colour, label=label)
        below.set_yticks(range(len(pitches)), [NAMES.get(p, str(p)) for p in pitches])
        below.set_ylim(-0.7, len(pitches) - 0.3)
        below.grid(False)
        bars = np.arange(0.0, target.length + 1e-9, target.beats_per_bar)
        for bar in bars:
            below.axvline(target.seconds_at(float(bar)), color=GREY, linewidth=0.5)
        below.set_xlim(0, end)
        below.set_xlabel("seconds; a line before each bar")
    return figure


def _strokes(score: Score) -> dict[int, Array]:
    """Return the seconds of the strokes on each drum."""
    found: dict[int, list[float]] = {}
    for track in score.tracks:
        for note in track.notes:
            found.setdefault(note.pitch, []).append(score.seconds_at(note.start))
    return {pitch: np.array(at) for pitch, at in found.items()}


def _tempi(score: Score, end: float) -> tuple[list[float], list[float]]:
    """Return when each tempo begins, in seconds, and the tempi; the last until the end."""
    changes = [(0.0, score.tempo), *score.tempo_changes]
    seconds = [score.seconds_at(beat) for beat, _ in changes]
    tempi = [tempo for _, tempo in changes]
    return [*seconds, end], [*tempi, tempi[-1]]
