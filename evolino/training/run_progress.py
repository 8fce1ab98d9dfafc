"""Progress of a run: what a checkpoint holds beside the state of the search."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

from evolino.training.best_networks import Found
from evolino.vocabulary import Array


@dataclass(slots=True)
class Progress:
    """Where a run is; all of it goes into the checkpoint.

    variant: of the curriculum, counted down to 0, the task itself. began_at: the variant's
    generation 0. improved_at: the generation that found the best network. found: the best
    networks on the present variant, the best first, as many as the model is made of or are
    refined. before: those on the task itself when the curriculum began again, restarts
    times. refined: the states of these; rounds: what each round of refinement came to, in
    refined_seconds and refined_cpu_seconds. cpu_seconds: of this process.
    """

    generation: int = 0
    evaluations: int = 0
    seconds: float = 0.0
    variant: int = 0
    began_at: int = 0
    improved_at: int = 0
    found: list[Found] = field(default_factory=list)
    before: list[Found] = field(default_factory=list)
    restarts: int = 0
    refined: list[dict[str, Any]] = field(default_factory=list)
    rounds: list[dict[str, Any]] = field(default_factory=list)
    refined_seconds: float = 0.0
    cpu_seconds: float = 0.0
    refined_cpu_seconds: float = 0.0

    @property
    def best(self) -> float:
        """The lowest loss so far, inf if there is none."""
        return self.found[0][0] if self.found else float("inf")

    @property
    def genome(self) -> Array | None:
        """(C, G) of the best network so far, None if there is none."""
        return self.found[0][1] if self.found else None

    @property
    def answers(self) -> list[Found]:
        """The best networks on the task itself; until there are any, on a variant."""
        return self.found if self.variant == 0 else self.before or self.found

    def forget_refinement(self) -> None:
        """Begin refinement anew after this: the search has gone on."""
        self.refined, self.rounds = [], []
        self.refined_seconds = self.refined_cpu_seconds = 0.0

    def later(self) -> dict[str, Any]:
        """Return by name what goes on changing after the last generation."""
        names = (
            *("seconds", "cpu_seconds", "refined", "rounds"),
            *("refined_seconds", "refined_cpu_seconds"),
        )
        return {name: getattr(self, name) for name in names}

    def as_state(self) -> dict[str, Any]:
        """Return the fields by name."""
        return {each.name: getattr(self, each.name) for each in fields(self)}
