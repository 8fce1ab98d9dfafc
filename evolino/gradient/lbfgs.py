"""L-BFGS over the genes of one network, in rounds that can be gone on with.

Source: Liu & Nocedal 1989, Mathematical Programming 45; SciPy's L-BFGS-B without bounds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from evolino.vocabulary import Array, BoolArray, check_count, check_number

LOST = 1e3  # loss above the first one that stands for one that is not finite

Loss = Callable[[Array], tuple[float, Array]]


@dataclass(frozen=True, slots=True)
class LBFGS:
    """Settings of the refinement by L-BFGS.

    steps: about so many gradients for each network; the last line search is finished.
    memory: corrections that L-BFGS keeps. decay: weight of half the mean square of the
    genes, added to the loss. best: how many of the search's best networks are refined.
    genes: sources whose weights may move, of "bias", "input", "feedback", "recurrent" and
    "peephole"; none is all of them. hold_out: share of the segments of validation that no
    gradient sees; their loss says which genome of the descent is kept. 0 keeps the one of
    the lowest loss that was descended on. starts: descend on so many segments, spread
    evenly over the rows of validation and train, also those that the readout is fitted on;
    0 descends on the segments of validation alone. folds: with a logistic readout descend
    on train instead, its series dealt out into so many folds: each is scored with the
    readout solved on the others, one fold with that of its own rows; validation is what no
    gradient sees. 0 descends on segments of validation. round: gradients between two looks
    at what is held out, where the descent begins anew from its best genome: what a resume
    repeats. seconds: no round of descent begins
    later than this after the search; where it ends depends on the machine.

    Raises TypeError or ValueError, naming the field, for one out of its range.
    """

    name: ClassVar[str] = "lbfgs"

    steps: int = 1000
    memory: int = 60
    decay: float = 0.0
    best: int = 1
    genes: tuple[str, ...] = ()
    hold_out: float = 0.25
    starts: int = 0
    folds: int = 0
    round: int = 100
    seconds: float | None = None

    def __post_init__(self) -> None:
        """Check every field."""
        check_count("steps", self.steps)
        check_count("memory", self.memory)
        check_number("decay", self.decay, least=0)
        check_count("best", self.best)
        check_count("starts", self.starts, least=0)
        check_count("folds", self.folds, least=0)
        check_count("round", self.round)
        if self.folds and self.starts:
            raise ValueError("folds are of train, starts of validation: give one of them")
        if self.seconds is not None:
            check_number("seconds", self.seconds, above=0)
        check_number("hold_out", self.hold_out, least=0)
        if self.hold_out >= 1:
            raise ValueError(f"hold_out must be < 1, got {self.hold_out:g}")
        sources = ("bias", "input", "feedback", "recurrent", "peephole")
        for source in self.genes:
            if source not in sources:
                raise ValueError(f"genes must be of {', '.join(sources)}, got {source!r}")
        object.__setattr__(self, "genes", tuple(self.genes))


@dataclass(frozen=True, slots=True, eq=False)
class Descended:
    """Where a round of descent ended.

    genome: (C, G), the best so far. loss: its. gradients: how many were taken since the
    beginning. ended: why there is nothing more to do, None while there is.
    """

    genome: Array
    loss: float
    gradients: int
    ended: str | None = None


def descend(
    loss: Loss, start: Descended, settings: LBFGS, movable: BoolArray
) -> Iterator[Descended]:
    """Yield where each round ends, until there is nothing more to do.

    loss: genome (C, G) -> the loss and its gradient (C, G). start: where to go on from;
    with 0 gradients only its genome counts. movable: (C, G), whether a gene may move.

    A loss that is not finite shortens the step. A first one that is not ends the descent.
    """
    here = start
    while here.ended is None:
        here = _round(loss, here, settings, movable)
        yield here


def _round(loss: Loss, start: Descended, settings: LBFGS, movable: BoolArray) -> Descended:
    from scipy.optimize import minimize

    best, taken = start, start.gradients

    def weighed(genes: Array) -> tuple[float, Array]:
        nonlocal best, taken
        genome = start.genome.copy()
        genome[movable] = genes
        value, gradient = loss(genome)
        taken += 1
        if not np.isfinite(value) or not np.isfinite(gradient).all():
            return LOST + (start.loss if start.gradients else 0.0), np.zeros(len(genes))
        if taken == 1 or value < best.loss:
            best = Descended(genome, value, taken)
        penalty = 0.5 * settings.decay * float(np.square(genes).mean())
        slope = gradient[movable] + settings.decay * genes / max(len(genes), 1)
        return value + penalty, slope

    budget = min(settings.round, settings.steps - start.gradients)
    if start.gradients == 0:
        weighed(start.genome[movable])
        if best.gradients == 0:
            return Descended(start.genome, float("inf"), 1, "its loss is not finite")
    if budget <= 0:
        return Descended(best.genome, best.loss, taken, "steps")
    found = minimize(
        weighed,
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
    ended = None
    if taken >= settings.steps:
        ended = "steps"
    elif best.loss >= start.loss and start.gradients:
        ended = f"no step lowers the loss: {found.message}"
    return Descended(best.genome, best.loss, taken, ended)
