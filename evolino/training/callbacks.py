"""What listens to a run."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evolino.training.experiment import Experiment
    from evolino.training.trainer import Result


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


class Callback:
    """A listener; every method does nothing until it is overridden.

    A callback may raise: the run stops with its last checkpoint on disk.
    """

    def on_start(self, experiment: Experiment) -> None:
        """Hear of the run before its first generation (or its first after a resume)."""

    def on_generation(self, generation: Generation, seconds: float) -> None:
        """Hear of a generation; seconds: of the whole run so far."""

    def on_improved(self, loss: float, genome: Any) -> None:
        """Hear of a network better than any before; genome is (C, G)."""

    def on_baselines(self) -> None:
        """Hear that evolution is over and the baselines are measured, as long again."""

    def on_stop(self, result: Result) -> None:
        """Hear of the end."""
