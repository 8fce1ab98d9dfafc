"""Names for several runs in one picture: the settings that not all of them share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def flatten(table: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return a nested table with keys such as "network.cells"."""
    flat: dict[str, Any] = {}
    for key, value in table.items():
        if isinstance(value, Mapping):
            flat |= flatten(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = value
    return flat


def name_differences(settings: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return a name for each of several settings: what not all of them share.

    Names are cut to what is readable, and numbered where they would then be the same.
    """
    if len(settings) == 1:
        return [" ".join(filter(None, (_task_of(settings[0]), settings[0].get("preset"))))]
    keys = sorted({key: None for each in settings for key in each}, key=_rank)
    differing = [k for k in keys if any(e.get(k) != settings[0].get(k) for e in settings)]
    names: list[str] = []
    for number, each in enumerate(settings, start=1):
        parts = [_part(key, each[key]) for key in differing if key in each]
        name = ", ".join(parts[:3])[:40] or f"settings {number}"
        names.append(f"{name} #{number}" if name in names else name)
    return names


def _rank(key: str) -> tuple[int, str]:
    """Return where a setting stands in a name: the task first, then the network."""
    order = ("task", "network", "search")
    table = key.partition(".")[0]
    return order.index(table) if table in order else len(order), key


def _task_of(settings: Mapping[str, Any]) -> str:
    return str(settings.get("task.name", "run"))


def _part(key: str, value: Any) -> str:
    last = key.rpartition(".")[2]
    if last == "name":
        return str(value)
    shown = f"{value:g}" if isinstance(value, float) else str(value)
    return f"{last.replace('_', ' ')} {shown}"
