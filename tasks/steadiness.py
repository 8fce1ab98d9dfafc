"""Whether a generated pattern is an attractor: long runs, noise on the cells, kicks.

A network that runs on exactly may still fail at the first disturbance, so every result
names what it survives.
"""

from __future__ import annotations

import numpy as np

from evolino.task import Disturbable, Segment, Series
from evolino.tasks.streams import first_errors
from evolino.vocabulary import Array

NOISES, NOISY_STEPS, NOISY_RUNS = (1e-6, 1e-4, 1e-3), 20_000, 3
KICKS, KICK_RUNS, SETTLED = (1e-3, 1e-1), 5, 100
EXACT_STEPS = 1_000_000
PHASES = 64  # between two steps, where the phase is free
NEAR = 0.01


def steadiness(
    model: Disturbable, shape: Array, start: int, tolerance: float, *, phase_free: bool
) -> dict[str, float]:
    """Return figures of free runs of a pattern with the period `shape` (F,), from `start`.

    exact_steps: steps of 1,000,000 before the first error. noise_1e-4 and others: the share
    of runs of 20,000 steps with noise of that deviation on all cells after which the pattern
    is right, in phase and out of it. kick_1e-3: the share of runs that come back
    after such a kick, in 100 periods: root mean squared error within 0.01 of that
    of the run without; kick_1e-3_steps: the most steps that took, inf if one does not.

    phase_free: the pattern may be at any phase, since nothing holds that of a cosine.
    """
    period = len(shape)
    figures = {}
    long = _segment(shape, start, EXACT_STEPS)
    output = model.disturbed([long])[0]
    reached = first_errors(output[None, None], long.targets[None], tolerance)
    figures["exact_steps"] = float(reached[0, 0])
    noisy = _segment(shape, start, NOISY_STEPS)
    for noise in NOISES:
        lived = [
            _lives(model, noisy, shape, noise, seed, tolerance, phase_free)
            for seed in range(NOISY_RUNS)
        ]
        figures[f"noise_{noise:.0e}".replace("e-0", "e-")] = float(np.mean(lived))
    short = _segment(shape, start, SETTLED * period)
    usual = _errors_by_period(model.disturbed([short])[0], shape, phase_free)[-1]
    for kick in KICKS:
        times = []
        for seed in range(KICK_RUNS):
            output = model.disturbed([short], kick=kick, seed=seed)[0]
            errors = _errors_by_period(output, shape, phase_free)
            times.append(_back_after(errors <= usual + NEAR) * period)
        name = f"kick_{kick:.0e}".replace("e-0", "e-")
        figures[name] = float(np.mean(np.isfinite(times)))
        figures[f"{name}_steps"] = float(np.max(times))
    return figures


def _segment(shape: Array, start: int, steps: int) -> Segment:
    signal = np.resize(shape, start + steps)
    return Segment(
        Series(np.zeros((len(signal), 0)), signal[:, None]), start, start + steps
    )


def _lives(
    model: Disturbable,
    noisy: Segment,
    shape: Array,
    noise: float,
    seed: int,
    tolerance: float,
    phase_free: bool,
) -> bool:
    """Return whether there is no error in a noisy run; of a free phase, in its last period."""
    output = model.disturbed([noisy], noise=noise, seed=seed)[0]
    if not phase_free:
        reached = first_errors(output[None, None], noisy.targets[None], tolerance)
        return bool(reached[0, 0] == len(output))
    period = len(shape)
    last = output[-(len(output) % period) - period :][:period, 0]
    return bool(np.abs(last - _shifted(shape)).max(axis=1).min() <= tolerance)


def _errors_by_period(output: Array, shape: Array, phase_free: bool) -> Array:
    """Return the root mean squared error in each period of an output (n F, 1)."""
    periods = np.where(np.isfinite(output), output, 1e6).reshape(-1, len(shape))
    periods = np.clip(periods, -1e6, 1e6)
    wanted = _shifted(shape) if phase_free else shape[None]
    squared = [np.square(each - wanted).mean(axis=1).min() for each in periods]
    return np.sqrt(np.array(squared))


def _back_after(near: Array) -> float:
    """Return the periods before all that is left is near, inf if the last one is not."""
    far = np.flatnonzero(~near)
    if not len(far):
        return 0.0
    return float(far[-1] + 1) if far[-1] + 1 < len(near) else float("inf")


def _shifted(shape: Array) -> Array:
    """Return a cosine-like period (F,) at many phases, (64 F, F)."""
    period = len(shape)
    spectrum = np.fft.rfft(shape)
    shifts = np.arange(PHASES * period) / PHASES
    turns = np.exp(2j * np.pi * np.outer(shifts, np.arange(len(spectrum))) / period)
    return np.asarray(np.fft.irfft(spectrum * turns, period, axis=1))
