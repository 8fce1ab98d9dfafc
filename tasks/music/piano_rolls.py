"""Piano rolls: frames (T, K) of sounding pitches, to and from scores."""

from __future__ import annotations

import numpy as np

from evolino.sound.score import Note, Score, Track
from evolino.vocabulary import Array, IntArray


def score_of_roll(
    frames: Array, lowest: int, beats: float, tempo: float, name: str, program: int
) -> Score:
    """Return the music of frames (T, K), so many beats each, as one track.

    lowest: the MIDI pitch of the first unit. A note goes on as long as its unit does. name,
    program: of the track.
    """
    notes = [
        Note(first * beats, (end - first) * beats, lowest + unit)
        for unit in range(frames.shape[1])
        for first, end, _ in stretches((frames[:, unit] > 0.5).astype(np.int64))
    ]
    notes.sort(key=lambda note: (note.start, note.pitch))
    return Score((Track(tuple(notes), name, program),), tempo)


def roll_of_score(score: Score, lowest: int, units: int, beats: float) -> tuple[Array, int]:
    """Return the frames (T, units) of a score, and how many notes lie out of reach.

    A note sounds in the frames nearest to its start and end, in one at least; drums do not
    count.
    """
    frames = np.zeros((max(1, round(score.length / beats)), units))
    lost = 0
    for note in (note for track in score.tracks if not track.drums for note in track.notes):
        unit = note.pitch - lowest
        if not 0 <= unit < units:
            lost += 1
            continue
        first = min(round(note.start / beats), len(frames) - 1)
        frames[first : max(round(note.end / beats), first + 1), unit] = 1.0
    return frames, lost


def stretches(values: Array | IntArray) -> list[tuple[int, int, int]]:
    """Return (first, end, value) of each stretch of equal values (T,) that are not 0."""
    edges = np.flatnonzero(np.diff(values.astype(np.int64), prepend=0, append=0))
    pairs = zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)
    return [(a, b, int(values[a])) for a, b in pairs if values[a]]
