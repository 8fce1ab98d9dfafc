"""What is recorded of a generation."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Generation:
    """One line of history: what a generation of networks did. The same for every number
    of workers, so it holds no times.

    generation: counted from 1. evaluations: so far. best: lowest loss so far.
    lowest, lower_quartile, median, upper_quartile: of this generation's losses.
    failed: networks of this generation without a finite loss.
    variant: 0 is the task itself, k > 0 the k-th variant of a curriculum.
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

    def as_dict(self) -> dict[str, Any]:
        """Return the fields by name."""
        return asdict(self)
