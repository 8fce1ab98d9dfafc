"""`python -m benchmarks.own_series`: the estimators, untuned, on sets of other packages.

Accuracy on official splits, errors of regression, forecasts of the laser, sunspots and
airline passengers, and the time of large fits; a Markdown table each. MiniRocket runs
beside where aeon is installed. Seconds are CPU seconds of fit and test.
"""

from __future__ import annotations

import argparse
import resource
import time
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np

from benchmarks.sequence_sets import (
    NUMBERS,
    OTHERS,
    TUNED,
    UNTUNED,
    Sets,
    airline,
    is_there,
    laser,
    load_sets,
    package_of,
    sunspots,
)
from benchmarks.series_units import units
from evolino import EvolinoClassifier, EvolinoForecaster, EvolinoRegressor
from evolino.vocabulary import Array

SUBJECTS = ("classes", "numbers", "laser", "sunspots", "airline", "units", "large")


def main() -> None:
    """Measure what is asked for, and print it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.own_series")
    parser.add_argument(
        "subjects", nargs="*", default=SUBJECTS, help=", ".join((*SUBJECTS, "huge"))
    )
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--sets", help="names between commas")
    given = parser.parse_args()
    for subject in given.subjects:
        if subject not in (*SUBJECTS, *MEASURES):
            parser.error(f"no subject {subject!r}; valid: {', '.join(SUBJECTS)}")
        print(f"\n{subject}, {given.seeds} seeds\n", flush=True)
        if subject == "classes":
            names = given.sets.split(",") if given.sets else (*TUNED, *OTHERS, *UNTUNED)
            classes(names, given.seeds)
        else:
            MEASURES[subject](given.seeds)


def classes(names: Any, seeds: int) -> None:
    """Print the accuracy on sets with labels."""
    print("| set | evolino | s | MiniRocket | s |\n|---|---|---|---|---|")
    for name in names:
        if not is_there(name):
            print(f"| {name} | no package {package_of(name)} | | | |", flush=True)
            continue
        data = load_sets(name)
        ours = [
            _timed(data, EvolinoClassifier(random_state=seed), _accuracy)
            for seed in range(seeds)
        ]
        row = f"| {name} | {_spread(ours)} | {ours[-1][1]:.1f} |"
        if find_spec("aeon"):
            peers = [
                _timed(data, _rocket(seed), _accuracy, stacked=True) for seed in (0, 1)
            ]
            row += f" {_spread(peers)} | {peers[-1][1]:.1f} |"
        print(row, flush=True)


def numbers(seeds: int) -> None:
    """Print the errors on sets with a number for each sequence."""
    print("| set | evolino, RMSE | s | mean predictor |\n|---|---|---|---|")
    for name in NUMBERS:
        data = load_sets(name)
        ours = [
            _timed(data, EvolinoRegressor(random_state=seed), _rmse)
            for seed in range(seeds)
        ]
        mean = np.full(len(data.test_targets), np.mean(data.train_targets))
        flat = _rmse(mean, data.test_targets)
        print(f"| {name} | {_spread(ours)} | {ours[-1][1]:.1f} | {flat:.4f} |", flush=True)


def of_laser(seeds: int) -> None:
    """Print the laser: fit on 1,000; one step ahead; free runs of 100."""
    series = laser()[:2700]
    known = series[:1000]
    print("| seed | one step, NRMSE of 1,000 | next 100, NMSE | 15 later, median | s |")
    print("|---|---|---|---|---|")
    rows = []
    for seed in range(seeds):
        began = time.process_time()
        near = EvolinoForecaster(1, random_state=seed).fit(known)
        far = EvolinoForecaster(100, random_state=seed).fit(known)
        seconds = time.process_time() - began
        made = near.forecasts(series[:2000], range(1000, 2000), 1)[:, 0, 0]
        one = np.sqrt(_nmse(made, series[1000:2000]))
        origins = [1000, *range(1100, 2600, 100)]
        runs = far.forecasts(series, origins, 100)[..., 0]
        errors = [
            _nmse(run, series[o : o + 100]) for run, o in zip(runs, origins, strict=True)
        ]
        rows.append([one, errors[0], np.median(errors[1:]), seconds])
        print(f"| {seed} | {rows[-1][0]:.3f} | {rows[-1][1]:.3f} | {rows[-1][2]:.3f} | "
              f"{seconds:.1f} |", flush=True)  # fmt: skip
    middle = np.median(rows, axis=0)
    print(f"| median | {middle[0]:.3f} | {middle[1]:.3f} | {middle[2]:.3f} | |")
    print(far.evaluate(series, origins=15).described())


def of_sunspots(seeds: int) -> None:
    """Print the sunspots: fit to 1920; horizons 1, and 1 to 11, from 1921 to 2008."""
    years, spots = sunspots()
    first = int((years <= 1920).sum())
    for seed in range(min(seeds, 1)):
        near = EvolinoForecaster(1, random_state=seed).fit(spots[:first])
        far = EvolinoForecaster(11, random_state=seed).fit(spots[:first])
        one = near.forecasts(spots, range(first, len(spots)), 1)[:, 0, 0]
        origins = range(first, len(spots) - 10)
        runs = far.forecasts(spots, origins, 11)[..., 0]
        truth = np.stack([spots[o : o + 11] for o in origins])
        scale = spots[first:].var()
        print(f"one step, NMSE: {np.square(one - spots[first:]).mean() / scale:.3f}")
        print(f"horizons 1 .. 11, NMSE: {np.square(runs - truth).mean() / scale:.3f}")
        print(far.evaluate(spots, origins=78).described(), flush=True)


def of_airline(seeds: int) -> None:
    """Print the airline passengers: MAPE of 12 and 24 months from four origins each."""
    passengers = airline()
    for steps, origins in ((12, (96, 108, 120, 132)), (24, (84, 96, 108, 120))):
        made, inside = [], {0.8: 0.0, 0.95: 0.0}
        for origin in origins:
            forecaster = EvolinoForecaster(steps).fit(passengers[:origin])
            truth = passengers[origin : origin + steps]
            made.append(_mape(forecaster.predict(), truth))
            for share in inside:
                lower, upper = forecaster.predict_interval(share)
                held = (truth >= lower) & (truth <= upper)
                inside[share] += float(held.mean()) / len(origins)
        print(f"{steps} months, MAPE: {np.round(made, 1)}, mean {np.mean(made):.2f}; "
              f"inside the intervals: {inside}", flush=True)  # fmt: skip


def large(seeds: int) -> None:
    """Print the time and the memory of large fits."""
    rng = np.random.default_rng(0)
    many_steps(1_000_000)
    sequences = rng.normal(size=(2000, 200, 1))
    labels = rng.integers(2, size=2000)
    began = time.process_time()
    EvolinoClassifier().fit(sequences, labels)
    print(f"2,000 sequences of 200 steps: {time.process_time() - began:.0f} s", flush=True)


def huge(seeds: int) -> None:
    """Print the time and the memory of a fit to ten million steps."""
    many_steps(10_000_000)


def many_steps(steps: int) -> None:
    """Print the time and the memory of a fit of 50 cells to a target at every step."""
    x = np.random.default_rng(0).normal(size=(steps, 5))
    y = np.roll(x[:, 0], 3) + x[:, 1]
    began = time.process_time()
    fitted = EvolinoRegressor(cells=50).fit(x, y)
    print(f"{steps:,} steps, 5 inputs, 50 cells: {time.process_time() - began:.0f} s, "
          f"{_memory():.2f} GB at most", flush=True)  # fmt: skip
    began = time.process_time()
    error = _rmse(fitted.predict(x), y)
    print(f"predicted in {time.process_time() - began:.0f} s, {_memory():.2f} GB at most, "
          f"error {error:.2g}", flush=True)  # fmt: skip


MEASURES: dict[str, Callable[[int], None]] = {
    "numbers": numbers,
    "laser": of_laser,
    "sunspots": of_sunspots,
    "airline": of_airline,
    "units": lambda seeds: units(),
    "large": large,
    "huge": huge,
}


def _timed(
    data: Sets, estimator: Any, measure: Callable[[Any, Any], float], stacked: bool = False
) -> tuple[float, float]:
    """Return the measure on the test, and the CPU seconds of fit and test."""
    train, test = _padded(data.train, data.test) if stacked else (data.train, data.test)
    began = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore" if stacked else "default")
        estimator.fit(train, data.train_targets)
        found = measure(estimator.predict(test), data.test_targets)
    return found, time.process_time() - began


def _rocket(seed: int) -> Any:
    from aeon.classification.convolution_based import MiniRocketClassifier

    return MiniRocketClassifier(random_state=seed)


def _padded(train: list[Array], test: list[Array]) -> tuple[Array, Array]:
    """Return sequences as aeon has them (N, I, T), zeros after the end of shorter ones."""
    longest = max(len(x) for x in [*train, *test])
    longest = max(longest, 9)  # of MiniRocket's kernels

    def together(sequences: list[Array]) -> Array:
        found = np.zeros((len(sequences), sequences[0].shape[1], longest))
        for n, x in enumerate(sequences):
            found[n, :, : len(x)] = x.T
        return found

    return together(train), together(test)


def _spread(found: list[tuple[float, float]]) -> str:
    values = [value for value, _ in found]
    return f"{np.mean(values):.4f} ({min(values):.4f} .. {max(values):.4f})"


def _accuracy(predicted: Any, truth: Any) -> float:
    return float((np.asarray(predicted) == np.asarray(truth)).mean())


def _rmse(predicted: Any, truth: Any) -> float:
    return float(np.sqrt(np.square(np.asarray(predicted) - truth).mean()))


def _nmse(predicted: Array, truth: Array) -> float:
    return float(np.square(predicted - truth).mean() / truth.var())


def _mape(predicted: Any, truth: Array) -> float:
    return float(100 * np.mean(np.abs(np.asarray(predicted) - truth) / truth))


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


if __name__ == "__main__":
    main()
