"""Stopping criteria: reasons to end a run."""

from __future__ import annotations

from evolino.gradient.descent import Descent
from evolino.training.experiment import Budget
from evolino.training.run_progress import Progress


class SavingError(RuntimeError):
    """A run's folder could not be written. What was saved before is still good."""


def reasons(
    budget: Budget,
    *,
    generations: int,
    evaluations: int,
    seconds: float,
    best: float,
    stagnant: int,
    cpu_seconds: float = 0.0,
) -> list[str]:
    """Return every limit that is reached, as text with its figures; empty: go on.

    best: the lowest loss of the task itself. stagnant: generations without a better one.
    A stop by seconds names the evaluations, with which the run can be repeated exactly.
    """
    found = []
    if budget.target is not None and best <= budget.target:
        found.append(f"target: loss {best:.3g} <= {budget.target:g}")
    if budget.generations is not None and generations >= budget.generations:
        found.append(f"generations: {generations}")
    if budget.evaluations is not None and evaluations >= budget.evaluations:
        found.append(f"evaluations: {evaluations} >= {budget.evaluations}")
    exactly = (
        f"repeat exactly with --evaluations {evaluations}"
        if evaluations
        else "over before the first generation"
    )
    if budget.seconds is not None and seconds >= budget.seconds:
        found.append(f"seconds: {budget.seconds:g} ({exactly})")
    if budget.cpu_seconds is not None and cpu_seconds >= budget.cpu_seconds:
        found.append(f"cpu_seconds: {budget.cpu_seconds:g} ({exactly})")
    if budget.stagnation is not None and stagnant >= budget.stagnation:
        found.append(f"stagnation: {stagnant} generations without a better network")
    return found


def limits_of_refinement(settings: Descent, progress: Progress) -> list[str]:
    """Return the limits of seconds that a refinement has reached; empty: go on."""
    taken = {
        "seconds": (settings.seconds, progress.refined_seconds),
        "cpu_seconds": (settings.cpu_seconds, progress.refined_cpu_seconds),
    }
    return [
        f"{name}: {limit:g}"
        for name, (limit, so_far) in taken.items()
        if limit is not None and so_far >= limit
    ]
