"""Targets that users pass as y: labels of any type, or numbers; per step or per sequence.

One y per sequence has N entries. One y per step has the shape of the sequences: (T,) for
one sequence, (N, T) for an array of several, a list of (T_i,) for a list.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evolino.estimators.sequences import Sequences, as_numbers
from evolino.vocabulary import Array, IntArray

TargetsLike = ArrayLike | Sequence[ArrayLike]
Labels = NDArray[Any]
Per = Literal["auto", "step", "sequence"]


@dataclass(frozen=True, slots=True, eq=False)
class Targets:
    """y of N sequences. each: the targets (T_i, ..) of each sequence where `per_step`, else
    one array (N, ..) in a tuple."""

    each: tuple[Any, ...]
    per_step: bool

    @property
    def all(self) -> Any:
        """All targets in one array: (sum of T_i, ..) or (N, ..)."""
        return np.concatenate(self.each)


def read_targets(y: Any, X: Sequences, per: Per = "auto") -> Targets:
    """Return what a user passed as y, each step or sequence of X with its target.

    per: "step" or "sequence" says what a target belongs to; "auto" goes by the shapes.
    Raises ValueError, naming X and y, for other lengths, and for what fits both.
    """
    if per not in ("auto", "step", "sequence"):
        raise ValueError(f"targets must be 'auto', 'step' or 'sequence', got {per!r}")
    if y is None:
        raise ValueError("y is missing: requires y to be passed, but the target y is None")
    if hasattr(y, "__array__") and not hasattr(y, "iloc") and not hasattr(y, "tocsr"):
        y = np.asarray(y)
    if not isinstance(y, list | tuple) and getattr(y, "ndim", 0) == 0:
        raise ValueError(f"y must have one entry a step or sequence, got {y!r}")
    if X.single:
        if per == "sequence":
            raise ValueError(
                "X is one sequence (T, I), and targets per sequence need several: pass "
                "X[None] for one"
            )
        return Targets((_of_steps(y, len(X.each[0]), "X", "y"),), True)
    is_per_step = _fits_steps(y, X) if per == "auto" else per == "step"
    if not is_per_step:
        return Targets((_of_steps(y, len(X.each), "X", "y", "sequence"),), False)
    if len(y) != len(X.each):
        raise ValueError(_lengths(len(X.each), len(y), "X", "y", "sequence"))
    return Targets(
        tuple(
            _of_steps(each, len(x), f"X[{n}]", f"y[{n}]")
            for n, (each, x) in enumerate(zip(y, X.each, strict=True))
        ),
        True,
    )


def _fits_steps(y: Any, X: Sequences) -> bool:
    """Return whether every entry of y has an entry for every step of its sequence."""
    if len(y) != len(X.each) or hasattr(y, "iloc"):
        return False
    entries = [len(e) if np.ndim(e) or isinstance(e, list) else -1 for e in y]
    return entries == X.lengths


def _of_steps(y: Any, count: int, of: str, name: str, what: str = "step") -> Any:
    values = y.to_numpy() if hasattr(y, "to_numpy") else y
    if hasattr(values, "tocsr"):
        raise TypeError(f"{name} must be a dense array, got a sparse one: use .toarray()")
    array = _as_array(values)
    if array.ndim == 0:
        raise ValueError(f"{name} must have one entry a {what}, got the scalar {y!r}")
    if len(array) != count:
        raise ValueError(_lengths(count, len(array), of, name, what))
    return array


def _as_array(values: Any) -> Any:
    kinds = {isinstance(v, str) for v in values} if isinstance(values, list) else set()
    if len(kinds) < 2:
        return np.asarray(values)
    array = np.empty(len(values), dtype=object)
    array[:] = values  # NumPy would make text of numbers beside text
    return array


def _lengths(count: int, got: int, of: str, name: str, what: str) -> str:
    return (
        f"Found input variables with inconsistent numbers of samples: [{count}, {got}]: "
        f"{of} has {count} {what}s, {name} has {got}"
    )


def as_classes(labels: Any) -> tuple[Any, IntArray]:
    """Return the classes, sorted, and the position (n,) of each label among them.

    Raises ValueError for numbers that are no labels, for labels that are missing, and where
    there is one class only.
    """
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import column_or_1d

    labels = column_or_1d(labels, warn=True)
    if labels.dtype.kind == "O":
        known = [each for each in labels if each is None or each != each]
        if known:
            raise ValueError(f"Input y contains NaN: a label is {known[0]!r}")
        kinds = {type(each) for each in labels}
        if len(kinds) > 1 and any(issubclass(kind, str) for kind in kinds):
            raise TypeError(
                "labels must all be text or all be numbers, got "
                f"{sorted(kind.__name__ for kind in kinds)}"
            )
    if labels.dtype.kind == "f" and not np.isfinite(labels).all():
        row = int(np.flatnonzero(~np.isfinite(labels))[0])
        what = "NaN" if np.isnan(labels[row]) else "infinity"
        raise ValueError(f"Input y contains {what}: entry {row}")
    check_classification_targets(labels)
    classes, positions = np.unique(labels, return_inverse=True)
    if len(classes) < 2:
        raise ValueError(
            "This classifier needs samples of at least 2 classes, got 1 class: "
            f"{classes[0]!r}"
        )
    return classes, positions.astype(np.int64)


def as_targets(each: Sequence[Any]) -> list[Array]:
    """Return targets of a regression as numbers (n, K).

    Raises ValueError, naming the entry, for what is not finite.
    """
    found = []
    for n, values in enumerate(each):
        name = "y" if len(each) == 1 else f"y[{n}]"
        array = as_numbers(values, name)
        if array.ndim not in (1, 2):
            raise ValueError(f"{name} must have shape (n,) or (n, K), got {array.shape}")
        array = array.reshape(len(array), -1)
        known = np.isfinite(array).all(axis=1)
        if not known.all():
            row = int(np.argmin(known))
            what = "NaN" if np.isnan(array[row]).any() else "infinity"
            raise ValueError(f"Input {name} contains {what}: entry {row}")
        found.append(array)
    if len({array.shape[1] for array in found}) > 1:
        raise ValueError("y must have the same number of columns for every sequence")
    return found
