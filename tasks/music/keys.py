"""Key finding by Krumhansl's profiles, and transposition to C major or A minor.

Source: Krumhansl 1990, Cognitive Foundations of Musical Pitch, table 2.1: how well each
of the twelve notes fits a key (recalled); the key is the one whose profile correlates best
with how long each note sounds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evolino.vocabulary import Array

MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
FINAL = 0.15  # what the last bass note adds to the correlation of its own key
C, A = 0, 9


@dataclass(frozen=True, slots=True)
class Key:
    """tonic: semitones above C. minor: the mode."""

    tonic: int
    minor: bool

    @property
    def to_plain(self) -> int:
        """Semitones, -6 to 5, that move the piece to C major or A minor."""
        return ((A if self.minor else C) - self.tonic + 6) % 12 - 6


def key_of(lengths: Array, last_bass: int) -> Key:
    """Return the key of a piece.

    lengths: (12,), how long each note from C to B sounds in all. last_bass: a MIDI pitch.
    """
    best, found = -np.inf, Key(C, False)
    for tonic in range(12):
        for profile, minor in ((MAJOR, False), (MINOR, True)):
            fit = float(np.corrcoef(np.roll(profile, tonic), lengths)[0, 1])
            fit += FINAL * (last_bass % 12 == tonic)
            if fit > best:
                best, found = fit, Key(tonic, minor)
    return found
