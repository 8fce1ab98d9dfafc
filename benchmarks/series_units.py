"""`python -m benchmarks.own_series units`: the same figures in other units.

Each series times a factor, plus an offset; columns in units of their own; labels renamed. A
figure is that of the values given back in the first units.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.sequence_sets import airline, laser, load_sets, sunspots
from evolino import EvolinoClassifier, EvolinoForecaster, EvolinoRegressor
from evolino.vocabulary import Array

UNITS = {
    "as they are": (1.0, 0.0), "times 1e-12": (1e-12, 0.0), "times 300": (300.0, 0.0),
    "times 1e6": (1e6, 0.0), "plus 1e6": (1.0, 1e6),
}  # fmt: skip


def units() -> None:
    """Print the figures in each of several units."""
    heads = (
        "units", "sunspots, one step; 1 to 11", "airline, MAPE of 12",
        "GunPoint, labels renamed", "JapaneseVowels, each column times 10^k plus",
        "Covid3Month", "laser, one step, NRMSE",
    )  # fmt: skip
    print(f"| {' | '.join(heads)} |")
    print("|---|---|---|---|---|---|---|")
    for name, unit in UNITS.items():
        one, far = _sunspots(*unit)
        labels = _labels("GunPoint", *unit), _labels("JapaneseVowels", *unit, apart=True)
        print(f"| {name} | {one:.4f}; {far:.4f} | {_airline(*unit):.3f} | {labels[0]:.4f} "
              f"| {labels[1]:.4f} | {_numbers(*unit):.5f} "
              f"| {_laser(*unit):.4f} |", flush=True)  # fmt: skip


def _sunspots(factor: float, offset: float) -> tuple[float, float]:
    """Return the NMSE of one step, and of horizons 1 to 11, from 1921 on."""
    years, spots = sunspots()
    first = int((years <= 1920).sum())
    found = []
    for steps in (1, 11):
        moved = factor * spots + offset
        forecaster = EvolinoForecaster(steps).fit(moved[:first])
        origins = range(first, len(spots) - steps + 1)
        made = (forecaster.forecasts(moved, origins, steps)[..., 0] - offset) / factor
        truth = np.stack([spots[o : o + steps] for o in origins])
        found.append(float(np.square(made - truth).mean() / spots[first:].var()))
    return found[0], found[1]


def _laser(factor: float, offset: float) -> float:
    """Return the NRMSE of one step, of the 1,000 points after 1,000 that are fitted."""
    pulses = laser()[:2000]
    moved = factor * pulses + offset
    forecaster = EvolinoForecaster(1).fit(moved[:1000])
    made = forecaster.forecasts(moved, range(1000, 2000), 1)[:, 0, 0]
    errors = (made - offset) / factor - pulses[1000:]
    return float(np.sqrt(np.square(errors).mean() / pulses[1000:].var()))


def _airline(factor: float, offset: float) -> float:
    """Return the mean absolute error in per cent of the last 12 months."""
    passengers = airline()
    forecaster = EvolinoForecaster(12).fit(factor * passengers[:-12] + offset)
    made = (np.asarray(forecaster.predict()) - offset) / factor
    return float(100 * np.mean(np.abs(made / passengers[-12:] - 1)))


def _labels(name: str, factor: float, offset: float, *, apart: bool = False) -> float:
    """Return the accuracy, labels renamed. apart: each column has a unit of its own."""
    data = load_sets(name)
    columns = np.arange(data.train[0].shape[1])
    units = factor * 10.0 ** (columns % 7 - 3 if apart else 0.0 * columns)

    def moved(sequences: list[Array]) -> list[Array]:
        return [x * units + offset * (1 + columns * apart) for x in sequences]

    fitted = EvolinoClassifier().fit(moved(data.train), _renamed(data.train_targets))
    return fitted.score(moved(data.test), _renamed(data.test_targets))


def _numbers(factor: float, offset: float) -> float:
    """Return the root mean squared error of Covid3Month, inputs and targets moved."""
    data = load_sets("Covid3Month")

    def moved(values: Any) -> Any:
        return factor * np.asarray(values, np.float64) + offset

    train = [moved(x) for x in data.train]
    fitted = EvolinoRegressor().fit(train, moved(data.train_targets))
    made = np.asarray(fitted.predict([moved(x) for x in data.test]))
    errors = (made - offset) / factor - np.asarray(data.test_targets, np.float64)
    return float(np.sqrt(np.square(errors).mean()))


def _renamed(labels: Any) -> Any:
    """Return labels as text, in another order of the alphabet."""
    return np.array([f"class {str(each)[::-1]}" for each in labels])
