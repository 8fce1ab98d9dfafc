"""L-BFGS over the genes of one network, in rounds that can be gone on with.

Source: Liu & Nocedal 1989, Mathematical Programming 45; SciPy's L-BFGS-B without bounds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from evolino.gradient.descent import Descended, Descent, Loss, weighed
from evolino.vocabulary import Array, BoolArray, check_count

LOST = 1e3  # loss above the first one that stands for one that is not finite


@dataclass(frozen=True, slots=True)
class LBFGS(Descent):
    """Settings of the refinement by L-BFGS: those of every descent, and its own.

    memory: corrections that L-BFGS keeps within a round of `round_steps` gradients; each
    round begins without any, from the best genome, and so does what goes on after
    networks were compared by successive halving, whose rounds end there.

    Raises TypeError or ValueError, naming the field, for one out of its range.

    >>> import evolino
    >>> import numpy as np
    >>> series = np.sin(0.2 * np.arange(600))
    >>> task = evolino.SeriesTask(series)
    >>> result = evolino.train(task, budget=evolino.Budget(evaluations=20),
    ...     refine=evolino.LBFGS(steps=5))
    >>> result.refinement["gradients"]
    [7]
    """

    name: ClassVar[str] = "lbfgs"

    memory: int = 60

    def __post_init__(self) -> None:
        """Check every field."""
        Descent.__post_init__(self)
        check_count("memory", self.memory)

    def round(
        self,
        losses: Callable[[int], Loss],
        start: Descended,
        movable: BoolArray,
        until: int,
    ) -> Descended:
        """Return where a round ends; L-BFGS begins it anew from the best genome."""
        return _round(losses(start.gradients), start, self, movable, until)


def _round(
    loss: Loss, start: Descended, settings: LBFGS, movable: BoolArray, until: int
) -> Descended:
    from scipy.optimize import minimize

    best, taken = start, start.gradients
    trail: list[float] = []

    def value_and_slope(genes: Array) -> tuple[float, Array]:
        nonlocal best, taken
        genome = start.genome.copy()
        genome[movable] = genes
        value, gradient = loss(genome)
        taken += 1
        trail.append(value)
        if not np.isfinite(value) or not np.isfinite(gradient).all():
            return LOST + (best.loss if np.isfinite(best.loss) else 0.0), np.zeros(
                len(genes)
            )
        if taken == 1 or value < best.loss:
            best = Descended(genome, value, taken)
        penalty, slope = weighed(settings, genome, movable)
        return value + penalty, gradient[movable] + slope

    def ended(reason: str | None) -> Descended:
        return Descended(best.genome, best.loss, taken, reason, tuple(trail))

    steps = min(until, settings.steps)
    budget = min(settings.round_steps, steps - start.gradients)
    if start.gradients == 0:
        value_and_slope(start.genome[movable])
        if best.gradients == 0:
            best = Descended(start.genome, float("inf"), 0)
            return ended("its loss is not finite")
    if budget <= 0:
        return ended("steps")
    found = minimize(
        value_and_slope,
        best.genome[movable],
        jac=True,
        method="L-BFGS-B",
        options={
            "maxcor": settings.memory,
            "maxiter": budget,
            "maxfun": budget,
            "ftol": 1e-15,
            "gtol": 1e-12,
        },
    )
    if not np.isfinite(best.loss):
        return ended("its loss is not finite")
    if taken >= settings.steps:
        return ended("steps")
    if best.loss >= start.loss and start.gradients:
        return ended(f"no step lowers the loss: {found.message}")
    return ended(None)
