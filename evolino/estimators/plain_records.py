"""Serialise frozen dataclasses: nests of arrays and plain values, and back, types checked.

What comes back has the types of the fields' annotations; a stranger's file that has others
is refused. Architectures are written as model files have them.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, TypeVar

import numpy as np

from evolino.models.saved_architecture import architecture_from_state, architecture_to_state
from evolino.network.lstm import LSTM

Record = TypeVar("Record")


def to_plain(value: Any) -> Any:
    """Return a record, or a nest of records, as dicts, lists, arrays and plain values."""
    if isinstance(value, LSTM):
        return architecture_to_state(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: to_plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        return {key: to_plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [to_plain(each) for each in value]
    return value


def from_plain(kind: type[Record], state: Any) -> Record:
    """Return the record of `to_plain`. Raises TypeError or ValueError, naming the field,
    for a state that is none, and whatever the record itself refuses."""
    found: Record = _made(kind, state, kind.__name__)
    return found


@cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _made(kind: Any, state: Any, name: str) -> Any:
    """Return the value of a type that a state stands for."""
    if kind is Any:
        return state
    if kind is LSTM:
        return architecture_from_state(_checked(Mapping, state, name))
    if is_dataclass(kind) and isinstance(kind, type):
        table = _checked(Mapping, state, name)
        expected = {each.name for each in fields(kind)}
        if set(table) != expected:
            raise ValueError(f"{name} must have {sorted(expected)}, got {sorted(table)}")
        hints = _hints(kind)
        return kind(**{k: _made(hints[k], v, f"{name}.{k}") for k, v in table.items()})
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        if state is None and type(None) in arguments:
            return None
        (one,) = (each for each in arguments if each is not type(None))
        return _made(one, state, name)
    if origin in (list, tuple):
        return _several(origin, arguments, state, name)
    if origin is dict:
        table = _checked(Mapping, state, name)
        return {
            key: _made(arguments[1], each, f"{name}.{key}") for key, each in table.items()
        }
    if origin is np.ndarray:
        return _array(np.dtype(typing.get_args(arguments[1])[0]), state, name)
    if kind is float and isinstance(state, int) and not isinstance(state, bool):
        return float(state)
    if kind is int and isinstance(state, bool):
        raise TypeError(f"{name} must be int, got {state!r}")
    return _checked(kind, state, name)


def _several(origin: Any, arguments: tuple[Any, ...], state: Any, name: str) -> Any:
    """Return a list or a tuple, of one type or of one for each place."""
    entries = _checked((list, tuple), state, name)
    if origin is list or (len(arguments) == 2 and arguments[1] is Ellipsis):
        kinds = [arguments[0]] * len(entries)
    else:
        kinds = list(arguments)
    if len(kinds) != len(entries):
        raise ValueError(f"{name} must have {len(kinds)} entries, got {len(entries)}")
    made = [
        _made(each, entry, f"{name}[{n}]")
        for n, (each, entry) in enumerate(zip(kinds, entries, strict=True))
    ]
    return made if origin is list else tuple(made)


def _array(dtype: np.dtype[Any], state: Any, name: str) -> Any:
    array = _checked(np.ndarray, state, name)
    if array.dtype.kind != dtype.kind or array.dtype.itemsize > dtype.itemsize:
        raise TypeError(f"{name} must be an array of {dtype}, got {array.dtype}")
    return array


def _checked(kind: Any, state: Any, name: str) -> Any:
    if not isinstance(state, kind):
        wanted = getattr(kind, "__name__", "a list")
        raise TypeError(f"{name} must be {wanted}, got {type(state).__name__}")
    return state
