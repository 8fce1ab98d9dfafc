"""A folder of MIDI files as pieces of frames, and what was left out and why."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evolino.sound.midi import read_midi
from evolino.sound.score import Score
from evolino.tasks.music.keys import key_of
from evolino.tasks.music.piano_rolls import roll_of_score
from evolino.tasks.progress_bar import progress
from evolino.vocabulary import Array

ENDINGS = (".mid", ".midi")
LOWEST, PITCHES = 21, 88  # the keys of a piano, A0 to C8
SHORTEST = 2  # bars of a piece
BAR = 4.0  # beats
COARSE = 0.25  # share of notes that may be shorter than half a frame
LONGEST = 20_000  # frames of a piece


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """name: of its file. frames: (T, 88), the pitches that sound."""

    name: str
    frames: Array


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of a folder. left_out: name and reason. lost: notes beyond a piano."""

    pieces: tuple[Piece, ...]
    left_out: tuple[tuple[str, str], ...]
    lost: int

    def report(self, grid: float) -> list[str]:
        """Return what to tell the user, a line each."""
        lines = [f"left out {name}: {reason}" for name, reason in self.left_out]
        if self.lost:
            lines.append(f"left out {self.lost:,} notes beyond the keys of a piano")
        frames = sum(len(piece.frames) for piece in self.pieces)
        total = len(self.pieces) + len(self.left_out)
        lines.append(
            f"{len(self.pieces)} of {total} MIDI files, {frames:,} frames of {grid:g} "
            "quarter notes"
        )
        return lines


def read_folder(folder: Path, grid: float, *, transpose: bool) -> Reading:
    """Return the pieces of all MIDI files in a folder and those below it.

    grid: quarter notes a frame. transpose: move each to C major or A minor. Raises
    ValueError for a folder that is none or has no MIDI file, and if none can be used.
    """
    if not folder.is_dir():
        raise ValueError(f"midi_dir must be a folder, got {folder}")
    files = sorted(f for f in folder.rglob("*") if f.suffix.lower() in ENDINGS)
    if not files:
        raise ValueError(f"{folder} has no MIDI files ({' or '.join(ENDINGS)})")
    pieces, left_out, lost = [], [], 0
    with progress(f"reading {len(files)} MIDI files", len(files)) as advance:
        for file in files:
            name = file.relative_to(folder).as_posix()
            try:
                piece, beyond = _piece(name, read_midi(file), grid, transpose)
                pieces.append(piece)
                lost += beyond
            except (ValueError, OSError) as error:
                reason = str(error).removeprefix(f"{file} ")
                left_out.append((name, reason))
            advance()
    if not pieces:
        name, reason = left_out[0]
        raise ValueError(
            f"none of the {len(files)} MIDI files in {folder} can be used; {name}: {reason}"
        )
    return Reading(tuple(pieces), tuple(left_out), lost)


def frames_of_score(score: Score, grid: float, *, transpose: bool) -> tuple[Array, int]:
    """Return a score as frames (T, 88), silence at both ends cut off, and how many notes
    lie beyond the keys of a piano.

    Raises ValueError, in one line, for a grid too coarse, and for music too short or too
    long.
    """
    notes = [n for track in score.tracks if not track.drums for n in track.notes]
    if not notes:
        raise ValueError("it has drums only")
    short = np.mean([note.length < grid / 2 for note in notes])
    if short > COARSE:
        needed = float(np.quantile([note.length for note in notes], COARSE))
        raise ValueError(
            f"a grid of {grid:g} quarter notes is too coarse: {short:.0%} of its notes are "
            f"shorter than half of it; {min(needed, grid / 2):.3g} would do"
        )
    if score.length / grid > LONGEST:
        raise ValueError(
            f"it has {score.length / grid:,.0f} frames of {grid:g} quarter notes, more "
            f"than {LONGEST:,}"
        )
    frames, lost = roll_of_score(score, LOWEST, PITCHES, grid)
    if transpose:
        frames = _in_plain_key(frames)
    sounding = np.flatnonzero(frames.any(axis=1))
    if not len(sounding) or sounding[-1] - sounding[0] + 1 < SHORTEST * BAR / grid:
        raise ValueError(f"it is shorter than {SHORTEST} bars")
    return frames[sounding[0] : sounding[-1] + 1], lost


def _piece(name: str, score: Score, grid: float, transpose: bool) -> tuple[Piece, int]:
    frames, lost = frames_of_score(score, grid, transpose=transpose)
    return Piece(name, frames), lost


def _in_plain_key(frames: Array) -> Array:
    """Return frames (T, 88) moved to C major or A minor; what leaves the keys is lost."""
    if not frames.any():
        return frames
    sounding = frames.sum(axis=0)
    lengths = np.array([sounding[(note - LOWEST) % 12 :: 12].sum() for note in range(12)])
    last = frames[np.flatnonzero(frames.any(axis=1))[-1]]
    steps = key_of(lengths, LOWEST + int(np.argmax(last))).to_plain
    moved = np.zeros_like(frames)
    if steps >= 0:
        moved[:, steps:] = frames[:, : PITCHES - steps]
    else:
        moved[:, :steps] = frames[:, -steps:]
    return moved
