"""History: the record of each generation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class Generation:
    """One line of history: what a generation of networks did. The same for every number
    of workers, so it holds no times.

    generation: counted from 1. evaluations: so far. best: lowest loss so far.
    lowest, lower_quartile, median, upper_quartile: of this generation's losses.
    failed: networks of this generation without a finite loss.
    variant: 0 is the task itself, k > 0 the k-th variant of a curriculum.

    >>> import evolino
    >>> result = evolino.train("mso", budget=evolino.Budget(generations=2))
    >>> result.history[-1].generation
    2
    """

    generation: int
    evaluations: int
    best: float
    lowest: float
    lower_quartile: float
    median: float
    upper_quartile: float
    failed: int
    variant: int = 0

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Generation:
        """Return the generation of `as_dict`. Raises TypeError for others."""
        for each in fields(cls):
            whole = each.type == "int"
            value = record.get(each.name, 0)
            if isinstance(value, bool) or not isinstance(
                value, int if whole else (int, float)
            ):
                raise TypeError(f"{each.name} must be a number, got {value!r:.60}")
        return cls(**record)

    def as_dict(self) -> dict[str, Any]:
        """Return the fields by name."""
        return asdict(self)
