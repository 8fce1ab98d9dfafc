"""result.json: the types of what a stranger's file must hold."""

from __future__ import annotations

from typing import Any

NUMBER = (int, float)
TYPES: dict[str, type | tuple[type, ...]] = {
    "task": str,
    "seed": int,
    "metrics": dict,
    "published": list,
    "baselines": dict,
    "stopped": list,
    "generations": int,
    "evaluations": int,
    "seconds": NUMBER,
    "version": str,
}
NULLABLE: dict[str, type | tuple[type, ...]] = {
    "preset": str,
    "parameters": dict,
    "cpu_seconds": NUMBER,
    "refinement": dict,
}
FIGURE: dict[str, type | tuple[type, ...]] = {
    "method": str,
    "metric": str,
    "value": NUMBER,
    "source": str,
    "checked": bool,
}


def checked_summary(result: Any) -> dict[str, Any]:
    """Return the content of result.json. Raises TypeError for a value of another type.

    What is missing is not looked for: whoever needs it says so.
    """
    _check("it", result, dict)
    for name, kind in TYPES.items():
        if name in result:
            _check(name, result[name], kind)
    for name, kind in NULLABLE.items():
        if result.get(name) is not None:
            _check(name, result[name], kind)
    for reason in result.get("stopped", ()):
        _check("stopped", reason, str)
    tables = {"metrics": result.get("metrics", {}), **result.get("baselines", {})}
    for name, table in tables.items():
        _check(name, table, dict)
        for metric, value in table.items():
            _check(f"{name}, {metric}", value, NUMBER)
    for figure in result.get("published", ()):
        _check("published", figure, dict)
        for name, kind in FIGURE.items():
            _check(f"published, {name}", figure.get(name), kind)
    result_: dict[str, Any] = result
    return result_


def _check(name: str, value: Any, kind: type | tuple[type, ...]) -> None:
    fits = isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
    if not fits:
        kinds = kind if isinstance(kind, tuple) else (kind,)
        expected = " or ".join(each.__name__ for each in kinds)
        raise TypeError(f"{name:.60} must be {expected}, got {value!r:.60}")
