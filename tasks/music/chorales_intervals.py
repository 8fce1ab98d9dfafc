"""Intervals of four voices, as inputs beside their notes, and series of chorales.

Of the last notes there are, 1 where it is so and else 0: the pitch class of each voice,
the pitch classes that sound, the interval of each upper voice above the bass (modulo an
octave), and by how many semitones each voice came to its note from the one before.
"""

from __future__ import annotations

import numpy as np

from evolino.task.series import Series
from evolino.tasks.music.chorales_chords import chords_of
from evolino.tasks.music.chorales_corpus import REST
from evolino.tasks.music.chorales_frames import (
    ORDER,
    RANGES,
    ROWS,
    block,
    last_notes,
    pitches_of,
    rows_of,
)
from evolino.vocabulary import Array, BoolArray, IntArray

OCTAVE = 12
FURTHEST = 12  # semitones; a leap beyond it counts as one of so many
UPPER, BASS = (0, 1, 2), 3
MOVES = 2 * FURTHEST + 1
VOICES = len(ORDER)
INTERVALS = (VOICES + 1) * OCTAVE + len(UPPER) * OCTAVE + VOICES * MOVES


def series_of(notes: IntArray, predicts: str, *, intervals: bool) -> Series:
    """Return the series of notes (T, 4): as pitches, chords or voices (4 T rows)."""
    if predicts == "voices":
        targets = rows_of(notes)
        fed_back = last_notes(targets)
    else:
        targets = (pitches_of if predicts == "pitches" else chords_of)(notes)
        fed_back = targets
    inputs = np.zeros((len(targets), INTERVALS if intervals else 0))
    if intervals:
        rows = ROWS if predicts == "voices" else 1
        inputs[1:] = intervals_of(fed_back, rows)[:-1]
    return Series(inputs, targets, fed_back)


def intervals_of(fed_back: Array, rows: int) -> Array:
    """Return inputs (T, INTERVALS) that follow from notes that are fed back (T, UNITS).

    rows: a frame takes; the note before of each voice was there so many rows before.
    """
    notes = sounding(fed_back)
    before = np.full_like(notes, REST)
    before[rows:] = notes[:-rows]
    there = notes != REST
    classes = _one_of(notes % OCTAVE, there, OCTAVE)
    above = (notes[:, UPPER] - notes[:, [BASS]]) % OCTAVE
    both = there[:, UPPER] & there[:, [BASS]]
    moves = np.clip(notes - before, -FURTHEST, FURTHEST) + FURTHEST
    moved = there & (before != REST)
    parts = (
        classes,
        classes.max(axis=1, keepdims=True),
        _one_of(above, both, OCTAVE),
        _one_of(moves, moved, MOVES),
    )
    return np.concatenate([part.reshape(len(notes), -1) for part in parts], axis=1)


def sounding(fed_back: Array) -> IntArray:
    """Return notes (T, 4), MIDI or REST for none, of what is fed back (T, UNITS)."""
    notes = np.full((len(fed_back), VOICES), REST, dtype=np.int64)
    for row, voice in enumerate(ORDER):
        unit = fed_back[:, block(row)].argmax(axis=1)
        notes[:, voice] = np.where(unit == 0, REST, RANGES[voice][0] + unit - 1)
    return notes


def _one_of(values: IntArray, there: BoolArray, count: int) -> Array:
    """Return (T, V, count): 1 at the values (T, V) that are there."""
    found = (values[..., None] == np.arange(count)) & there[..., None]
    return np.asarray(found, dtype=np.float64)
