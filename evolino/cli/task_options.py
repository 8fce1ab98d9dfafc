"""A task's fields as options of the command line."""

from __future__ import annotations

import dataclasses
import inspect
import sys
import types
import typing
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from evolino.storage.plain_text import say

SIMPLE = (int, float, str, bool)
TRUST = "Run Python files that the run's config names as its task or search."
FILE_HELP = "file of numbers, a step a row: csv, txt, npy, parquet; or .gz"


@dataclass(frozen=True, slots=True)
class TaskOption:
    """One field of a task.

    field: its name. argument: its name on the command line, with underscores. type: what
    the option parser reads; convert: from that to the field. default, help: to print.
    """

    field: str
    argument: str
    type: Any
    convert: Callable[[Any], Any]
    default: Any
    help: str

    def read(self, given: Any) -> Any:
        """Return the field's value, None if the option was not given."""
        return None if given is None else self.convert(given)

    def parameter(self) -> inspect.Parameter:
        """Return the option as a parameter that typer reads."""
        dashed = self.argument.replace("_", "-")
        names = [f"--{dashed}/--no-{dashed}" if self.type is bool else f"--{dashed}"]
        shown = _text(self.default)
        option = typer.Option(*names, help=self.help, show_default=shown or False)
        return inspect.Parameter(
            self.argument,
            inspect.Parameter.KEYWORD_ONLY,
            default=None,
            annotation=Annotated[self.type | None, option],
        )

    @property
    def example(self) -> str:
        """The option with its default, empty if that says nothing."""
        plain = self.type in (int, float) and self.default is not None
        return (
            f"--{self.argument.replace('_', '-')} {_text(self.default)} " if plain else ""
        )


def task_options(task: type, taken: set[str]) -> list[TaskOption]:
    """Return the options of a task's class; taken: names that general options have."""
    options = []
    for name, annotation, default, help_text in _fields(task):
        kind, convert = _reader(name, annotation)
        if kind is not None:
            argument = f"task_{name}" if name in taken else name
            text = help_text or (FILE_HELP if kind is Path else "")
            options.append(TaskOption(name, argument, kind, convert, default, text))
    return options


def _fields(task: type) -> list[tuple[str, Any, Any, str]]:
    """Return (name, type, default, help) of what a task is made from."""
    if dataclasses.is_dataclass(task):
        hints = typing.get_type_hints(task)
        return [
            (
                each.name,
                hints[each.name],
                None if each.default is dataclasses.MISSING else each.default,
                str(each.metadata.get("help", "")),
            )
            for each in dataclasses.fields(task)
            if each.init
        ]
    hints = typing.get_type_hints(task.__init__, include_extras=True)  # type: ignore[misc]
    parameters = list(inspect.signature(task).parameters.values())
    return [
        (
            each.name,
            *_unannotated(
                hints[each.name], None if each.default is each.empty else each.default
            ),
        )
        for each in parameters
        if each.name in hints
    ]


def _unannotated(hint: Any, default: Any) -> tuple[Any, Any, str]:
    """Return type, default and help; help is what `Annotated[type, help]` says."""
    if typing.get_origin(hint) is not Annotated:
        return hint, default, ""
    kind, text = typing.get_args(hint)[:2]
    return kind, default, str(text)


def _reader(name: str, annotation: Any) -> tuple[Any, Callable[[Any], Any]]:
    """Return what the parser reads for a type and how that becomes the field.

    (None, ..) for types that a command line cannot give, such as records.
    """
    from numpy.typing import ArrayLike

    if annotation in (ArrayLike, ArrayLike | None):
        return Path, lambda path: _read_array(name, path)
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (types.UnionType, typing.Union):
        kinds = [each for each in inner if each is not type(None)]
        if str in kinds:  # text that the task reads itself
            return str, str
        return _reader(name, kinds[0]) if len(kinds) == 1 else (None, str)
    if annotation in SIMPLE:
        return annotation, annotation
    if origin is typing.Literal:
        return str, str
    if origin in (tuple, list) and inner and inner[0] in (int, float, str):
        return str, lambda text: _numbers(name, text, inner[0])
    return None, str


def _numbers(name: str, text: str, kind: Callable[[str], Any]) -> list[Any]:
    """Return the values of a comma list. Raises ValueError, naming the bad one."""
    values = []
    for part in text.split(","):
        try:
            values.append(kind(part.strip()))
        except ValueError:
            raise ValueError(
                f"{name} must be numbers between commas, got {part.strip()!r} in {text!r}"
            ) from None
    return values


def _read_array(name: str, path: Path) -> list[Any]:
    """Return the numbers of a file as nested lists. Raises ValueError if it has others."""
    from evolino.storage.tables import read_table

    try:
        table = read_table(path)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
    say(f"evolino: {path}: {table.described()}", sys.stderr)
    values = table.values[:, 0] if len(table.names) == 1 else table.values
    found: list[Any] = values.tolist()
    return found


def _text(value: Any) -> str:
    if isinstance(value, tuple | list):
        return ",".join(map(str, value))
    return "" if value is None else str(value)
