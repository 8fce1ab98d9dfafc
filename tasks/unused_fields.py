"""Fields of a task that have no effect beside a user's own file: refused, not dropped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any


def refuse_unused(task: Any, names: Sequence[str], given: str) -> None:
    """Raise ValueError for a field that is not at its default.

    task: a dataclass. names: fields that say how the task's own data are made. given: the
    field that puts a user's data in their place.
    """
    defaults = {each.name: each.default for each in fields(task)}
    for name in names:
        value = getattr(task, name)
        if value != defaults[name]:
            raise ValueError(
                f"{name} is of the task's own data and has no effect with {given}: leave "
                f"it out, got {value!r}"
            )
