"""Names to classes, and records to tables of plain values and back.

A class is named in a table of this package, by an entry point of an installed package
(groups evolino.tasks, evolino.networks, evolino.searches, evolino.readouts,
evolino.initialisers), or as "path/to/file.py:Class". Nothing is imported before it is
asked for.

A record is a frozen dataclass with a `name`. Its table is {"name": ..., field: value}, with
tuples as lists, records inside it as tables of the same kind, and None left out. A class
may offer `to_table()` and the class method `from_table(table)` and do this itself.
"""

from __future__ import annotations

import dataclasses
import difflib
import importlib
import importlib.util
import sys
import zlib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

# Kind: the module with the table, the table, the group of entry points.
KINDS = {
    "task": ("evolino.tasks", "TASKS", "evolino.tasks"),
    "network": ("evolino.network", "ARCHITECTURES", "evolino.networks"),
    "search": ("evolino.search", "SEARCHES", "evolino.searches"),
    "readout": ("evolino.readout", "READOUTS", "evolino.readouts"),
    "initialiser": ("evolino.network.initialisers", "INITIALISERS", "evolino.initialisers"),
}

_FROM_FILES: dict[type, str] = {}


def names(kind: str) -> list[str]:
    """Return the names of a kind, one of KINDS."""
    return sorted({*_table(kind), *_plugins(kind)})


def find(kind: str, name: str) -> type:
    """Return the class of a name. Raises ValueError, naming the nearest, for others."""
    table = _table(kind)
    if name in table:
        module, _, class_name = table[name].partition(":")
        found: type = getattr(importlib.import_module(module), class_name)
        return found
    if name in _plugins(kind):
        plugin: type = _plugins(kind)[name]()
        return plugin
    if _is_in_file(name):
        path, _, class_name = name.rpartition(":")
        return _class_in_file(kind, Path(path), class_name)
    from evolino.vocabulary import unknown_name

    raise unknown_name(kind, name, names(kind))


def to_table(record: Any) -> dict[str, Any]:
    """Return a record as a table from which `from_table` makes it again.

    Raises TypeError for a record without name or fields, or with a value that a table
    cannot hold, such as an array.
    """
    own = getattr(record, "to_table", None)
    if own is not None:
        return {**own(), "name": _name(record)}
    if not dataclasses.is_dataclass(record) or isinstance(record, type):
        raise TypeError(
            f"{type(record).__name__} must be a dataclass, or have to_table and from_table"
        )
    return {"name": _name(record), **fields_to_table(record)}


def from_table(kind: str, table: Mapping[str, Any]) -> Any:
    """Return the record of a table.

    Raises ValueError for unknown names and fields, naming the nearest valid ones, and
    whatever the record itself raises for its values.
    """
    if not isinstance(table, Mapping) or not isinstance(table.get("name"), str):
        raise ValueError(f"a {kind} needs a name, one of: {', '.join(names(kind))}")
    record = find(kind, table["name"])
    own = getattr(record, "from_table", None)
    if own is not None:
        return own(dict(table))
    values = {
        key: _from_value(kind, value) for key, value in table.items() if key != "name"
    }
    return make(f"{kind} {table['name']}", record, values)


def files_named(table: Any) -> Iterator[str]:
    """Yield the names "path/to/file.py:Class" in a table, whose files `find` would run."""
    if isinstance(table, Mapping):
        name = table.get("name")
        if isinstance(name, str) and _is_in_file(name):
            yield name
    if isinstance(table, Mapping | list | tuple):
        for value in table.values() if isinstance(table, Mapping) else table:
            yield from files_named(value)


def is_loaded(name: str) -> bool:
    """Return whether "path/to/file.py:Class", as a table has it, was found before."""
    return name in _FROM_FILES.values()


def fields_to_table(record: Any) -> dict[str, Any]:
    """Return the fields of a dataclass as plain values, those that are None left out."""
    table = {}
    for field in dataclasses.fields(record):
        value = getattr(record, field.name)
        if value is not None:
            table[field.name] = _to_value(f"{type(record).__name__}.{field.name}", value)
        elif field.default is not None:
            raise TypeError(
                f"{type(record).__name__}.{field.name} is None, which a table cannot say"
            )
    return table


def make(what: str, record: type, values: Mapping[str, Any]) -> Any:
    """Return record(**values). Raises ValueError for unknown or missing fields."""
    if not dataclasses.is_dataclass(record):
        raise TypeError(f"{what} must be a dataclass, or have to_table and from_table")
    fields = {field.name: field for field in dataclasses.fields(record) if field.init}
    for key in values:
        if key not in fields:
            raise unknown_field(what, key, fields)
    for name, field in fields.items():
        if field.type in (bool, "bool") and not isinstance(values.get(name, True), bool):
            raise ValueError(f"{what}: {name} must be true or false, got {values[name]!r}")
        optional = (
            field.default is not dataclasses.MISSING
            or field.default_factory is not dataclasses.MISSING
        )
        if name not in values and not optional:
            raise ValueError(f"{what} needs {name!r}")
    return record(**values)


def unknown_field(what: str, name: str, valid: Iterable[str]) -> ValueError:
    """Return the error for a field that `what` does not have; it names the nearest ones."""
    fields = sorted(valid)
    nearest = difflib.get_close_matches(name, fields, n=3, cutoff=0.4)
    hint = f"; nearest: {', '.join(nearest)}" if nearest else ""
    return ValueError(
        f"{what} has no field {name!r}{hint}; valid: {', '.join(fields) or 'none'}"
    )


def _table(kind: str) -> dict[str, str]:
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}, got {kind!r}")
    module, table, _ = KINDS[kind]
    found: dict[str, str] = getattr(importlib.import_module(module), table)
    return found


@cache
def _plugins(kind: str) -> dict[str, Any]:
    """Return name -> function that loads the class, of other installed packages."""
    return {entry.name: entry.load for entry in entry_points(group=KINDS[kind][2])}


def _is_in_file(name: str) -> bool:
    path, colon, _ = name.rpartition(":")
    return bool(colon) and path.endswith(".py")


def _class_in_file(kind: str, path: Path, class_name: str) -> type:
    path = path.expanduser().resolve()
    if not path.is_file():
        raise ValueError(f"{kind} {path}:{class_name}: there is no such file")
    module = _module_of_file(path)
    found = getattr(module, class_name, None)
    if not isinstance(found, type):
        raise ValueError(f"{kind} {path}:{class_name}: the file has no such class")
    # A class that the file only imports keeps the name that it has elsewhere.
    own = found.__module__ == module.__name__
    if own or getattr(found, "name", None) not in names(kind):
        _FROM_FILES[found] = f"{path}:{class_name}"
    return found


@cache
def _module_of_file(path: Path) -> Any:
    """Import a file once, under a name that no installed module has."""
    name = f"evolino_file_{path.stem}_{zlib.crc32(bytes(path)):08x}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ValueError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise ValueError(f"{path} cannot be imported: {error}") from error
    return module


def _name(record: Any) -> str:
    name = _FROM_FILES.get(type(record), getattr(record, "name", None))
    if not isinstance(name, str):
        raise TypeError(f"{type(record).__name__} needs a name, as in the table of names")
    return name


def _to_value(where: str, value: Any) -> Any:
    """Return a value as text, number, bool, list or table; `where` is for the error."""
    if isinstance(value, bool | str) or type(value) in (int, float):
        return value
    if isinstance(value, list | tuple):
        return [_to_value(where, each) for each in value]
    if getattr(value, "ndim", None) == 0 and hasattr(value, "item"):
        return value.item()
    if dataclasses.is_dataclass(value) or hasattr(value, "to_table"):
        plain = not isinstance(value, type) and not hasattr(value, "to_table")
        if plain and not hasattr(value, "name") and type(value) not in _FROM_FILES:
            return fields_to_table(value)  # a record that is only a part of another
        return to_table(value)
    raise TypeError(
        f"{where} is a {type(value).__name__}, which cannot be written to a table; "
        "give its class to_table and from_table"
    )


def _from_value(kind: str, value: Any) -> Any:
    if isinstance(value, list | tuple):
        return tuple(_from_value(kind, each) for each in value)
    if isinstance(value, Mapping):
        # As `_to_value` writes a record that is only a part of another.
        part = kind == "network" and "name" not in value
        return dict(value) if part else from_table(kind, value)
    return value
