"""Array aliases, shape letters, and checks of arguments that every module shares.

Shape letters, used in every docstring and comment:

T steps, I external inputs, K outputs, C memory cells, G genes per cell, S features
of the readout, P networks, N sequences. Time comes first: one sequence is (T, I).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


def unknown_name(kind: str, name: str, valid: Iterable[str]) -> ValueError:
    """Return the error for a name that is not in a table; it names the nearest valid ones.

    kind: what was named, as in "task"; name: what came; valid: the names that exist.
    """
    names = sorted(valid)
    nearest = difflib.get_close_matches(str(name), names, n=3, cutoff=0.4)
    hint = f"; nearest: {', '.join(nearest)}" if nearest else ""
    return ValueError(f"unknown {kind} {name!r}{hint}; valid: {', '.join(names)}")


def as_series(
    name: str, values: npt.ArrayLike, *, width: int | None = None, finite: bool = True
) -> Array:
    """Return values as a finite (T, width) float64 array; (T,) is read as (T, 1).

    finite: False lets NaN and inf pass.

    Raises TypeError for values that are not numbers and ValueError for a wrong shape or
    a value that is not finite; both name the argument.
    """
    if finite and np.ma.is_masked(values):
        mask = np.ma.getmaskarray(np.ma.asarray(values))
        row = int(np.argmax(mask.reshape(len(mask), -1).any(axis=1)))
        raise ValueError(f"{name} is masked at step {row}")
    try:
        if hasattr(values, "__array__"):
            values = np.asarray(values)
            if values.dtype.kind in "cmM":  # which NumPy would make numbers of
                raise TypeError(f"it holds {values.dtype}")
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise TypeError(f"{name} must be an array of numbers: {error}") from None
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2:
        raise ValueError(f"{name} must have shape (T,) or (T, n), got {array.shape}")
    if width is not None and array.shape[1] != width:
        raise ValueError(f"{name} must have {width} columns, got {array.shape[1]}")
    known = np.isfinite(array).all(axis=1)
    if finite and not known.all():
        raise ValueError(f"{name} is not finite at step {int(np.argmin(known))}")
    return np.ascontiguousarray(array)


def contiguous(array: Array) -> Array:
    """Return an array as a file or another process gives it back: lying together.

    The last bits of a product depend on how its factors lie in memory.
    """
    together = array.flags.c_contiguous or array.flags.f_contiguous
    return array if together else np.ascontiguousarray(array)


MOST = 10_000_000  # of whatever is counted and held in memory


def check_count(name: str, value: Any, *, least: int = 1, most: int | None = MOST) -> None:
    """Raise TypeError unless value is an integer, ValueError unless in least .. most.

    most: None for what may be any number, such as a seed.
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise TypeError(f"{name} must be an integer, got {value!r}")
    if value < least:
        raise ValueError(f"{name} must be >= {least}, got {value}")
    if most is not None and value > most:
        raise ValueError(f"{name} must be <= {most:,}, got {value}")


def check_choice(name: str, value: Any, known: tuple[str, ...]) -> None:
    """Raise ValueError for a value that is none of those known."""
    if value not in known:
        two = f"'{known[0]}' or '{known[-1]}'"
        choice = two if len(known) == 2 else f"one of {', '.join(known)}"
        raise ValueError(f"{name} must be {choice}, got {value!r}")


def check_flag(name: str, value: Any) -> None:
    """Raise TypeError unless value is True or False."""
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{name} must be True or False, got {value!r}")


def check_number(
    name: str, value: Any, *, least: float = -np.inf, above: float = -np.inf
) -> None:
    """Raise TypeError unless value is a number, ValueError unless finite and in range.

    least: smallest value allowed; above: a bound that must be exceeded.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        raise TypeError(f"{name} must be a number, got {value!r}")
    if not np.isfinite(value):
        raise ValueError(f"{name} must be finite, got {value}")
    if value < least:
        raise ValueError(f"{name} must be >= {least:g}, got {value:g}")
    if value <= above:
        raise ValueError(f"{name} must be > {above:g}, got {value:g}")
