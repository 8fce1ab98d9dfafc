"""Commands whose options are the fields of a record."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable
from dataclasses import MISSING, fields
from typing import Any, TypeVar

Record = TypeVar("Record")


def parameters_of(record: type) -> list[inspect.Parameter]:
    """Return the fields of a dataclass as parameters that typer reads."""
    hints = typing.get_type_hints(record, include_extras=True)
    return [
        inspect.Parameter(
            each.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if each.default is MISSING else each.default,
            annotation=hints[each.name],
        )
        for each in fields(record)
    ]


def with_parameters(
    function: Callable[..., None], parameters: list[inspect.Parameter]
) -> Callable[..., None]:
    """Return the function with a signature of these parameters, for typer to read."""
    function.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    function.__annotations__ = {each.name: each.annotation for each in parameters}
    return function


def command_of(
    record: type[Record], work: Callable[[Record], None], *, name: str
) -> Callable[..., None]:
    """Return a command of a name that gives its options to `work` as a record."""

    def command(**given: Any) -> None:
        work(record(**given))

    command.__name__, command.__doc__ = name, work.__doc__
    return with_parameters(command, parameters_of(record))
