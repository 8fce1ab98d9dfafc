"""Text of C99: numbers and arrays of constants, exact to the last digit."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import Literal

import numpy as np

from evolino.vocabulary import Array

CPrecision = Literal["double", "float"]


@dataclass(frozen=True, slots=True)
class CType:
    """The floating-point type that an exported network computes in."""

    name: CPrecision

    def __post_init__(self) -> None:
        """Check the name."""
        if self.name not in ("double", "float"):
            raise ValueError(f"precision must be 'double' or 'float', got {self.name!r}")

    @property
    def suffix(self) -> str:
        """Of constants and of the functions of math.h."""
        return "f" if self.name == "float" else ""

    def number(self, value: float) -> str:
        """Return a constant. Raises ValueError for one that the type cannot hold."""
        with np.errstate(over="ignore"):
            held = float(np.float32(value)) if self.name == "float" else float(value)
        if np.isinf(value):
            return "INFINITY" if value > 0 else "-INFINITY"
        if not np.isfinite(held):
            raise ValueError(f"a {self.name} cannot hold the number {value!r}")
        text = f"{held:.17g}"
        return (text if "." in text or "e" in text else f"{text}.0") + self.suffix

    def array(self, name: str, values: Array) -> str:
        """Return the definition of a constant array of any shape."""
        sizes = "".join(f"[{size}]" for size in values.shape)
        body = self._braces(values)
        return f"static const {self.name} {name}{sizes} = {body};\n"

    def _braces(self, values: Array) -> str:
        if values.ndim == 1:
            text = ", ".join(self.number(value) for value in values.tolist())
            return "{" + "\n".join(textwrap.wrap(text, 96, break_on_hyphens=False)) + "}"
        return "{\n" + ",\n".join(self._braces(row) for row in values) + "}"
