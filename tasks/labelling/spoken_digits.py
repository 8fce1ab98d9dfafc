"""Spoken strings of digits: espeak-ng's voices as mel-frequency cepstra (MFCC).

A string is said without pauses, by one voice at a speed, a pitch and a range of its own; 0
is "zero", o is "oh", as in TIDIGITS (Leonard & Doddington 1993). A frame is 13 cepstral
coefficients of 30 ms, 15 ms after the one before, each standardised over its utterance,
with normal noise. Voices of the test say no training string, nor do those that select
networks; all have the same accents.

Needs the packages espeakng-loader and python_speech_features.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.random import Generator

from evolino.tasks.labelling.espeak import INSTALL, RATE, Utterance, spoken
from evolino.tasks.labelling.labelled_sequences import LabelledSequence, Parts
from evolino.vocabulary import Array, IntArray

SYMBOLS = tuple("0123456789o")
WORDS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "oh",
)  # fmt: skip
COEFFICIENTS = 13
WINDOW, STEP, TRANSFORM = 0.03, 0.015, 1024  # seconds; samples of the Fourier transform
ACCENTS = (
    "en", "en-us", "en-gb-scotland", "en-gb-x-rp", "en-gb-x-gbclan", "en-gb-x-gbcwmd",
    "en-029",
)  # fmt: skip
VOICES = {
    "train": ("m1", "m2", "m4", "m6", "m8", "f1", "f3"),
    "validation": ("m5", "f4"),
    "test": ("m3", "m7", "f2", "f5"),
}
SPEEDS, PITCHES, SPREADS = (130, 220), (35, 65), (30, 70)  # least, and most + 1
VALIDATION = 0.2  # share of training strings


def spoken_digits(
    rng: Generator, counts: tuple[int, int], lengths: tuple[int, int], noise: float
) -> Parts:
    """Return spoken strings. counts: for training (validation among them), for test.
    lengths: least and most digits of a string. noise: deviation, of standardised frames.

    Raises ValueError without espeakng-loader or python_speech_features.
    """
    mfcc = _mfcc()
    training, tested = counts
    selecting = max(round(VALIDATION * training), 1) if training > 1 else 0
    sizes = {"train": training - selecting, "validation": selecting, "test": tested}
    strings = {
        part: [_string(rng, lengths) for _ in range(size)] for part, size in sizes.items()
    }
    utterances = [
        _utterance(rng, string, VOICES[part])
        for part, own in strings.items()
        for string in own
    ]
    waves = iter(spoken(utterances))
    found = {
        part: [_heard(mfcc, next(waves), string, noise, rng) for string in own]
        for part, own in strings.items()
    }
    return Parts(**found)


def frames_of(mfcc: Callable[..., Array], wave: Any) -> Array:
    """Return (T, 13), the standardised coefficients of a wave at RATE."""
    found = mfcc(
        wave, RATE, winlen=WINDOW, winstep=STEP, numcep=COEFFICIENTS, nfft=TRANSFORM,
        winfunc=np.hamming,
    )  # fmt: skip
    deviation = np.maximum(found.std(axis=0), 1e-6)
    return np.asarray((found - found.mean(axis=0)) / deviation)


def _string(rng: Generator, lengths: tuple[int, int]) -> IntArray:
    return rng.integers(1, len(SYMBOLS) + 1, rng.integers(lengths[0], lengths[1] + 1))


def _utterance(rng: Generator, string: IntArray, voices: tuple[str, ...]) -> Utterance:
    accent, voice = ACCENTS[rng.integers(len(ACCENTS))], voices[rng.integers(len(voices))]
    own = (int(rng.integers(*each)) for each in (SPEEDS, PITCHES, SPREADS))
    return Utterance(" ".join(WORDS[k - 1] for k in string), f"{accent}+{voice}", *own)


def _heard(
    mfcc: Callable[..., Array], wave: Any, string: IntArray, noise: float, rng: Generator
) -> LabelledSequence:
    frames = frames_of(mfcc, wave)
    return LabelledSequence(frames + rng.normal(0.0, noise, frames.shape), string)


def _mfcc() -> Callable[..., Array]:
    try:
        from python_speech_features import mfcc
    except ImportError:
        raise ValueError(
            "frames of speech are made by python_speech_features, which is not installed: "
            + INSTALL
        ) from None
    made: Callable[..., Array] = mfcc
    return made
