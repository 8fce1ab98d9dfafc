"""Stability of free runs: is a generated pattern an attractor? Long runs, noise, kicks.

A network whose undisturbed free run is exact may still fail at the first disturbance, so
every result names what it survives. A kick adds normal noise to the outputs and states of
all cells, once. Nothing holds the phase of a pattern in a free run: a disturbance may leave
it shifted in time for good. So a pattern counts as there in any phase, and whether it also
kept its phase is a figure of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evolino.task.capabilities import Disturbable
from evolino.task.series import Segment, Series
from evolino.tasks.timing.losses import first_errors
from evolino.vocabulary import Array, BoolArray

NOISES, NOISY_STEPS, NOISY_RUNS = (1e-6, 1e-4, 1e-3), 20_000, 3
KICKS, KICKED_RUNS, KICKED_PERIODS = (1e-3, 1e-1), 5, 100
EXACT_STEPS = 1_000_000
NEAR = 0.01
FINE = 64  # phases of a smooth pattern between two steps


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """What is generated. shape: (F,), one period. start: the row at which free runs begin.
    tolerance: the largest error. smooth: its phase need not be a whole step."""

    shape: Array
    start: int
    tolerance: float
    smooth: bool = False

    def segment(self, steps: int) -> Segment:
        """Return a free run of so many steps."""
        signal = np.resize(self.shape, self.start + steps)
        series = Series(np.zeros((len(signal), 0)), signal[:, None])
        return Segment(series, self.start, self.start + steps)

    def shifted(self) -> Array:
        """Return (phases, F): the period in every phase."""
        period = len(self.shape)
        if not self.smooth:
            steps = np.arange(period)
            return np.asarray(self.shape[(steps[:, None] + steps) % period])
        spectrum = np.fft.rfft(self.shape)
        shifts = np.arange(FINE * period) / FINE
        turns = np.exp(2j * np.pi * np.outer(shifts, np.arange(len(spectrum))) / period)
        return np.asarray(np.fft.irfft(spectrum * turns, period, axis=1))


def stability(model: Disturbable, pattern: Pattern) -> dict[str, float]:
    """Return figures of long and of disturbed free runs.

    exact_steps: of 1,000,000 those before the first error. noise_1e-4 and others: the share
    of runs at whose end, after 20,000 steps with noise of that deviation on all cells, the
    pattern is there; noise_1e-4_in_phase: the share of those without any error. kick_1e-3
    and others: the share of runs that come back after such a kick: from some period to the
    hundredth the root mean squared error is within 0.01 of that of the run without;
    kick_1e-3_steps: the most steps that took, inf if a run does not come back.
    """
    long = pattern.segment(EXACT_STEPS)
    figures = {"exact_steps": float(_reached(model.disturbed([long])[0], long, pattern))}
    for noise in NOISES:
        there, in_phase = _under_noise(model, pattern, noise)
        figures[_name("noise", noise)] = there
        figures[_name("noise", noise) + "_in_phase"] = in_phase
    for kick in KICKS:
        share, steps = _after_kicks(model, pattern, kick)
        figures[_name("kick", kick)] = share
        figures[_name("kick", kick) + "_steps"] = steps
    return figures


def _under_noise(model: Disturbable, pattern: Pattern, noise: float) -> tuple[float, float]:
    """Return the shares of runs whose pattern is there at the end, and was all the time."""
    segment, period = pattern.segment(NOISY_STEPS), len(pattern.shape)
    phases = pattern.shifted()
    there, in_phase = [], []
    for seed in range(NOISY_RUNS):
        output = model.disturbed([segment], noise=noise, seed=seed)[0]
        in_phase.append(_reached(output, segment, pattern) == NOISY_STEPS)
        # Not by subtraction: an output that is not finite is not there.
        near = np.abs(phases - output[-period:, 0]).max(axis=1) <= pattern.tolerance
        there.append(bool(near.any()))
    return float(np.mean(there)), float(np.mean(in_phase))


def _after_kicks(model: Disturbable, pattern: Pattern, kick: float) -> tuple[float, float]:
    """Return the share of runs that come back, and the most steps that it takes."""
    period = len(pattern.shape)
    segment, phases = pattern.segment(KICKED_PERIODS * period), pattern.shifted()
    usual = _errors_by_period(model.disturbed([segment])[0], phases)[-1]
    steps = []
    for seed in range(KICKED_RUNS):
        output = model.disturbed([segment], kick=kick, seed=seed)[0]
        near = _errors_by_period(output, phases) <= usual + NEAR
        steps.append(_back_after(near) * period)
    return float(np.mean(np.isfinite(steps))), float(np.max(steps))


def _reached(output: Array, segment: Segment, pattern: Pattern) -> int:
    """Return the steps before the first error."""
    targets = segment.targets[:, 0]
    return int(first_errors(output[None, :, 0], targets, pattern.tolerance)[0])


def _errors_by_period(output: Array, phases: Array) -> Array:
    """Return (n,): root mean squared errors in each period of an output (n F, 1), each in
    its best phase."""
    bounded = np.clip(np.where(np.isfinite(output), output, 1e6), -1e6, 1e6)
    periods = bounded.reshape(-1, phases.shape[1])
    squared = [np.square(phases - each).mean(axis=1).min() for each in periods]
    return np.asarray(np.sqrt(squared))


def _back_after(near: BoolArray) -> float:
    """Return the periods before all that is left is near, inf if the last one is not."""
    far = np.flatnonzero(np.logical_not(near))
    if not len(far):
        return 0.0
    back = int(far[-1]) + 1
    return float(back) if back < len(near) else float("inf")


def _name(what: str, size: float) -> str:
    return f"{what}_1e-{round(-np.log10(size))}"
