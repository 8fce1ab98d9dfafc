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
TOGETHER = 0.1  # share of notes that a grid may move onto others, see `moved_together`
TICK = 1e-3  # quarter notes; ends and starts nearer than that are the same
GRIDS = (1.0, 1 / 2, 1 / 3, 1 / 4, 1 / 6, 1 / 8, 1 / 12, 1 / 16, 1 / 24)  # to propose
LONGEST = 20_000  # frames of a piece


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """name: of its file. frames: (T, 88), the pitches that sound."""

    name: str
    frames: Array


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of a folder. left_out: name and reason. lost: notes beyond a piano.
    together: notes that the grid makes sound together with others, as they do not."""

    pieces: tuple[Piece, ...]
    left_out: tuple[tuple[str, str], ...]
    lost: int
    together: int = 0

    def report(self, grid: float) -> list[str]:
        """Return what to tell the user, a line each."""
        lines = [f"left out {name}: {reason}" for name, reason in self.left_out]
        if self.lost:
            lines.append(f"left out {self.lost:,} notes beyond the keys of a piano")
        if self.together:
            lines.append(
                f"{self.together:,} notes sound together on a grid of {grid:g} that do not "
                "in the files; a finer one keeps them apart"
            )
        frames = sum(len(piece.frames) for piece in self.pieces)
        total = len(self.pieces) + len(self.left_out)
        lines.append(
            f"{len(self.pieces)} of {total} MIDI files, {frames:,} frames of {grid:g} "
            "quarter notes"
        )
        return lines


def read_folder(folder: Path, grid: float, *, transpose: bool) -> Reading:
    """Return the pieces of all MIDI files in a folder and those below it.

    grid: quarter notes a frame. transpose: move each to C major or A minor. Of files with
    the same frames one is read, so that none is learnt and tested. Raises ValueError for a
    folder that is none or has no MIDI file, and if none can be used.
    """
    if not folder.is_dir():
        raise ValueError(f"midi_dir must be a folder, got {folder}")
    files = sorted(f for f in folder.rglob("*") if f.suffix.lower() in ENDINGS)
    if not files:
        raise ValueError(f"{folder} has no MIDI files ({' or '.join(ENDINGS)})")
    pieces, left_out, lost, together = [], [], 0, 0
    known: dict[bytes, str] = {}
    with progress(f"reading {len(files)} MIDI files", len(files)) as advance:
        for file in files:
            name = file.relative_to(folder).as_posix()
            try:
                score = read_midi(file)
                frames, beyond = frames_of_score(score, grid, transpose=transpose)
                same = known.setdefault(frames.tobytes(), name)
                if same != name:
                    raise ValueError(f"it is the same music as {same}")
                pieces.append(Piece(name, frames))
                lost += beyond
                together += moved_together(score, grid)
            except (ValueError, OSError) as error:
                reason = str(error).removeprefix(f"{file} ")
                left_out.append((name, reason))
            advance()
    if not pieces:
        name, reason = left_out[0]
        raise ValueError(
            f"none of the {len(files)} MIDI files in {folder} can be used; {name}: {reason}"
        )
    return Reading(tuple(pieces), tuple(left_out), lost, together)


def frames_of_score(score: Score, grid: float, *, transpose: bool) -> tuple[Array, int]:
    """Return a score as frames (T, 88), silence at both ends cut off, and how many notes
    lie beyond the keys of a piano.

    Raises ValueError, in one line, for a grid too coarse or one that moves notes together,
    naming one that would do, and for music too short or too long.
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
    share = moved_together(score, grid) / len(notes)
    if share > TOGETHER:
        raise ValueError(
            f"on a grid of {grid:g} quarter notes {share:.0%} of its notes sound together "
            f"with others as they do not; {_grid_for(score, len(notes))}"
        )
    frames, lost = roll_of_score(score, LOWEST, PITCHES, grid)
    if transpose:
        frames = _in_plain_key(frames)
    sounding = np.flatnonzero(frames.any(axis=1))
    if not len(sounding) or sounding[-1] - sounding[0] + 1 < SHORTEST * BAR / grid:
        raise ValueError(f"it is shorter than {SHORTEST} bars")
    return frames[sounding[0] : sounding[-1] + 1], lost


def moved_together(score: Score, grid: float) -> int:
    """Return how many notes share a frame with one that they do not sound together with.

    grid: quarter notes a frame, on which a note sounds as `roll_of_score` has it. Drums do
    not count.
    """
    notes = [n for track in score.tracks if not track.drums for n in track.notes]
    in_frame: dict[int, list[int]] = {}
    for k, note in enumerate(notes):
        first = round(note.start / grid)
        for frame in range(first, max(round(note.end / grid), first + 1)):
            in_frame.setdefault(frame, []).append(k)
    moved: set[int] = set()
    for own in in_frame.values():
        first_end = min(notes[k].end for k in own)
        last_start = max(notes[k].start for k in own)
        moved |= {
            k
            for k in own
            if first_end <= notes[k].start + TICK or notes[k].end <= last_start + TICK
        }
    return len(moved)


def _grid_for(score: Score, notes: int) -> str:
    """Return which grid keeps a score's notes apart."""
    for most in (0.01, TOGETHER):
        for grid in GRIDS:
            if moved_together(score, grid) <= most * notes:
                return f"{grid:.6g} would do"
    return "no usual grid keeps them apart"


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
