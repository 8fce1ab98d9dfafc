"""An extension of Griffe: docstrings of evolino are handed on in Google's format."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import griffe


def _load(name: str) -> Any:
    """Return a module beside this one, which stands in no package."""
    place = Path(__file__).with_name(f"{name}.py")
    spec = importlib.util.spec_from_file_location(f"evolino_site_{name}", place)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    import sys

    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


sections = _load("docstring_sections").sections


class EvolinoDocstrings(griffe.Extension):
    """Rewrites each docstring once its package is loaded."""

    def on_package(self, *, pkg: griffe.Module, **_: Any) -> None:
        """Rewrite all docstrings of a package."""
        _rewrite(pkg)


def _rewrite(thing: griffe.Object) -> None:
    for member in thing.members.values():
        if not member.is_alias:
            _rewrite(member)
    if thing.docstring is None or thing.is_module:
        return
    names: set[str] = set()
    if isinstance(thing, griffe.Class):
        names = {each.name for each in thing.parameters} | set(thing.attributes)
    elif isinstance(thing, griffe.Function):
        names = {each.name for each in thing.parameters}
    thing.docstring.value = sections(thing.docstring.value, names).google()
