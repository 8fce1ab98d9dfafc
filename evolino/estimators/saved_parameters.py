"""Serialise the parameters of estimators: plain values, and settings as tables.

Settings (search, initialiser, refine) are written as in config.toml; a class in a Python
file is run on loading only where it is trusted.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np

from evolino.registry import files_named, from_table, is_loaded, to_table

TABLES = {
    "search": "search", "initialiser": "initialiser", "refine": "refinement",
    "readout": "readout",
}  # fmt: skip


def parameters_to_state(estimator: Any) -> dict[str, Any]:
    """Return the parameters of an estimator. A generator of NumPy is written as the seed
    that was drawn from it. Raises TypeError for others that a file cannot hold."""
    found = {}
    for name, value in estimator.get_params(deep=False).items():
        if name in TABLES and value is not None and not isinstance(value, str):
            value = {"table": to_table(value)}
        if name == "random_state" and isinstance(value, np.random.RandomState):
            value = estimator._seed()
        if isinstance(value, np.generic):
            value = value.item()
        if not isinstance(value, bool | int | float | str | dict | None):
            raise TypeError(f"{name} cannot be saved: {type(value).__name__}")
        found[name] = value
    return found


def parameters_from_state(
    kind: type, state: Mapping[str, Any], *, trust: bool
) -> dict[str, Any]:
    """Return the parameters of `parameters_to_state`. Raises ValueError for others."""
    known = set(inspect.signature(kind).parameters)
    if set(state) != known:
        raise ValueError(f"parameters must be {sorted(known)}, got {sorted(state)}")
    found = {}
    for name, value in state.items():
        if isinstance(value, Mapping):
            value = _settings(TABLES[name], value["table"], trust)
        if not isinstance(value, bool | int | float | str | None) and name not in TABLES:
            raise TypeError(f"{name} must be a plain value, got {type(value).__name__}")
        found[name] = value
    return found


def _settings(kind: str, table: Any, trust: bool) -> Any:
    for name in files_named(table):
        if not (trust or is_loaded(name)):
            raise ValueError(
                f"its settings name {name}, and reading an estimator runs no Python file "
                "unless it is trusted: load_estimator(.., trust=True)"
            )
    return from_table(kind, table)
