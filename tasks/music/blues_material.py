"""Chords and melody of the twelve-bar blues as arrays, read from material/blues.txt."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np

from evolino.sound.score import Note, Score, Track
from evolino.task.series import Split
from evolino.vocabulary import Array, IntArray

BARS, STEPS = 12, 8  # of a chorus, of a bar
CHORUS = BARS * STEPS
CHORD_NOTES, MELODY_NOTES = 12, 13
CHORD_BASE, MELODY_BASE = 48, 60  # MIDI pitches of the first units, C3 and C4
LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
PIANO, FLUTE = 0, 73  # programs of General MIDI


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """chords: (96, 12) of 0 and 1. vocabulary: (V, 12), each chord once. bars: (12, 2, 8),
    the melody unit at each step of the two variants of each bar."""

    chords: Array
    vocabulary: Array
    bars: IntArray


@cache
def material() -> Material:
    """Read the text, once."""
    file = resources.files("evolino.tasks.music") / "material" / "blues.txt"
    form, chords, melody = _sections(file.read_text(encoding="utf-8"))
    vocabulary = {name: _chord(notes) for name, *notes in chords}
    steps: list[Array] = []
    for _, *names in form:
        each = STEPS // len(names)
        steps += [vocabulary[name] for name in names for _ in range(each)]
    bars = np.array([_bar(notes) for _, *notes in melody]).reshape(BARS, 2, STEPS)
    return Material(np.array(steps), np.array(list(vocabulary.values())), bars)


def song(choices: IntArray) -> Array:
    """Return (96, 25): chords and the melody of the chosen variants (12,) of 0 and 1."""
    units = material().bars[np.arange(BARS), choices].reshape(-1)
    return np.concatenate([material().chords, one_hot(units)], axis=1)


def practised(split: Split) -> IntArray:
    """Return (n, 12): the variants of the bars in the training songs."""
    bars = material().bars
    songs = []
    for segment in split.train:
        units = segment.series.targets[:, CHORD_NOTES:].argmax(axis=1)
        by_bar = units.reshape(-1, BARS, STEPS)
        songs.append((by_bar == bars[:, 1]).all(axis=2).astype(np.int64))
    return np.concatenate(songs)


def one_hot(units: IntArray) -> Array:
    """Return (T, 13) of melody units (T,)."""
    return np.asarray(np.eye(MELODY_NOTES)[units])


def to_score(frames: Array, tempo: float) -> Score:
    """Return the music of frames (T, 12) of chords, or (T, 25) of chords and melody.

    A note goes on as long as its unit does: the code has no mark for the end of a note.
    """
    tracks = [Track(notes_of(frames[:, :CHORD_NOTES], CHORD_BASE, 60), "chords", PIANO)]
    if frames.shape[1] > CHORD_NOTES:
        melody = notes_of(frames[:, CHORD_NOTES:], MELODY_BASE, 100)
        tracks.insert(0, Track(melody, "melody", FLUTE))
    return Score(tuple(tracks), tempo)


def to_frames(score: Score, outputs: int) -> Array:
    """Return (T, outputs): the units that sound at each eighth note of a score.

    Below C4 are chords, moved to their octave; from C4 on is melody. Raises ValueError for
    a melody above C5, or where there are units for chords only.
    """
    frames = np.zeros((max(1, int(np.ceil(2 * score.length))), outputs))
    for note in (note for track in score.tracks if not track.drums for note in track.notes):
        unit = note.pitch - MELODY_BASE
        if unit >= 0 and (outputs == CHORD_NOTES or unit >= MELODY_NOTES):
            units = (
                "chords below C4" if outputs == CHORD_NOTES else "a melody from C4 to C5"
            )
            raise ValueError(f"the network plays {units}, got the pitch {note.pitch}")
        column = note.pitch % 12 if unit < 0 else CHORD_NOTES + unit
        frames[round(2 * note.start) : max(round(2 * note.end), 1), column] = 1.0
    return frames


def notes_of(frames: Array, base: int, velocity: int) -> tuple[Note, ...]:
    """Return the notes of frames (T, n) of 0 and 1, eighth notes, unit 0 at pitch base."""
    on = np.zeros((len(frames) + 2, frames.shape[1]), dtype=np.int64)
    on[1:-1] = frames > 0.5
    change = np.diff(on, axis=0)
    notes = []
    for unit in range(frames.shape[1]):
        starts = np.flatnonzero(change[:, unit] == 1)
        ends = np.flatnonzero(change[:, unit] == -1)
        notes += [
            Note(first / 2, (end - first) / 2, base + unit, velocity)
            for first, end in zip(starts.tolist(), ends.tolist(), strict=True)
        ]
    return tuple(sorted(notes, key=lambda note: (note.start, note.pitch)))


def _sections(text: str) -> tuple[list[list[str]], ...]:
    """Return the words of each line of the three sections."""
    sections: dict[str, list[list[str]]] = {}
    lines: list[list[str]] = []
    for line in text.splitlines():
        words = line.split()
        if not words or line.startswith("# "):
            continue
        if line.startswith("["):
            lines = sections.setdefault(line.strip("[]"), [])
        else:
            lines.append(words)
    return sections["form"], sections["chords"], sections["melody"]


def _unit(name: str) -> int:
    """Return semitones above C of a note such as Eb, F# or C', the C an octave higher."""
    sharp, flat, octave = name.count("#"), name[1:].count("b"), name.count("'")
    return LETTERS[name[0]] + sharp - flat + 12 * octave


def _chord(notes: list[str]) -> Array:
    chord = np.zeros(CHORD_NOTES)
    chord[[_unit(note) for note in notes]] = 1.0
    return chord


def _bar(notes: list[str]) -> list[int]:
    units: list[int] = []
    for note in notes:
        units.append(units[-1] if note == "-" else _unit(note))
    if len(units) != STEPS:
        raise ValueError(f"a bar has {STEPS} eighth notes, got {' '.join(notes)}")
    return units
