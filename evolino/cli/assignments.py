"""Fields that are set on the command line: readout.capacity=100."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from typing import Any

TABLES = (
    "network",
    "initialiser",
    "search",
    "readout",
    "refine",
    "bptt",
    "kalman",
    "reinforce",
)
NUMBERS = ("tolerance", "confirm_at", "fit_weight", "ensemble")
FORM = "must be TABLE.FIELD=VALUE, such as readout.capacity=100, or fit_weight=1"


def read_assignments(assignments: Iterable[str]) -> dict[str, Any]:
    """Return NAME=VALUE, names with dots, as nested tables, beside the NUMBERS.

    A value is read as TOML (numbers, true and false, lists in brackets); several between
    commas are a list, and whatever is not TOML is text. Raises ValueError for what has
    another form, is neither in one of the TABLES nor one of the NUMBERS, or sets a field
    twice.
    """
    read: dict[str, Any] = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        path = [part.strip() for part in name.split(".")]
        alone = path[0] in NUMBERS
        if not equals or not all(path) or (len(path) < 2 and not alone):
            raise ValueError(f"--set {FORM}, got {assignment!r}")
        if path[0] not in TABLES and not (alone and len(path) == 1):
            raise ValueError(
                f"--set is for fields of {', '.join(TABLES)}, and {', '.join(NUMBERS)}, "
                f"got {name.strip()!r}; a task's fields are options of their own"
            )
        table = read
        for part in path[:-1]:
            table = table.setdefault(part, {})
            if not isinstance(table, dict):
                raise ValueError(f"--set has both a value and fields for {part}")
        if path[-1] in table:
            raise ValueError(f"--set has {name.strip()} twice")
        table[path[-1]] = _value(text.strip())
    return read


def _value(text: str) -> Any:
    for written in (text, f"[{text}]" if "," in text else text):
        try:
            return tomllib.loads(f"value = {written}")["value"]
        except tomllib.TOMLDecodeError:
            continue
    return text
