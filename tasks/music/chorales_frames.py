"""Encoding of four voices as frames of units, and decoding to notes and scores.

Pitches: a unit for each pitch, 1 while any voice sounds it. Voices: a row for each voice
in the order soprano, bass, alto, tenor, four rows a frame; each voice has a block of units,
the first for a rest, then one for each pitch of its range. The target of a row is one unit;
what is fed back is the last note of every voice.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evolino.sound.score import Note, Score, Track
from evolino.tasks.music.piano_rolls import score_of_roll, stretches
from evolino.vocabulary import Array, IntArray

VOICES = ("soprano", "alto", "tenor", "bass")
ORDER = (0, 3, 1, 2)  # the voice of each of a frame's rows
# The lowest and highest pitches of each voice, as written or moved to C major or A minor.
RANGES = ((52, 84), (48, 79), (44, 74), (31, 67))
LOWEST, HIGHEST = 31, 84
PITCHES = HIGHEST - LOWEST + 1
SIZES = tuple(2 + RANGES[v][1] - RANGES[v][0] for v in ORDER)
FIRSTS = np.cumsum((0, *SIZES[:-1]))
UNITS = sum(SIZES)
ROWS = len(ORDER)
REST = 0
CHURCH_ORGAN = 19  # of General MIDI


def pitches_of(notes: IntArray) -> Array:
    """Return (T, PITCHES) of notes (T, 4). Raises ValueError for a pitch out of range."""
    frames = np.zeros((len(notes), PITCHES))
    rows, voices = np.nonzero(notes != REST)
    pitches = notes[rows, voices]
    _check(pitches, LOWEST, HIGHEST, "the chorales")
    frames[rows, pitches - LOWEST] = 1.0
    return frames


def rows_of(notes: IntArray) -> Array:
    """Return (4 T, UNITS) of notes (T, 4). Raises ValueError for a pitch out of range."""
    frames = np.zeros((len(notes), ROWS, UNITS))
    for row, voice in enumerate(ORDER):
        frames[np.arange(len(notes)), row, _units(notes[:, voice], row)] = 1.0
    return frames.reshape(-1, UNITS)


def last_notes(rows: Array) -> Array:
    """Return (4 T, UNITS): the last note of every voice at each row of targets."""
    latest = rows.copy()
    for back in range(1, ROWS):
        latest[back:] += rows[:-back]
    return latest


def notes_of(latest: Array) -> IntArray:
    """Return notes (T, 4) of the last notes in rows (4 T, UNITS), see `last_notes`."""
    notes = np.zeros((len(latest) // ROWS, len(VOICES)), dtype=np.int64)
    whole = latest[ROWS - 1 :: ROWS]
    for row, voice in enumerate(ORDER):
        unit = whole[:, block(row)].argmax(axis=1)
        notes[:, voice] = np.where(unit == 0, REST, RANGES[voice][0] + unit - 1)
    return notes


def block(row: int) -> slice:
    """Return the units of the voice of a frame's row."""
    return slice(int(FIRSTS[row]), int(FIRSTS[row]) + SIZES[row])


def score_of_pitches(frames: Array, beats: float, tempo: float) -> Score:
    """Return the music of frames (T, PITCHES), so many beats each, on an organ."""
    return score_of_roll(frames, LOWEST, beats, tempo, "chorale", CHURCH_ORGAN)


def score_of_voices(notes: IntArray, beats: float, tempo: float) -> Score:
    """Return the music of notes (T, 4), so many beats each; a track for each voice."""
    tracks = []
    for voice, name in enumerate(VOICES):
        own = tuple(
            Note(first * beats, (end - first) * beats, int(pitch))
            for first, end, pitch in stretches(notes[:, voice])
            if pitch != REST
        )
        tracks.append(Track(own, name, CHURCH_ORGAN))
    return Score(tuple(tracks), tempo)


def voices_of(score: Score, beats: float) -> IntArray:
    """Return notes (T, 4), so many beats each, of what sounds in a score.

    The highest note at a time is the soprano's, the lowest the bass's, those between them
    alto and tenor; with one note there is a soprano only. Drums are left out. Raises
    ValueError for a score without notes.
    """
    sounding = [
        (round(note.start / beats), max(round(note.end / beats), 1), note.pitch)
        for track in score.tracks
        if not track.drums
        for note in track.notes
    ]
    if not sounding:
        raise ValueError("the score has no notes")
    at: list[set[int]] = [set() for _ in range(max(end for _, end, _ in sounding))]
    for first, end, pitch in sounding:
        for t in range(first, end):
            at[t].add(pitch)
    return np.array([_shared_out(sorted(each)) for each in at], dtype=np.int64)


def _shared_out(pitches: Sequence[int]) -> list[int]:
    """Return the four voices of ascending pitches."""
    if not pitches:
        return [REST] * 4
    inner = [*pitches[1:-1]][-2:] if len(pitches) > 2 else []
    alto = inner[-1] if inner else REST
    tenor = inner[0] if len(inner) > 1 else REST
    bass = pitches[0] if len(pitches) > 1 else REST
    return [pitches[-1], alto, tenor, bass]


def _units(pitches: IntArray, row: int) -> IntArray:
    """Return the units (T,) of the pitches of the voice of a frame's row."""
    voice = ORDER[row]
    low, high = RANGES[voice]
    _check(pitches[pitches != REST], low, high, f"the {VOICES[voice]}")
    units = np.where(pitches == REST, FIRSTS[row], FIRSTS[row] + 1 + pitches - low)
    return np.asarray(units, dtype=np.int64)


def _check(pitches: IntArray, low: int, high: int, who: str) -> None:
    wrong = pitches[(pitches < low) | (pitches > high)]
    if len(wrong):
        raise ValueError(
            f"{who} must have MIDI pitches from {low} to {high}, got {int(wrong[0])}"
        )
