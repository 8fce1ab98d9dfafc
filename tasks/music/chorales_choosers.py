"""Sampling of notes from the probabilities that a network predicts."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.random import Generator

from evolino.tasks.music.chorales_frames import RANGES, REST, ROWS, SIZES, UNITS, block
from evolino.vocabulary import Array, IntArray

VOICES_AT_ONCE = 4


def pitch_chooser(rng: Generator, temperature: float) -> Callable[[Array], Array]:
    """Return what makes a frame of chances (K,), each pitch drawn by itself.

    Odds are taken to the power 1 / temperature; 0 takes the four likeliest pitches.
    """

    def choose(outputs: Array) -> Array:
        if temperature == 0:
            chosen = np.zeros(len(outputs))
            chosen[np.argsort(-outputs, kind="stable")[:VOICES_AT_ONCE]] = 1.0
            return chosen
        chances = np.clip(outputs, 1e-12, 1.0 - 1e-12)
        odds = (np.log(chances) - np.log1p(-chances)) / temperature
        drawn = rng.random(len(outputs)) < 0.5 * (1.0 + np.tanh(0.5 * odds))
        return np.asarray(drawn, dtype=np.float64)

    return choose


def chord_chooser(rng: Generator, temperature: float) -> Callable[[Array], Array]:
    """Return what draws a note for each voice of chances (UNITS,), by itself.

    temperature: chances are taken to the power 1 / temperature; 0 takes the likeliest.
    """

    def choose(outputs: Array) -> Array:
        chosen = np.zeros(UNITS)
        for row in range(ROWS):
            own = block(row)
            chosen[own.start + _draw(outputs[own], rng, temperature)] = 1.0
        return chosen

    return choose


def voice_chooser(
    rng: Generator,
    temperature: float,
    prime: Array | None = None,
    soprano: IntArray | None = None,
) -> Callable[[Array], Array]:
    """Return what draws one voice's note after another of chances (UNITS,).

    It returns the last notes of all voices, (UNITS,); those before the first call are of
    the prime (T, UNITS). It counts its calls: the first is for a soprano. temperature:
    chances are taken to the power 1 / temperature; 0 takes the likeliest. soprano: (T,)
    MIDI pitches, 0 for a rest, that are taken instead of drawn ones. Raises ValueError for
    one out of range.
    """
    given = None if soprano is None else _soprano_units(soprano)
    latest = np.zeros(UNITS) if prime is None or not len(prime) else prime[-1].copy()
    calls = 0

    def choose(outputs: Array) -> Array:
        nonlocal calls
        frame, row = divmod(calls, ROWS)
        calls += 1
        own = block(row)
        latest[own] = 0.0
        if row == 0 and given is not None and frame < len(given):
            latest[given[frame]] = 1.0
        else:
            latest[own.start + _draw(outputs[own], rng, temperature)] = 1.0
        return latest.copy()

    return choose


def _draw(chances: Array, rng: Generator, temperature: float) -> int:
    """Return the place of the class drawn of chances (n,)."""
    if temperature == 0:
        return int(np.argmax(chances))
    logs = np.log(np.maximum(chances, 1e-300)) / temperature
    weights = np.cumsum(np.exp(logs - logs.max()))
    drawn = int(np.searchsorted(weights, rng.random() * weights[-1], side="right"))
    return min(drawn, len(chances) - 1)


def _soprano_units(soprano: IntArray) -> IntArray:
    low, high = RANGES[0]
    wrong = soprano[(soprano != REST) & ((soprano < low) | (soprano > high))]
    if len(wrong):
        raise ValueError(
            f"a soprano must have MIDI pitches from {low} to {high}, got {int(wrong[0])}"
        )
    units = np.where(soprano == REST, 0, 1 + soprano - low)
    assert units.max(initial=0) < SIZES[0]
    return np.asarray(units, dtype=np.int64)
