"""Settings of a preset as tables: renamed, trained another way, for another thing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evolino.registry import find
from evolino.training.experiment import WITHOUT_SEARCH
from evolino.vocabulary import unknown_name


def without_foreign(
    settings: Mapping[str, Any], options: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Return a row's settings without fields of its task that belong to another thing than
    asked for, such as what is hidden in another environment."""
    own = settings["task"]
    for name in getattr(find("task", own["name"]), "belongs_to", ()):
        if name in options and options[name] != own.get(name):
            return {**settings, "task": {"name": own["name"]}}
    return settings


def refuse_replaced(task: str, options: Mapping[str, Any]) -> None:
    """Raise ValueError for fields of a task's own data beside the field that puts a user's
    data in their place, also where they are given at their defaults."""
    for given, names in getattr(find("task", task), "replaced", {}).items():
        for name in names:
            if options.get(given) and options.get(name) is not None:
                raise ValueError(
                    f"{name} is of the task's own data and has no effect with {given}: "
                    f"leave it out, got {options[name]!r}"
                )


def rename(settings: dict[str, Any], names: Mapping[str, str | None]) -> None:
    """Give settings the parts of these names; another one has its own defaults."""
    for kind, name in names.items():
        if name is not None:
            find(kind, name)
            if settings[kind]["name"] != name:
                settings[kind] = {"name": name}


def trained_by(
    settings: dict[str, Any], train: str | None, fields: Mapping[str, Any]
) -> dict[str, Any]:
    """Return settings with at most the table of the way to train."""
    if train is not None and train not in ("evolution", *WITHOUT_SEARCH):
        raise unknown_name("way to train", train, ["evolution", *WITHOUT_SEARCH])
    if train is not None:
        left_out = [name for name in WITHOUT_SEARCH if name != train]
        settings = {k: v for k, v in settings.items() if k not in left_out}
    if train in WITHOUT_SEARCH:
        # What a search's best networks have beside it is not for this.
        others = ("refine", "islands", "curriculum", "ensemble", "confirm_at", "fit_weight")
        settings = {k: v for k, v in settings.items() if k not in others}
        settings.setdefault(train, {})
    for name in WITHOUT_SEARCH:
        if name in fields and name not in settings:
            raise ValueError(f"fields of {name} need --trainer {name}")
    return settings
