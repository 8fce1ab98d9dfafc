"""Drum synthesis: a falling sine for the skin, noise for snare and cymbals."""

from __future__ import annotations

import numpy as np

from evolino.vocabulary import Array

# General MIDI, the percussion key map.
BASS_DRUM, SNARE, CLOSED_HAT, OPEN_HAT = 36, 38, 42, 46
LOW_TOM, MIDDLE_TOM, HIGH_TOM, CRASH, RIDE = 45, 47, 50, 49, 51
COWBELL, WOOD_BLOCK, CLAVES = 56, 76, 75
NAMES = {
    BASS_DRUM: "bass drum",
    SNARE: "snare",
    CLOSED_HAT: "closed hi-hat",
    OPEN_HAT: "open hi-hat",
    LOW_TOM: "low tom",
    MIDDLE_TOM: "middle tom",
    HIGH_TOM: "high tom",
    CRASH: "crash",
    RIDE: "ride",
    COWBELL: "cowbell",
    WOOD_BLOCK: "wood block",
    CLAVES: "claves",
}

# pitch: (from Hz, to Hz, seconds) of a falling skin.
SKINS = {
    35: (120.0, 45.0, 0.35),
    36: (150.0, 50.0, 0.3),
    41: (130.0, 75.0, 0.4),
    43: (150.0, 90.0, 0.38),
    45: (180.0, 110.0, 0.35),
    47: (220.0, 140.0, 0.3),
    48: (260.0, 165.0, 0.28),
    50: (310.0, 200.0, 0.25),
}
# pitch: seconds of bright noise.
CYMBALS = {
    42: 0.05,
    44: 0.05,
    46: 0.3,
    49: 1.0,
    51: 0.6,
    53: 0.6,
    55: 0.5,
    57: 1.0,
    59: 0.6,
}
# pitch: (Hz, Hz, seconds) of struck wood or metal.
STRUCK = {
    37: (1700.0, 2500.0, 0.03),
    56: (540.0, 800.0, 0.25),
    75: (2500.0, 2510.0, 0.04),
    76: (1050.0, 1600.0, 0.05),
    77: (780.0, 1200.0, 0.06),
}
SNARES = (38, 39, 40)
NOISE_SEED = 38


def drum(pitch: int, rate: int) -> Array:
    """Return (samples,): one stroke on the drum of a MIDI pitch.

    A drum that is not known sounds like a wood block. rate: samples a second.
    """
    if pitch in SKINS:
        return _skin(*SKINS[pitch], rate)
    if pitch in SNARES:
        body = _skin(240.0, 180.0, 0.12, rate)
        rattle = 0.5 * _noise(0.18, rate)
        rattle[: len(body)] += 0.6 * body
        return rattle
    if pitch in CYMBALS:
        noise = _noise(CYMBALS[pitch], rate)
        return 0.35 * np.diff(noise, prepend=0.0)  # the difference is bright
    return _struck(*STRUCK.get(pitch, STRUCK[WOOD_BLOCK]), rate)


def _skin(high: float, low: float, seconds: float, rate: int) -> Array:
    time = np.arange(round(seconds * rate)) / rate
    frequency = low + (high - low) * np.exp(-time / (0.12 * seconds))
    return np.asarray(
        np.sin(2 * np.pi * np.cumsum(frequency) / rate) * _fall(time, seconds)
    )


def _noise(seconds: float, rate: int) -> Array:
    time = np.arange(round(seconds * rate)) / rate
    noise = np.random.default_rng(NOISE_SEED).uniform(-1.0, 1.0, len(time))
    return np.asarray(noise * _fall(time, seconds))


def _struck(first: float, second: float, seconds: float, rate: int) -> Array:
    time = np.arange(round(seconds * rate)) / rate
    both = np.sin(2 * np.pi * first * time) + np.sin(2 * np.pi * second * time)
    return np.asarray(0.4 * both * _fall(time, seconds))


def _fall(time: Array, seconds: float) -> Array:
    """From 1 to 0, e times weaker each quarter of the time, silent at the end."""
    return np.asarray(np.exp(-4.0 * time / seconds) * (1.0 - time / seconds))
