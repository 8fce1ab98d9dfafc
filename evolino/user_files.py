"""Classes of a user's own Python files: import a file by its path, find a class's file.

Workers in other processes and resumed runs make a class again from "path/to/file.py:Class".
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import zlib
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

# The files whose import is under way, the innermost last.
_IMPORTING: list[Path] = []
# The modules beside such files that were imported with them, by name.
_NEIGHBOURS: dict[str, ModuleType] = {}


def is_in_file(name: str) -> bool:
    """Return whether a name has the form "path/to/file.py:Class"."""
    path, colon, _ = name.rpartition(":")
    return bool(colon) and path.endswith(".py")


def module_of_file(path: Path) -> ModuleType:
    """Return the module of a Python file; one that is imported already is not run again.

    A file can import its neighbours, and in a package by relative imports. Raises
    ValueError for one that cannot be imported.
    """
    return imported_from(path) or _imported(path)


def imported_from(path: Path) -> ModuleType | None:
    """Return the module of a Python file that is imported already, None for another."""
    for module in [sys.modules.get("__main__"), *list(sys.modules.values())]:
        named = str(getattr(module, "__file__", None)).endswith(path.name)
        if module is not None and named and file_of_module(module) == path:
            return module
    return None


def file_of(kind: type) -> str | None:
    """Return "path/to/file.py:Class" for a class, None if it stands in no file.

    Classes of notebooks, of `python -c` and inside of functions stand in none.
    """
    if "<locals>" in kind.__qualname__:
        return None
    path = file_of_module(sys.modules.get(kind.__module__))
    return None if path is None else f"{path}:{kind.__qualname__}"


def file_of_module(module: Any) -> Path | None:
    """Return the absolute path of a module's .py file, None if it has none."""
    file = getattr(module, "__file__", None)
    if not isinstance(file, str) or not file.endswith(".py"):
        return None
    path = Path(file)
    try:
        return path.resolve() if path.is_file() else None
    except OSError:
        return None


def refuse_while_importing() -> None:
    """Raise ValueError where a file that is only imported for its classes starts a run."""
    if _IMPORTING:
        raise ValueError(
            f"{_IMPORTING[-1]} starts a run when it is imported for its classes: keep that "
            'code under if __name__ == "__main__":'
        )


@cache
def _imported(path: Path) -> ModuleType:
    """Import a file once, under a name that no installed module has."""
    if (path.parent / "__init__.py").is_file():
        return _of_package(path)
    name = f"evolino_file_{path.stem}_{zlib.crc32(bytes(path)):08x}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ValueError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    _IMPORTING.append(path)
    known = _forget_namesakes(path.parent)
    # First, as for a script: its neighbours win. Left last, for imports inside functions.
    sys.path.insert(0, str(path.parent))
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise ValueError(f"{path} cannot be imported: {error}") from error
    finally:
        _IMPORTING.pop()
        sys.path.remove(str(path.parent))
        if str(path.parent) not in sys.path:
            sys.path.append(str(path.parent))
        _remember_neighbours(path.parent, known)
    return module


def _of_package(path: Path) -> ModuleType:
    """Import a file of a package by its dotted name."""
    root = path.parent
    while (root / "__init__.py").is_file():
        root = root.parent
    dotted = ".".join(path.relative_to(root).with_suffix("").parts)
    if str(root) not in sys.path:
        sys.path.append(str(root))
    _IMPORTING.append(path)
    try:
        module = importlib.import_module(dotted)
    except Exception as error:
        raise ValueError(f"{path} cannot be imported: {error}") from error
    finally:
        _IMPORTING.pop()
    if file_of_module(module) != path:
        raise ValueError(
            f"{path} cannot be imported: {dotted} is {getattr(module, '__file__', None)}"
        )
    return module


def _forget_namesakes(folder: Path) -> dict[str, ModuleType]:
    """Forget neighbours of other files that have the name of one in a folder.

    Returns what is imported then, by name.
    """
    for name, module in list(_NEIGHBOURS.items()):
        place = file_of_module(module)
        if (folder / f"{name}.py").is_file() and place != (folder / f"{name}.py").resolve():
            sys.modules.pop(name, None)
            del _NEIGHBOURS[name]
    return dict(sys.modules)


def _remember_neighbours(folder: Path, known: dict[str, ModuleType]) -> None:
    """Remember the modules of a folder that were imported since."""
    for name, module in list(sys.modules.items()):
        place = file_of_module(module) if name not in known else None
        if place is not None and place.parent == folder.resolve() and "." not in name:
            _NEIGHBOURS[name] = module
