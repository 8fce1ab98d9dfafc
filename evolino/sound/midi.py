"""MIDI files: write scores as Standard MIDI Files, type 1, and read them.

What a file says beyond notes, instruments, tempo and bars is left out when it is read.
"""

from __future__ import annotations

import io
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evolino.sound.score import Note, Score, Track
from evolino.storage.files import replace_file, user_path

TICKS = 480  # a beat
DRUMS = 9  # the channel of General MIDI
MELODIC = tuple(channel for channel in range(16) if channel != DRUMS)
LARGEST_FILE = 2_000_000  # bytes; a symphony has a fifth of it
LARGEST_SCORE = 100_000  # notes


def write_midi(score: Score, path: str | Path) -> None:
    """Write a score as a MIDI file of type 1: a track of tempi, then one for each track."""
    import mido

    file = mido.MidiFile(type=1, ticks_per_beat=TICKS)
    file.tracks.append(_conductor(score))
    melodic = 0
    for track in score.tracks:
        channel = DRUMS if track.drums else MELODIC[melodic % len(MELODIC)]
        melodic += not track.drums
        file.tracks.append(_track_events(track, channel))
    buffer = io.BytesIO()
    file.save(file=buffer)
    path = user_path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, buffer.getvalue())


def read_midi(path: str | Path) -> Score:
    """Return the score of a MIDI file of type 0 or 1.

    A track of the score is a channel of a track of the file. Notes that are never ended
    last to the end of their track. Raises OSError if it cannot be read, and ValueError, in
    one line, for a file that is no MIDI, truncated, empty, of type 2, timed in seconds
    instead of beats, larger than 2 MB, of more than 100,000 notes, or without any.
    """
    import mido

    path = user_path(path)
    content = path.read_bytes()
    if not content:
        raise ValueError(f"{path} is empty")
    if not content.startswith(b"MThd"):
        raise ValueError(f"{path} is not a MIDI file")
    if len(content) > LARGEST_FILE:
        raise ValueError(
            f"{path} has {len(content):,} bytes, more than {LARGEST_FILE:,}: it is hardly "
            "a piece of music"
        )
    try:
        file = mido.MidiFile(file=io.BytesIO(content))
    except Exception as error:  # a damaged file can break the parser in any way
        reason = " ".join(str(error).split()) or "it ends too early"
        raise ValueError(f"{path} is damaged: {reason}") from None
    if file.type == 2:
        raise ValueError(f"{path} is a MIDI file of type 2, a set of patterns; need 0 or 1")
    if file.ticks_per_beat <= 0:
        raise ValueError(f"{path} is timed in seconds, not in beats")
    return _score(path, file)


def _conductor(score: Score) -> Any:
    import mido

    events = [
        (0, mido.MetaMessage("time_signature", numerator=score.beats_per_bar)),
        (0, mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(score.tempo))),
    ]
    events += [
        (_ticks(beat), mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(tempo)))
        for beat, tempo in score.tempo_changes
    ]
    return _with_deltas(events)


def _track_events(track: Track, channel: int) -> Any:
    import mido

    events: list[tuple[int, Any]] = []
    if track.name:
        events.append((0, mido.MetaMessage("track_name", name=track.name)))
    if not track.drums:
        events.append(
            (0, mido.Message("program_change", channel=channel, program=track.program))
        )
    timed = []
    for note in track.notes:
        start = _ticks(note.start)
        end = max(_ticks(note.end), start + 1)
        # 0 before 1: a note ends before the next of its pitch begins.
        timed.append((start, 1, note.pitch, note.velocity))
        timed.append((end, 0, note.pitch, 0))
    for tick, begins, pitch, velocity in sorted(timed):
        kind = "note_on" if begins else "note_off"
        message = mido.Message(kind, channel=channel, note=pitch, velocity=velocity)
        events.append((tick, message))
    return _with_deltas(events)


def _with_deltas(events: list[tuple[int, Any]]) -> Any:
    """Return a track of events given at ticks, each timed from the one before it."""
    import mido

    track, last = mido.MidiTrack(), 0
    for tick, message in events:
        track.append(message.copy(time=tick - last))
        last = tick
    return track


def _ticks(beat: float) -> int:
    return round(beat * TICKS)


@dataclass(slots=True)
class _Voice:
    """A channel of a track while it is read. open: by pitch, (tick, velocity) not ended."""

    notes: list[Note] = field(default_factory=list)
    open: dict[int, list[tuple[int, int]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    program: int = 0

    def end(self, pitch: int, tick: int, ticks_per_beat: int) -> None:
        """End the oldest note of a pitch; one without length is dropped."""
        if self.open[pitch]:
            start, velocity = self.open[pitch].pop(0)
            if tick > start:
                length = (tick - start) / ticks_per_beat
                self.notes.append(Note(start / ticks_per_beat, length, pitch, velocity))


def _score(path: Path, file: Any) -> Score:
    tracks: list[Track] = []
    tempi: dict[float, float] = {}
    beats_per_bar = 4
    for messages in file.tracks:
        voices: dict[int, _Voice] = defaultdict(_Voice)
        name, tick = "", 0
        for message in messages:
            tick += message.time
            if message.type == "set_tempo":
                tempi[tick / file.ticks_per_beat] = 60e6 / max(message.tempo, 1)
            elif message.type == "time_signature" and tick == 0:
                beats_per_bar = max(1, round(4 * message.numerator / message.denominator))
            elif message.type == "track_name":
                name = message.name
            elif message.type == "program_change":
                voices[message.channel].program = message.program
            elif message.type == "note_on" and message.velocity:
                voices[message.channel].open[message.note].append((tick, message.velocity))
            elif message.type in ("note_on", "note_off"):
                voices[message.channel].end(message.note, tick, file.ticks_per_beat)
        tracks += _finished(voices, name, tick, file.ticks_per_beat)
    notes = sum(len(track.notes) for track in tracks)
    if notes == 0:
        raise ValueError(f"{path} has no notes")
    if notes > LARGEST_SCORE:
        raise ValueError(f"{path} has {notes:,} notes, more than {LARGEST_SCORE:,}")
    first = tempi.pop(0.0, 120.0)
    return Score(tuple(tracks), first, tuple(sorted(tempi.items())), beats_per_bar)


def _finished(
    voices: dict[int, _Voice], name: str, last: int, ticks_per_beat: int
) -> list[Track]:
    """Return the tracks of the channels that have notes."""
    tracks = []
    for channel, voice in sorted(voices.items()):
        for pitch, waiting in list(voice.open.items()):
            for _ in range(len(waiting)):
                voice.end(pitch, last, ticks_per_beat)
        if voice.notes:
            notes = tuple(sorted(voice.notes, key=lambda note: (note.start, note.pitch)))
            tracks.append(Track(notes, name, voice.program, channel == DRUMS))
    return tracks
