"""Scores: notes on a time axis of beats, in tracks, with a tempo, as frozen records.

A beat is a quarter note. Pitches are MIDI numbers, 60 is middle C. In a track of drums a
pitch chooses a drum, as in General MIDI: 36 bass drum, 38 snare, 42 closed hi-hat.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

from evolino.vocabulary import check_count, check_number


@dataclass(frozen=True, slots=True)
class Note:
    """start, length: in beats. pitch: 0 to 127. velocity: loudness, 1 to 127.

    Raises TypeError or ValueError, naming the field, if one is out of its range.
    """

    start: float
    length: float
    pitch: int
    velocity: int = 80

    def __post_init__(self) -> None:
        """Check every field."""
        check_number("start", self.start, least=0)
        check_number("length", self.length, above=0)
        check_count("pitch", self.pitch, least=0)
        check_count("velocity", self.velocity)
        for name in ("pitch", "velocity"):
            if getattr(self, name) > 127:
                raise ValueError(f"{name} must be <= 127, got {getattr(self, name)}")

    @property
    def end(self) -> float:
        """The beat at which the note stops."""
        return self.start + self.length


@dataclass(frozen=True, slots=True)
class Track:
    """notes: in any order. name: printed by players. program: the instrument, 0 to 127 of
    General MIDI, 0 a piano; drums: the pitches are drums, the program plays no part."""

    notes: tuple[Note, ...]
    name: str = ""
    program: int = 0
    drums: bool = False

    def __post_init__(self) -> None:
        """Check the program."""
        check_count("program", self.program, least=0)
        if self.program > 127:
            raise ValueError(f"program must be <= 127, got {self.program}")


@dataclass(frozen=True, slots=True)
class Score:
    """tempo: beats a minute from the start; tempo_changes: later ones, (beat, beats a
    minute), beats ascending. beats_per_bar: of the time signature, in quarter notes."""

    tracks: tuple[Track, ...]
    tempo: float = 120.0
    tempo_changes: tuple[tuple[float, float], ...] = ()
    beats_per_bar: int = 4

    def __post_init__(self) -> None:
        """Check the tempi and the bar."""
        for tempo in (self.tempo, *(tempo for _, tempo in self.tempo_changes)):
            check_number("tempo", tempo, above=0)
        beats = [0.0, *(beat for beat, _ in self.tempo_changes)]
        if any(late <= early for early, late in pairwise(beats)):
            raise ValueError(
                "tempo_changes must be at ascending beats above 0, got "
                f"{self.tempo_changes}"
            )
        check_count("beats_per_bar", self.beats_per_bar)

    @property
    def length(self) -> float:
        """The beat at which the last note stops; 0 without notes."""
        return max((note.end for track in self.tracks for note in track.notes), default=0.0)

    def seconds_at(self, beat: float) -> float:
        """Return the time of a beat, in seconds from the start."""
        seconds, last, tempo = 0.0, 0.0, self.tempo
        for change, next_tempo in self.tempo_changes:
            if beat <= change:
                break
            seconds += 60.0 * (change - last) / tempo
            last, tempo = change, next_tempo
        return seconds + 60.0 * (beat - last) / tempo


def with_notes(score: Score, change: Callable[[Track, Note], Note]) -> Score:
    """Return a score whose notes went through change(track, note)."""
    tracks = tuple(
        replace(track, notes=tuple(change(track, note) for note in track.notes))
        for track in score.tracks
    )
    return replace(score, tracks=tracks)


def transposed(score: Score, semitones: int) -> Score:
    """Return a score moved by semitones; drums stay. Raises ValueError beyond 0 to 127."""

    def move(track: Track, note: Note) -> Note:
        return note if track.drums else replace(note, pitch=note.pitch + semitones)

    return with_notes(score, move)


def swung(score: Score, share: float) -> Score:
    """Return a score whose beats are cut unevenly, as in jazz.

    share: of a beat that its first half takes; 0.5 is even, 2/3 the swing of triplets.
    Raises ValueError unless 0 < share < 1.
    """
    if not 0 < share < 1:
        raise ValueError(f"share must lie between 0 and 1, got {share}")

    def warp(beat: float) -> float:
        whole, part = divmod(beat, 1.0)
        if part < 0.5:
            return whole + 2.0 * part * share
        return whole + share + 2.0 * (part - 0.5) * (1.0 - share)

    def move(_: Track, note: Note) -> Note:
        start = warp(note.start)
        return replace(note, start=start, length=warp(note.end) - start)

    return with_notes(score, move)


def shifted(score: Score, beats: float) -> Score:
    """Return a score that begins so many beats later."""
    return with_notes(score, lambda _, note: replace(note, start=note.start + beats))
