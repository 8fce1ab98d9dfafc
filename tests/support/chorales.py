"""Chorales that nobody wrote: for tests of what is learnt from those that music21 has."""

from __future__ import annotations

import numpy as np

from evolino.storage.archive import save_state
from evolino.tasks.music.chorales_corpus import FILE, KIND, Chorale, to_state
from evolino.tasks.music.chorales_split import MELODY, parts_by_number

SCALE = np.array([0, 2, 4, 5, 7, 9, 11])
# Soprano, alto, tenor, bass on C major chords, in steps of the scale above C4.
CHORDS = np.array([[7, 4, 2, -7], [9, 5, 3, -4], [8, 4, 1, -3], [7, 4, 2, -5]])


def chorale(number: int) -> Chorale:
    """Chords in C major, moved by the number, a quarter note each, for 5 bars and more."""
    rng = np.random.default_rng(number)
    steps = CHORDS[rng.integers(0, 4, 24 + number % 5)]
    steps[-8:] = CHORDS[0]
    notes = 60 + 12 * (steps // 7) + SCALE[steps % 7] + number % 4 - 1
    return Chorale(number, np.repeat(notes, 2, axis=0).astype(np.int64), 16)


def save_chorales(folder):
    """Write some to a cache folder, of all parts of the splits."""
    folder.mkdir(parents=True, exist_ok=True)
    found = [chorale(number) for number in sorted(parts_by_number(MELODY))[::9]]
    save_state(folder / FILE, to_state(found), kind=KIND)
    return found
