"""Measures of generated blues: wrong chords, recovery from them, novelty of melodies."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.random import Generator

from evolino.task.protocol import Predictor
from evolino.task.series import Segment, Series
from evolino.tasks.music.blues_material import (
    BARS,
    CHORD_NOTES,
    CHORUS,
    MELODY_NOTES,
    STEPS,
    material,
)
from evolino.vocabulary import Array, BoolArray, IntArray

BEFORE = 2  # teacher-forced choruses before a wrong chord
RECOVERY = 3  # choruses after it, of which the first may be wrong
CUT = 0.5


def chord_figures(outputs: Array, targets: Array) -> dict[str, float]:
    """Return the share of wrong steps and the largest error of outputs (T, 12).

    The margin to a wrong note is 0.5 minus that error.
    """
    wrong = ((outputs > CUT) != (targets > CUT)).any(axis=1)
    return {
        "wrong_steps": float(wrong.mean()),
        "largest_error": float(errors_of(outputs, targets).max()),
    }


def errors_of(outputs: Array, targets: Array) -> Array:
    """Return how far outputs fall short of targets of 0 and 1; any shape.

    An output that is cut may well lie beyond its target: that is no error.
    """
    return np.maximum((outputs - targets) * (1.0 - 2.0 * targets), 0.0)


def error_gradient(outputs: Array, targets: Array) -> tuple[float, Array]:
    """Return the largest error of the chords plus the root mean square of all, and its
    gradient: outputs, targets, gradient (N, L, K), targets NaN where there is no row.

    Where several chord errors are largest the first has the gradient.
    """
    scored = np.isfinite(targets).all(axis=2, keepdims=True)
    errors = np.where(scored, errors_of(outputs, targets), 0.0)
    if not np.isfinite(errors).all():
        return float("inf"), np.zeros_like(errors)
    sides = np.where(errors > 0, 1.0 - 2.0 * targets, 0.0)
    count = np.count_nonzero(scored) * errors.shape[2]
    root = float(np.sqrt(np.square(errors).sum() / max(count, 1)))
    gradient = errors * sides / (count * root) if root else np.zeros_like(errors)
    chords = errors[..., :CHORD_NOTES]
    worst = np.unravel_index(int(chords.argmax()), chords.shape)
    gradient[worst] += sides[worst]
    return float(chords[worst]) + root, gradient


def recovery_figures(model: Predictor) -> dict[str, float]:
    """Return the shares of wrong chords that a network does not recover from.

    After two choruses every wrong chord is put at every step of the form, for one step or
    for eight. The network has recovered if all is right from a chorus later on, for
    two choruses.
    """
    chords = range(len(material().vocabulary))
    lengths = {"lost_after_a_step": 1, "lost_after_a_bar": STEPS}
    return {
        name: float(np.concatenate([_lost(model, k, length) for k in chords]).mean())
        for name, length in lengths.items()
    }


def sampler(rng: Generator, temperature: float) -> Callable[[Array], Array]:
    """Return what makes music of outputs (12,) or (25,): chords cut at 0.5, one note drawn.

    A note's chance is max(output, 0)^(1 / temperature); with temperature 0, or if there is
    no output above 0, the largest one is taken.
    """

    def choose(outputs: Array) -> Array:
        chosen = np.zeros(len(outputs))
        chosen[:CHORD_NOTES] = outputs[:CHORD_NOTES] > CUT
        if len(outputs) > CHORD_NOTES:
            chosen[CHORD_NOTES + draw(outputs[CHORD_NOTES:], rng, temperature)] = 1.0
        return chosen

    return choose


def draw(outputs: Array, rng: Generator, temperature: float) -> int:
    """Return the unit drawn from outputs (n,)."""
    largest = float(outputs.max())
    if temperature == 0 or largest <= 0:
        return int(np.argmax(outputs))
    # Divided by the largest first, so that no power overflows.
    weight = (np.maximum(outputs, 0.0) / largest) ** (1.0 / temperature)
    return int(
        min(
            np.searchsorted(np.cumsum(weight), rng.random() * weight.sum()), len(weight) - 1
        )
    )


def melody_figures(frames: Array, practised: IntArray, rng: Generator) -> dict[str, float]:
    """Return what is wrong with improvised choruses.

    frames: (N 96, 25). practised: (n, 12), the choices of bars in the training songs. rng:
    of the random songs whose likeness to the training songs is chance.

    invalid_bars: share of bars that are neither variant. repeated_choruses: share that
    another one repeats. known_choruses: share that are training songs. copied_bars: bars in
    a row that a chorus shares with a training song at the same place, the longest run, mean
    over choruses, less that of random songs; 0 if it is below.
    """
    units = melody_of(frames).reshape(-1, BARS, STEPS)
    same = (units[:, :, None] == material().bars).all(axis=3)
    choices = np.where(same.any(axis=2), same[..., 1], -1)
    distinct = len({chorus.tobytes() for chorus in units})
    known = {song.tobytes() for song in practised.astype(np.int64)}
    by_chance = longest_runs(rng.integers(0, 2, (1000, BARS)), practised).mean()
    copied = longest_runs(choices, practised).mean() - by_chance
    return {
        "invalid_bars": float((choices < 0).mean()),
        "repeated_choruses": 1.0 - distinct / len(units),
        "known_choruses": float(
            np.mean([chorus.tobytes() in known for chorus in choices.astype(np.int64)])
        ),
        "copied_bars": float(max(copied, 0.0)),
    }


def melody_of(frames: Array) -> IntArray:
    """Return (T,): the melody's unit at each step, -1 where there is not one."""
    melody = frames[:, CHORD_NOTES : CHORD_NOTES + MELODY_NOTES] > CUT
    return np.where(melody.sum(axis=1) == 1, melody.argmax(axis=1), -1)


def longest_runs(choices: IntArray, practised: IntArray) -> IntArray:
    """Return (N,): the most bars in a row that choices (N, 12) share with songs (n, 12)."""
    same = choices[:, None] == practised[None]
    run = np.zeros(same.shape[:2], dtype=np.int64)
    longest = np.zeros(same.shape[:2], dtype=np.int64)
    for bar in range(BARS):
        run = np.where(same[:, :, bar], run + 1, 0)
        longest = np.maximum(longest, run)
    return np.asarray(longest.max(axis=1))


def _lost(model: Predictor, chord: int, steps: int) -> Array:
    """Return 1 for each place of a wrong chord without recovery, else 0."""
    wrong = material().vocabulary[chord]
    places = np.flatnonzero((material().chords != wrong).any(axis=1))
    length = (BEFORE + RECOVERY + 1) * CHORUS + steps
    form = np.tile(material().chords, (-(-length // CHORUS), 1))[:length]
    segments = []
    for place in places.tolist():
        first = BEFORE * CHORUS + place
        start = first + steps
        stop = start + RECOVERY * CHORUS
        teacher = form[:stop].copy()
        teacher[first:start] = wrong
        series = Series(np.zeros((stop, 0)), form[:stop], teacher)
        segments.append(Segment(series, start, stop))
    outputs = np.stack(model.respond(segments, free_running=True))
    targets = np.stack([segment.targets for segment in segments])
    errs: BoolArray = ((outputs > CUT) != (targets > CUT)).any(axis=2)
    return np.asarray(errs[:, CHORUS:].any(axis=1), dtype=np.float64)
