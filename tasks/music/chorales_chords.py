"""Chords of four voices: their notes as units, and the chances of the pitches that sound.

A chord has one unit of each voice's block, the blocks of `chorales_frames`. Voices are
predicted each by itself, so a pitch p is silent where no voice sings it:

    P(p sounds) = 1 - prod over voices v of (1 - P(v sings p))
"""

from __future__ import annotations

import numpy as np

from evolino.tasks.music.chorales_frames import (
    LOWEST,
    ORDER,
    PITCHES,
    RANGES,
    ROWS,
    UNITS,
    block,
    notes_of,
    rows_of,
)
from evolino.tasks.music.music_measures import frame_nats, frame_nats_gradient
from evolino.vocabulary import Array, IntArray


def chords_of(notes: IntArray) -> Array:
    """Return (T, UNITS) of notes (T, 4). Raises ValueError for a pitch out of range."""
    return np.asarray(rows_of(notes).reshape(-1, ROWS, UNITS).sum(axis=1))


def notes_of_chords(chords: Array) -> IntArray:
    """Return notes (T, 4) of chords (T, UNITS)."""
    return notes_of(np.repeat(chords, ROWS, axis=0))


def pitch_chances(chances: Array) -> Array:
    """Return (.., PITCHES), whether each pitch sounds, for chances (.., UNITS) of notes.

    Of chords, 0 and 1, it gives the pitches themselves.
    """
    return np.asarray(1.0 - _silent(chances).prod(axis=0))


def pitch_chances_backward(chances: Array, to_pitches: Array) -> Array:
    """Return (.., UNITS): the gradient of chances of notes, from that of pitches
    (.., PITCHES)."""
    silent = _silent(chances)
    found = np.zeros_like(chances)
    for row in range(ROWS):
        others = np.delete(silent, row, axis=0).prod(axis=0) * to_pitches
        found[..., _sung(row)] = others[..., _pitches(row)]
    return found


def chord_nats(outputs: Array, targets: Array) -> Array:
    """Return (..): the nats of the pitches that sound, for chances and targets
    (.., UNITS) of notes; as `frame_nats`."""
    return frame_nats(pitch_chances(outputs), pitch_chances(targets))


def chord_nats_gradient(outputs: Array, targets: Array) -> tuple[float, Array]:
    """Return the mean of `chord_nats` over the rows that are not NaN, and its gradient."""
    value, back = frame_nats_gradient(pitch_chances(outputs), pitch_chances(targets))
    return value, pitch_chances_backward(outputs, back)


def _silent(chances: Array) -> Array:
    """Return (4, .., PITCHES): the chance that a voice does not sing a pitch."""
    silent = np.ones((ROWS, *chances.shape[:-1], PITCHES))
    for row in range(ROWS):
        silent[row][..., _pitches(row)] -= chances[..., _sung(row)]
    return silent


def _sung(row: int) -> slice:
    """Return the units of a voice but its rest."""
    own = block(row)
    return slice(own.start + 1, own.stop)


def _pitches(row: int) -> slice:
    """Return the pitches that a voice has units for."""
    low, high = RANGES[ORDER[row]]
    return slice(low - LOWEST, high - LOWEST + 1)
