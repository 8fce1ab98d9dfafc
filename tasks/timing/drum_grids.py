"""Drum patterns from text grids: parser, frames at any tempo, score.

A line for each voice: its drum, then its bars between upright lines, x a stroke, - none.
`steps a beat: 4` says how many steps of the grid a quarter note has; # begins a comment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources

import numpy as np

from evolino.sound.drums import NAMES
from evolino.sound.score import Note, Score, Track
from evolino.storage.files import user_path
from evolino.vocabulary import Array, IntArray, unknown_name

SHIPPED = ("rock", "bossa", "bembe")
PITCHES = {name: pitch for pitch, name in NAMES.items()}
SIGNS = "x-"
FRAME_RATE = 64  # frames a second
LARGEST_FILE = 100_000  # bytes
ROUNDING = 1e-9  # of a sum of shares of a step


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """voices: drums by name, V of them. strokes: (L, V) of 0 and 1, a row for each step.
    bars: how many. steps_a_beat: of a quarter note."""

    voices: tuple[str, ...]
    strokes: Array
    bars: int
    steps_a_beat: int

    @property
    def steps(self) -> int:
        """L, of the whole pattern."""
        return len(self.strokes)

    @property
    def steps_a_bar(self) -> int:
        """Steps of one bar."""
        return self.steps // self.bars

    def tempo(self, lasting: float) -> float:
        """Return the beats a minute at which a step lasts so many frames."""
        return 60.0 * FRAME_RATE / (lasting * self.steps_a_beat)

    def lasting(self, tempo: float) -> int:
        """Return the whole number of frames that a step lasts, nearest to a tempo."""
        return round(60.0 * FRAME_RATE / (tempo * self.steps_a_beat))

    def played(self, lasting: IntArray) -> Array:
        """Return (T, 1 + V), what sounds in each frame: the pulse, then the voices.

        lasting: (T,), frames that a step lasts at each moment. A step begins at frame 0,
        and then wherever the shares of a step that the frames since the last one took,
        1 / lasting each, come to 1; there the pulse is 1, and so is every voice that has a
        stroke.
        """
        at = _onsets(lasting)
        frames = np.zeros((len(lasting), 1 + len(self.voices)))
        frames[at, 0] = 1.0
        frames[at, 1:] = self.strokes[np.arange(len(at)) % self.steps]
        return frames

    def score(self, frames: Array, lasting: IntArray) -> Score:
        """Return the music of frames (T, 1 + V) at tempi (T,); the pulse is silent."""
        beats = (np.cumsum(1.0 / lasting) - 1.0 / lasting) / self.steps_a_beat
        length = 0.5 / self.steps_a_beat
        notes = [
            Note(float(beats[t]), length, PITCHES[self.voices[v]], 100)
            for t, v in np.argwhere(frames[:, 1:] > 0.5).tolist()
        ]
        changes = np.flatnonzero(np.diff(lasting)) + 1
        tempi = tuple((float(beats[t]), self.tempo(lasting[t])) for t in changes)
        per_bar = max(1, self.steps_a_bar // self.steps_a_beat)
        track = Track(tuple(notes), "drums", drums=True)
        return Score((track,), self.tempo(lasting[0]), tempi, per_bar)


def _onsets(lasting: IntArray) -> IntArray:
    """Return the frames at which a step begins."""
    if (lasting == lasting[0]).all():
        return np.arange(0, len(lasting), int(lasting[0]))
    passed = np.cumsum(1.0 / lasting) - 1.0 / lasting
    at = [0]
    while True:
        following = int(np.searchsorted(passed, passed[at[-1]] + 1.0 - ROUNDING))
        if following >= len(lasting):
            return np.array(at)
        at.append(following)


def read_lines(name: str) -> tuple[str, ...]:
    """Return the lines of a shipped pattern, or of a file.

    Raises ValueError if there is neither, or the file is empty or no text.
    """
    if name in SHIPPED:
        file = resources.files("evolino.tasks.timing") / "material" / f"{name}.txt"
        return tuple(file.read_text(encoding="utf-8").splitlines())
    path = user_path(name, "grid")
    if not path.is_file():
        raise ValueError(
            f"grid must be one of {', '.join(SHIPPED)} or a file, got {name!r}"
        )
    if path.stat().st_size > LARGEST_FILE:
        raise ValueError(f"grid: {path} has more than {LARGEST_FILE:,} bytes")
    try:
        lines = tuple(path.read_text(encoding="utf-8").splitlines())
    except UnicodeDecodeError:
        raise ValueError(f"grid: {path} is not a text") from None
    if not any(line.strip() for line in lines):
        raise ValueError(f"grid: {path} is empty")
    return lines


def parse_grid(lines: Sequence[str]) -> Grid:
    """Return the pattern of a text.

    Raises ValueError, naming the line, for signs other than x and -, a voice that is no
    drum or comes twice, rows of different bars, a pattern without strokes, and steps a beat
    that are no number.
    """
    steps_a_beat, bars = 4, None
    rows: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        text = line.partition("#")[0].strip()
        if not text:
            continue
        if text.startswith("steps a beat"):
            steps_a_beat = _steps_a_beat(number, text)
            continue
        voice, row = _row(number, text)
        if voice in rows:
            raise ValueError(f"grid: line {number} has {voice!r} for the second time")
        lengths = [len(bar) for bar in row]
        if bars is not None and lengths != bars:
            raise ValueError(
                f"grid: line {number}: the bars of {voice!r} have {_listed(lengths)} "
                f"steps, those above {_listed(bars)}"
            )
        bars, rows[voice] = lengths, "".join(row)
    if bars is None:
        raise ValueError("grid: there is no voice")
    if len(set(bars)) > 1:
        raise ValueError(f"grid: bars must be of one length, got {_listed(bars)} steps")
    strokes = np.array([[float(sign == "x") for sign in row] for row in rows.values()]).T
    if not strokes.any():
        raise ValueError("grid: there is no stroke")
    if not strokes.any(axis=0).all():
        silent = next(v for v, n in zip(rows, strokes.sum(axis=0), strict=True) if not n)
        raise ValueError(f"grid: {silent!r} has no stroke")
    return Grid(tuple(rows), strokes, len(bars), steps_a_beat)


def _row(number: int, text: str) -> tuple[str, list[str]]:
    """Return a voice and its bars."""
    voice, upright, rest = text.partition("|")
    voice = voice.strip()
    if not upright:
        raise ValueError(f"grid: line {number} needs a drum, then |, got {text!r}")
    if voice not in PITCHES:
        raise unknown_name(f"drum in line {number} of the grid,", voice, PITCHES)
    bars = [bar.strip() for bar in rest.strip().removesuffix("|").split("|")]
    for sign in "".join(bars):
        if sign not in SIGNS:
            raise ValueError(
                f"grid: line {number} has the sign {sign!r}; x is a stroke and - is none"
            )
    if not all(bars):
        raise ValueError(f"grid: line {number} has an empty bar")
    return voice, bars


def _steps_a_beat(number: int, text: str) -> int:
    value = text.partition(":")[2].strip()
    if not value.isdecimal() or not 1 <= int(value) <= 16:
        raise ValueError(
            f"grid: line {number}: steps a beat must be 1 to 16, got {value!r}"
        )
    return int(value)


def _listed(numbers: list[int]) -> str:
    return ", ".join(map(str, numbers))
