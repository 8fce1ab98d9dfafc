"""Fields of a task that have no effect beside a user's own file: refused, not dropped.

A task names them in `replaced`: the field that puts a user's data in the place of the
task's own -> the fields that say how those are made. Where a field is given at its default,
`evolino.training.preset_settings` refuses it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

Replaced = Mapping[str, Sequence[str]]


def refuse_unused(task: Any, given: str) -> None:
    """Raise ValueError for a field that is not at its default.

    task: a dataclass with `replaced`. given: the field that puts a user's data in the
    place of the task's own.
    """
    defaults = {each.name: each.default for each in fields(task)}
    for name in task.replaced[given]:
        value = getattr(task, name)
        if value != defaults[name]:
            raise ValueError(
                f"{name} is of the task's own data and has no effect with {given}: leave "
                f"it out, got {value!r}"
            )
