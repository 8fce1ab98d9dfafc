"""Additive synthesiser: a score as samples, and samples as a WAV file.

A tone is a sum of harmonics, each with a decay of its own; the instrument chooses how
strong and how lasting they are. Enough to hear what a network plays, the same bits always.
"""

from __future__ import annotations

import io
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evolino.sound.drums import drum
from evolino.sound.score import Score
from evolino.storage.files import replace_file, user_path
from evolino.vocabulary import Array, check_count

RATE = 22_050  # samples a second
PEAK = 0.8
RELEASE = 0.06  # seconds that a tone takes to fall silent once its note has ended
LONGEST = 3600.0  # seconds of sound


@dataclass(frozen=True, slots=True)
class Timbre:
    """harmonics: how many. slope: the k-th is k^-slope strong. attack: seconds to full
    strength. decay: seconds in which the first harmonic falls to 1/e; the k-th falls k
    times as fast in the square root; inf is an organ."""

    harmonics: int
    slope: float
    attack: float
    decay: float


PIANO = Timbre(harmonics=8, slope=1.4, attack=0.004, decay=0.9)
ORGAN = Timbre(harmonics=6, slope=1.1, attack=0.03, decay=float("inf"))
BASS = Timbre(harmonics=5, slope=1.0, attack=0.006, decay=0.6)
PLUCKED = Timbre(harmonics=10, slope=1.1, attack=0.002, decay=0.45)
REED = Timbre(harmonics=7, slope=0.9, attack=0.02, decay=2.5)


def synthesise(score: Score, rate: int = RATE) -> Array:
    """Return (samples,) of a score between -1 and 1, the loudest 0.8; mono.

    rate: samples a second. Raises ValueError for a rate below 4,000 or music of more than
    an hour.
    """
    check_count("rate", rate, least=4000)
    seconds = score.seconds_at(score.length)
    if seconds > LONGEST:
        raise ValueError(f"the music lasts {seconds:,.0f} s, more than {LONGEST:,.0f} s")
    sound = np.zeros(int((seconds + 1.0) * rate) + 1)
    known: dict[tuple[int, int, int], Array] = {}  # a tune has few different tones
    for track in score.tracks:
        program = -1 if track.drums else track.program
        for note in track.notes:
            begins = score.seconds_at(note.start)
            length = round((score.seconds_at(note.end) - begins) * rate)
            key = (program, note.pitch, length)
            if key not in known:
                known[key] = (
                    drum(note.pitch, rate)
                    if track.drums
                    else tone(note.pitch, length / rate, rate, timbre_of(program))
                )
            first = round(begins * rate)
            samples = known[key][: len(sound) - first]
            sound[first : first + len(samples)] += (note.velocity / 127) * samples
    loudest = np.abs(sound).max()
    return sound * (PEAK / loudest) if loudest > 0 else sound


def tone(pitch: int, seconds: float, rate: int, timbre: Timbre) -> Array:
    """Return (samples,): a note of a MIDI pitch, 440 Hz at 69, with its fading."""
    time = np.arange(round((seconds + RELEASE) * rate)) / rate
    order = np.arange(1, timbre.harmonics + 1)
    frequencies = 440.0 * 2.0 ** ((pitch - 69) / 12) * order
    audible = frequencies < rate / 2  # above it they would come back as other pitches
    order, frequencies = order[audible], frequencies[audible]
    fading = np.exp(-time[:, None] * np.sqrt(order) / timbre.decay)
    waves = np.sin(2 * np.pi * time[:, None] * frequencies) * fading
    # Low notes are made louder: the ear hears them less.
    loudness = 0.2 * 2.0 ** ((60 - pitch) / 48)
    rises = np.minimum(time / timbre.attack, 1.0)
    falls = np.clip((seconds + RELEASE - time) / RELEASE, 0.0, 1.0)
    return np.asarray(loudness * rises * falls * (waves @ order**-timbre.slope))


def timbre_of(program: int) -> Timbre:
    """Return the timbre that comes nearest to an instrument of General MIDI."""
    families = (PIANO, PLUCKED, ORGAN, PLUCKED, BASS, ORGAN, ORGAN, REED, REED, ORGAN)
    family = program // 8
    return families[family] if family < len(families) else PIANO


def write_wav(sound: Array, path: str | Path, rate: int = RATE) -> None:
    """Write samples (n,) between -1 and 1 as a WAV file, 16 bits, mono.

    Raises ValueError for samples that are not finite.
    """
    if not np.isfinite(sound).all():
        raise ValueError("sound must be finite")
    samples = np.round(np.clip(sound, -1.0, 1.0) * 32767).astype("<i2")
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())
    path = user_path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, buffer.getvalue())
