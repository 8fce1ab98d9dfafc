"""Sequences that users pass as X: arrays, lists, pandas tables; read, checked and named.

X is one sequence (T, I), several (N, T, I), or a list of (T_i, I). A DataFrame is one
sequence whose columns are the inputs; with an index of two levels (sequence, time) it is
several. Errors are those that scikit-learn raises, and name sequence, row and column.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evolino.vocabulary import Array

SequencesLike = ArrayLike | Sequence[ArrayLike]  # and tables of pandas, which are arrays


@dataclass(frozen=True, slots=True, eq=False)
class Sequences:
    """N sequences of I inputs. each: (T_i, I). single: whether X was one sequence (T, I).
    stacked: whether it was one array (N, T, I). names: of the inputs, None without."""

    each: tuple[Array, ...]
    single: bool
    stacked: bool
    names: tuple[str, ...] | None

    @property
    def inputs(self) -> int:
        """I."""
        return int(self.each[0].shape[1])

    @property
    def lengths(self) -> list[int]:
        """T_i of each."""
        return [len(x) for x in self.each]

    def given_back(self, rows: Sequence[NDArray[Any]]) -> NDArray[Any] | list[NDArray[Any]]:
        """Return an array (T_i, ..) for each sequence in the form that X had."""
        if self.single:
            return rows[0]
        return np.stack(rows) if self.stacked else list(rows)


def read_sequences(X: Any, name: str = "X", *, missing: bool = False) -> Sequences:
    """Return what a user passed as X.

    missing: let NaN pass. Raises TypeError for what is not numbers (sparse matrices,
    sequences of different widths in one array), ValueError for other shapes, nothing in it,
    complex numbers, NaN and inf.
    """
    _refuse_sparse(X, name)
    if _is_frame(X):
        return _of_frame(X, name, missing)
    if isinstance(X, list | tuple) and X and all(_is_sequence(each) for each in X):
        return _of_list(X, name, missing)
    if isinstance(X, list | tuple):
        _refuse_ragged(X, name)
    array = as_numbers(X, name)
    if array.ndim == 3:
        _check_size(array.shape, name)
        each = tuple(array)
        _check_finite(each, name, missing, None)
        return Sequences(tuple(map(np.ascontiguousarray, each)), False, True, None)
    if array.ndim != 2:
        raise ValueError(_shape_message(array, name))
    _check_size(array.shape, name)
    _check_finite([array], name, missing, None, single=True)
    return Sequences((np.ascontiguousarray(array),), True, False, None)


def as_numbers(values: Any, name: str) -> Array:
    """Return values as float64. Raises TypeError or ValueError, as scikit-learn does."""
    if isinstance(values, np.ma.MaskedArray):
        values = np.ma.filled(values.astype(np.float64), np.nan)
    array = np.asarray(values)
    if array.dtype.kind == "c":
        raise ValueError(f"Complex data not supported\n{name} has dtype {array.dtype}")
    if array.dtype.kind in "mM":
        raise TypeError(f"{name} must be numbers, got dates ({array.dtype})")
    try:
        return array.astype(np.float64)
    except (TypeError, ValueError) as error:
        where = _first_text(array)
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(
            f"could not convert {name} to numbers{where}: {error}; argument must be a "
            "string or a number convertible to float"
        ) from None


def _first_text(array: Any) -> str:
    """Return where an array has the first entry that is no number."""
    for place in np.ndindex(array.shape):
        try:
            float(array[place])
        except (TypeError, ValueError):
            found = ", ".join(str(k) for k in place)
            return f": {str(array[place])!r} at [{found}]"
    return ""


def _refuse_sparse(X: Any, name: str) -> None:
    if hasattr(X, "tocsr") or hasattr(X, "toarray"):
        raise TypeError(
            f"Sparse data was passed for {name}, but dense data is required. Use "
            f"'{name}.toarray()' to convert to a dense array."
        )


def _is_frame(values: Any) -> bool:
    return hasattr(values, "iloc")  # of pandas, which is not imported for this


def _is_sequence(values: Any) -> bool:
    """Return whether an entry of a list is a sequence (T_i, I), not a row of numbers."""
    return np.ndim(values) >= 2 if hasattr(values, "ndim") else _depth(values) >= 2


def _depth(values: Any) -> int:
    depth = 0
    while isinstance(values, list | tuple) and values:
        values, depth = values[0], depth + 1
    return depth + int(np.ndim(values)) if hasattr(values, "ndim") else depth


def _refuse_ragged(X: Any, name: str) -> None:
    lengths = [len(x) if hasattr(x, "__len__") else -1 for x in X]
    if len(set(lengths)) > 1 and not any(isinstance(x, str) for x in X):
        other = next(n for n, length in enumerate(lengths) if length != lengths[0])
        raise ValueError(
            f"{name}[{other}] has {lengths[other]} entries, {name}[0] has {lengths[0]}: "
            "rows of one sequence (T, I) are of one length; several sequences of one input "
            "are given as a list of arrays (T_i, 1)"
        )


def _shape_message(array: Array, name: str) -> str:
    given = f"{array.ndim}D array of shape {array.shape}"
    hint = "Reshape your data either using array.reshape(-1, 1) if your data has a single "
    return (
        f"Expected 2D array, one sequence (T, I), or 3D array, several (N, T, I), got "
        f"{given} for {name}. {hint}input or array.reshape(1, -1) if it is a single step."
    )


def _check_size(shape: tuple[int, ...], name: str) -> None:
    *_, steps, inputs = shape
    if inputs == 0:
        raise ValueError(
            f"Found array with 0 feature(s) (shape={shape}) while a minimum of 1 is "
            f"required for {name}."
        )
    if steps == 0 or 0 in shape:
        raise ValueError(
            f"Found array with 0 sample(s) (shape={shape}) while a minimum of 1 is "
            f"required for {name}."
        )


def _of_list(X: Any, name: str, missing: bool) -> Sequences:
    each: list[Array] = []
    names: tuple[str, ...] | None = None
    for n, x in enumerate(X):
        _refuse_sparse(x, f"{name}[{n}]")
        if _is_frame(x):
            found = _columns(x)
            if n and names != found:
                raise ValueError(
                    f"{name}[{n}] has columns {found}, {name}[0] has {names}: the names of "
                    "the inputs and their order must be those of the first sequence"
                )
            names = found
            x = numbers_of_frame(x, f"{name}[{n}]")
        array = as_numbers(x, f"{name}[{n}]")
        if array.ndim != 2:
            raise ValueError(f"{name}[{n}] must have shape (T, I), got {array.shape}")
        _check_size(array.shape, f"{name}[{n}]")
        if n and array.shape[1] != each[0].shape[1]:
            raise ValueError(
                f"{name}[{n}] has {array.shape[1]} inputs, {name}[0] has "
                f"{each[0].shape[1]}: sequences may differ in length, not in inputs"
            )
        each.append(np.ascontiguousarray(array))
    _check_finite(each, name, missing, names)
    return Sequences(tuple(each), False, False, names)


def _of_frame(X: Any, name: str, missing: bool) -> Sequences:
    """Return the sequences of a DataFrame or Series."""
    if getattr(X.index, "nlevels", 1) == 2 and X.ndim == 2:
        groups = X.groupby(level=0, sort=False)
        return _of_list([x.droplevel(0) for _, x in groups], name, missing)
    names = _columns(X) if X.ndim == 2 else None
    array = numbers_of_frame(X, name)
    if array.ndim == 1:
        array = array[:, None]
        names = (str(X.name),) if isinstance(X.name, str) else None
    _check_size(array.shape, name)
    _check_finite([array], name, missing, names, single=True)
    return Sequences((np.ascontiguousarray(array),), True, False, names)


def _columns(frame: Any) -> tuple[str, ...] | None:
    """Return the names of a frame's columns, None unless all are text, as scikit-learn has
    it. Raises TypeError for some of text and others not."""
    texts = [isinstance(each, str) for each in frame.columns]
    if any(texts) and not all(texts):
        kinds = sorted({type(each).__name__ for each in frame.columns})
        raise TypeError(
            "Feature names are only supported if all input features have string names, "
            f"but your input has {kinds} as feature name / column name types. If you want "
            "feature names to be stored and validated, you must convert them all to "
            "strings, by using X.columns = X.columns.astype(str) for example."
        )
    return tuple(frame.columns) if texts and all(texts) else None


def numbers_of_frame(frame: Any, name: str) -> Array:
    """Return the numbers of a DataFrame or Series, naming the column that has others."""
    check_dates(frame.index, name)
    if frame.ndim == 1:
        return as_numbers(frame.to_numpy(dtype=object, na_value=np.nan), name)
    columns = []
    for k, column in enumerate(frame.columns):
        values = frame.iloc[:, k]
        where = f"column {column!r} of {name}"
        if values.dtype.kind in "mM":
            raise TypeError(f"{where} must be numbers, got dates: make them the index")
        if values.dtype.kind in "biuf":
            columns.append(values.to_numpy(dtype=np.float64, na_value=np.nan))
        else:
            columns.append(
                as_numbers(values.to_numpy(dtype=object, na_value=np.nan), where)
            )
    shape = (len(frame), 0)
    return np.stack(columns, axis=1) if columns else np.zeros(shape)


def check_dates(index: Any, name: str) -> None:
    """Raise ValueError for dates that are out of order, or there twice."""
    if index.dtype.kind not in "mM" and not hasattr(index, "freqstr"):
        return
    dates = np.asarray(index.astype("int64"))
    wrong = np.flatnonzero(np.diff(dates) <= 0)
    if len(wrong):
        row = int(wrong[0]) + 1
        what = "is there twice" if dates[row] == dates[row - 1] else "is out of order"
        raise ValueError(
            f"the date {index[row]} of {name}, row {row}, {what}: rows are steps of time, "
            "sort them and keep one of each date"
        )


def _check_finite(
    each: Sequence[Array],
    name: str,
    missing: bool,
    names: tuple[str, ...] | None,
    *,
    single: bool = False,
) -> None:
    """Raise ValueError for the first value that is NaN or inf, saying where it is."""
    for n, x in enumerate(each):
        known = np.isfinite(x)
        if missing:
            known |= np.isnan(x)
        if known.all():
            continue
        row, column = (int(k) for k in np.argwhere(~known)[0])
        what = "NaN" if np.isnan(x[row, column]) else "infinity"
        label = f" ({names[column]!r})" if names else ""
        of = "" if single else f"sequence {n}, "
        raise ValueError(
            f"Input {name} contains {what}: {of}row {row}, column {column}{label}. Missing "
            "values are not filled here: fill them or leave these rows out"
        )
