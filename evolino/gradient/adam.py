"""Adam over the genes of one network: minibatches of free runs, clipping, a schedule.

Source: Kingma & Ba 2015, ICLR.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from evolino.gradient.descent import Descended, Descent, Loss, weighed
from evolino.gradient.first_order import (
    AdamStep,
    Moments,
    Schedule,
    adam,
    check_schedule,
    clipped,
    scheduled,
)
from evolino.vocabulary import Array, BoolArray, check_count, check_flag, check_number

HALVINGS = 30  # of the rate, before a descent whose loss is not finite is given up


@dataclass(frozen=True, slots=True)
class Adam(Descent):
    """Settings of the refinement by Adam: those of every descent, and its own.

    rate: the learning rate. betas: how much of the means of gradients and of their squares
    is kept from one step to the next. epsilon: added to the root of the latter. schedule:
    "constant", or "cosine", by which the rate falls to 0 over `steps`. clip: a longer
    gradient is scaled down to this norm; 0 clips none. batch: segments that a gradient
    is of, drawn anew without replacement until all have served; 0 is all of them. noise:
    standard deviation of what is added to the inputs of a minibatch, through a ctc readout.
    keep_readout: with minibatches through a ctc readout, the model has the readout that
    followed the descent; else it is solved anew, from a flat alignment.
    flips: films of a minibatch are mirrored, and square ones transposed, at random, where
    networks are convolutional.

    Raises TypeError or ValueError, naming the field, for one out of its range.

    >>> import evolino
    >>> import numpy as np
    >>> series = np.sin(0.2 * np.arange(600))
    >>> task = evolino.SeriesTask(series)
    >>> result = evolino.train(task, budget=evolino.Budget(evaluations=20),
    ...     refine=evolino.Adam(steps=5))
    >>> result.refinement["gradients"]
    [5]
    """

    name: ClassVar[str] = "adam"

    rate: float = 0.003
    betas: tuple[float, float] = (0.9, 0.999)
    epsilon: float = 1e-8
    schedule: Schedule = "cosine"
    clip: float = 0.0
    batch: int = 0
    noise: float = 0.0
    keep_readout: bool = False
    flips: bool = False

    def __post_init__(self) -> None:
        """Check every field."""
        Descent.__post_init__(self)
        object.__setattr__(self, "betas", tuple(self.betas))
        AdamStep(self.rate, self.betas, self.epsilon)
        check_schedule(self.schedule)
        check_number("clip", self.clip, least=0)
        check_count("batch", self.batch, least=0)
        check_number("noise", self.noise, least=0)
        for name in ("keep_readout", "flips"):
            check_flag(name, getattr(self, name))
            if getattr(self, name) and not self.batch:
                raise ValueError(f"{name} is of minibatches: batch must be given, got 0")

    def batch_size(self) -> int:
        """Return how many segments a gradient is of."""
        return self.batch

    def round(
        self,
        losses: Callable[[int], Loss],
        start: Descended,
        movable: BoolArray,
        until: int,
    ) -> Descended:
        """Return where a round ends, from the genome and the moments of the one before."""
        here = _Place.of(start, movable)
        best = Descended(start.genome, start.loss if start.gradients else np.inf, 0)
        trail: list[float] = []
        last = min(until, self.steps, start.gradients + self.round_steps)
        for number in range(start.gradients, last):
            value, gradient = losses(number)(here.genome)
            trail.append(value)
            if np.isfinite(value) and np.isfinite(gradient).all():
                if value < best.loss:
                    best = Descended(here.genome, value, 0)
                here = _moved(self, here, gradient, movable, number)
                continue
            if number == 0 or here.halved == HALVINGS:
                ended = "its loss is not finite"
                return here.end(best, number + 1, trail, ended)
            here = here.back(movable)
        if self.batch:  # losses of different batches are not compared
            best = Descended(here.genome, float(np.mean(trail)) if trail else np.inf, 0)
        return here.end(best, last, trail, "steps" if last >= self.steps else None)


@dataclass(frozen=True, slots=True, eq=False)
class _Place:
    """Where Adam is.

    genome: (C, G). finite: the last one whose loss was finite. halved: how often the rate
    was.
    """

    genome: Array
    finite: Array
    moments: Moments
    halved: int = 0

    @classmethod
    def of(cls, start: Descended, movable: BoolArray) -> _Place:
        """Return the place that a round left, or the first one."""
        kept: Mapping[str, Any] = start.memory
        if not kept:
            return cls(start.genome, start.genome, Moments.zeros(int(movable.sum())))
        moments = Moments(kept["mean"], kept["square"], int(kept["count"]))
        return cls(kept["genome"], kept["finite"], moments, int(kept["halved"]))

    def back(self, movable: BoolArray) -> _Place:
        """Return the last place whose loss was finite, the moments forgotten."""
        moments = Moments.zeros(int(movable.sum()))
        return _Place(self.finite, self.finite, moments, self.halved + 1)

    def end(
        self, best: Descended, gradients: int, trail: list[float], ended: str | None
    ) -> Descended:
        """Return where a round ended."""
        memory = {
            "genome": self.genome,
            "finite": self.finite,
            "mean": self.moments.mean,
            "square": self.moments.square,
            "count": self.moments.count,
            "halved": self.halved,
        }
        return Descended(best.genome, best.loss, gradients, ended, tuple(trail), memory)


def _moved(
    settings: Adam, here: _Place, gradient: Array, movable: BoolArray, number: int
) -> _Place:
    """Return the place after a step along the gradient (C, G) at `here`."""
    slope = gradient[movable] + weighed(settings, here.genome, movable)[1]
    step = AdamStep(settings.rate, settings.betas, settings.epsilon)
    scale = scheduled(settings.schedule, number / settings.steps) * 0.5**here.halved
    move, moments = adam(here.moments, clipped(slope, settings.clip), step, scale)
    genome = here.genome.copy()
    genome[movable] += move
    return _Place(genome, here.genome, moments, here.halved)
