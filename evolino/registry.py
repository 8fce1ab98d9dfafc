"""Names to classes, and records to tables of plain values and back.

A class is named in a table of this package, by an entry point of an installed package
(groups evolino.tasks, evolino.networks, evolino.searches, evolino.readouts,
evolino.initialisers), or as "path/to/file.py:Class". Nothing is imported before it is
asked for.

A record is a frozen dataclass with a `name`. Its table is {"name": ..., field: value}, with
tuples as lists, records inside it as tables of the same kind, and None left out. A class
may offer `to_table()` and the class method `from_table(table)` and do this itself.

The name in a table is of the very class, never that of its parent: a class that no table
names goes by its file, "path/to/file.py:Class", also one of the script that runs.
"""

from __future__ import annotations

import dataclasses
import difflib
import importlib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from evolino.storage.files import user_path
from evolino.user_files import file_of, imported_from, is_in_file, module_of_file

# Kind: the module with the table, the table, the group of entry points.
KINDS = {
    "task": ("evolino.tasks", "TASKS", "evolino.tasks"),
    "network": ("evolino.network", "ARCHITECTURES", "evolino.networks"),
    "search": ("evolino.search", "SEARCHES", "evolino.searches"),
    "refinement": ("evolino.gradient", "REFINEMENTS", "evolino.refinements"),
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
    if is_in_file(name):
        path, _, class_name = name.rpartition(":")
        return _class_in_file(kind, Path(path), class_name)
    from evolino.vocabulary import unknown_name

    raise unknown_name(kind, name, names(kind))


def to_table(record: Any) -> dict[str, Any]:
    """Return a record as a table from which `from_table` makes it again.

    Raises TypeError for a record without fields, or with a value that a table cannot
    hold, such as an array; ValueError for a class that no other process could find.
    """
    own = getattr(record, "to_table", None)
    if own is not None:
        _check_own_table(type(record))
        return {**own(), "name": _name(record)}
    if not dataclasses.is_dataclass(record) or isinstance(record, type):
        raise TypeError(
            f"{type(record).__name__} must be a dataclass, or have to_table and from_table"
        )
    fields = fields_to_table(record)
    return {"name": _name(record), **fields}


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
        if isinstance(name, str) and is_in_file(name):
            yield name
    if isinstance(table, Mapping | list | tuple):
        for value in table.values() if isinstance(table, Mapping) else table:
            yield from files_named(value)


def is_loaded(name: str) -> bool:
    """Return whether the file of "path/to/file.py:Class" is imported already, so that
    `find` would run nothing."""
    return imported_from(user_path(name.rpartition(":")[0]).resolve()) is not None


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


def _class_in_file(kind: str, path: Path, class_name: str) -> type:
    path = user_path(path, kind).resolve()
    if not path.is_file():
        raise ValueError(f"{kind} {path}:{class_name}: there is no such file")
    module = module_of_file(path)
    found: Any = module
    for part in class_name.split("."):
        found = getattr(found, part, None)
    if not isinstance(found, type):
        raise ValueError(f"{kind} {path}:{class_name}: the file has no such class")
    # A class that the file only imports keeps the name that it has elsewhere.
    own = found.__module__ == module.__name__
    if own or not _is_named(found, getattr(found, "name", None)):
        _FROM_FILES[found] = f"{path}:{class_name}"
    return found


def _is_named(record: type, name: Any) -> bool:
    """Return whether a name of a table or of an entry point means this very class."""
    return isinstance(name, str) and any(
        name in {*_table(kind), *_plugins(kind)} and find(kind, name) is record
        for kind in KINDS
    )


def _name(record: Any) -> str:
    """Return the name that `find` gives a record's class for."""
    kind, name = type(record), getattr(record, "name", None)
    if kind in _FROM_FILES:
        return _FROM_FILES[kind]
    if _is_named(kind, name):
        return str(name)
    found = file_of(kind)
    if found is None:
        raise ValueError(
            f"{kind.__name__} stands in no file, so that other processes and a resumed run "
            "cannot make it: put the class into a Python file and import it from there, or "
            "run with threads and without a folder"
        )
    return found


def _check_own_table(kind: type) -> None:
    """Raise TypeError for a class whose parent's to_table does not know its fields."""
    order = kind.__mro__
    definer = next(k for k, each in enumerate(order) if "to_table" in vars(each))
    for each in order[:definer]:
        if "__init__" in vars(each):
            raise TypeError(
                f"{each.__name__} has an __init__ of its own, which to_table of "
                f"{order[definer].__name__} does not know: give it to_table and "
                "from_table of its own"
            )


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
