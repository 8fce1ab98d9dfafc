"""Back-propagation through time: all weights descend, those of the outputs too.

The classical way to train an LSTM, and the baseline beside evolution with a solved readout.
Adam, or plain gradient descent as in the papers, from one draw of the weights; several
learning rates begin, and successive halving leaves one.

Source: Werbos 1990, Proceedings of the IEEE 78(10); Hochreiter & Schmidhuber 1997, Neural
Computation 9(8) (plain descent).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, Literal, get_args

import numpy as np

from evolino.gradient.first_order import (
    AdamStep,
    Moments,
    Schedule,
    adam,
    check_schedule,
    clipped,
    plain,
)
from evolino.vocabulary import Array, check_count, check_number

Optimiser = Literal["adam", "descent"]
DescendsOn = Literal["one-step", "free-run"]
RATES = {"adam": (0.1, 0.03, 0.01, 0.003), "descent": (1.0, 0.3, 0.1, 0.03)}
HALVINGS = 30  # of a rate, before a descent whose loss is not finite is given up

# Weights (n,) -> the loss and its gradient (n,).
VectorLoss = Callable[[Array], tuple[float, Array]]


@dataclass(frozen=True, slots=True)
class BPTT:
    """Settings of training by back-propagation through time, with no readout solved.

    optimiser: "adam" or "descent", the plain one. rates: learning rates that begin, all
    from the same weights; none are those of `RATES`. They get equal numbers of gradients,
    and in the first half of the budget the worse half of them is given up again and again
    until one is left, by the lowest loss on validation; where only a target or stagnation
    ends the run, all go on. loss: "one-step", of teacher-forced
    outputs on the rows of *train*, or "free-run", the task's loss of free runs over
    validation. starts: as of `Descent`, with "free-run". every: gradients of a generation,
    after each of which the loss on validation is taken; the network of the lowest one is
    kept. schedule: "constant", or "cosine", by which the rates fall to 0 over the budget.
    clip: a longer gradient is scaled down to this norm; 0 clips none. betas, epsilon: of
    Adam. momentum: of plain descent. width: output weights begin uniform in +-width; None
    is one over the root of the number of features.

    Raises TypeError or ValueError, naming the field, for one out of its range.

    >>> import evolino
    >>> import numpy as np
    >>> series = np.sin(0.2 * np.arange(600))
    >>> task = evolino.SeriesTask(series)
    >>> result = evolino.train(task, bptt=evolino.BPTT(rates=(0.01,)),
    ...     budget=evolino.Budget(evaluations=20))
    >>> result.evaluations
    20
    """

    name: ClassVar[str] = "bptt"

    optimiser: Optimiser = "adam"
    rates: tuple[float, ...] = ()
    loss: DescendsOn = "one-step"
    starts: int = 0
    every: int = 20
    schedule: Schedule = "cosine"
    clip: float = 1.0
    betas: tuple[float, float] = (0.9, 0.999)
    epsilon: float = 1e-8
    momentum: float = 0.0
    width: float | None = None

    def __post_init__(self) -> None:
        """Check every field."""
        for name, choices in (("optimiser", Optimiser), ("loss", DescendsOn)):
            known, value = get_args(choices), getattr(self, name)
            if value not in known:
                raise ValueError(f"{name} must be {' or '.join(known)}, got {value!r}")
        object.__setattr__(self, "rates", tuple(self.rates))
        object.__setattr__(self, "betas", tuple(self.betas))
        for rate in self.rates or RATES[self.optimiser]:
            check_number("rates", rate, above=0)
            AdamStep(rate, self.betas, self.epsilon)
        check_count("starts", self.starts, least=0)
        check_count("every", self.every)
        check_schedule(self.schedule)
        check_number("clip", self.clip, least=0)
        if self.width is not None:
            check_number("width", self.width, above=0)
        check_number("momentum", self.momentum, least=0)
        if self.momentum >= 1:
            raise ValueError(f"momentum must be < 1, got {self.momentum:g}")

    @property
    def grid(self) -> tuple[float, ...]:
        """The learning rates that begin."""
        return self.rates or RATES[self.optimiser]


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """Where the descent of one learning rate is.

    weights: (n,), all of them. finite: (n,), the last ones whose loss was finite. loss: of
    these. gradients: taken so far. halved: how often the rate was, since no step of it was
    finite. lowest: on validation so far. ended: why it is over, "" while it is not.
    """

    rate: float
    weights: Array
    finite: Array
    moments: Moments
    loss: float = float("inf")
    gradients: int = 0
    halved: int = 0
    lowest: float = float("inf")
    ended: str = ""

    @classmethod
    def at(cls, rate: float, weights: Array) -> Candidate:
        """Return a candidate before its first gradient."""
        return cls(rate, weights, weights, Moments.zeros(len(weights)))

    def as_state(self) -> dict[str, Any]:
        """Return the fields by name, the moments as a table of theirs."""
        own = {each.name: getattr(self, each.name) for each in fields(self)}
        moments = {each.name: getattr(self.moments, each.name) for each in fields(Moments)}
        return {**own, "moments": moments}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Candidate:
        """Return the candidate of `as_state`."""
        return cls(**{**state, "moments": Moments(**state["moments"])})


def descended(
    loss: VectorLoss, start: Candidate, settings: BPTT, count: int, scale: float = 1.0
) -> Candidate:
    """Return a candidate after so many gradients more, or fewer where it ends.

    scale: of the learning rate. A loss that is not finite sends it back to the last weights
    of a finite one, with half the rate; a first one that is not ends it.
    """
    here = start
    for _ in range(count):
        if here.ended:
            break
        value, gradient = loss(here.weights)
        here = replace(here, gradients=here.gradients + 1)
        if np.isfinite(value) and np.isfinite(gradient).all():
            move, moments = _step(settings, here, clipped(gradient, settings.clip), scale)
            here = replace(
                here,
                weights=here.weights + move,
                finite=here.weights,
                moments=moments,
                loss=float(value),
            )
        elif here.gradients == 1 or here.halved == HALVINGS:
            here = replace(here, weights=here.finite, ended="its loss is not finite")
        else:
            zeros = Moments.zeros(len(here.weights))
            here = replace(here, weights=here.finite, moments=zeros, halved=here.halved + 1)
    return here


def _step(
    settings: BPTT, here: Candidate, gradient: Array, scale: float
) -> tuple[Array, Moments]:
    scale *= 0.5**here.halved
    if settings.optimiser == "descent":
        return plain(here.moments, gradient, here.rate * scale, settings.momentum)
    step = AdamStep(here.rate, settings.betas, settings.epsilon)
    return adam(here.moments, gradient, step, scale)


def given_up(candidates: list[Candidate], share: float) -> list[Candidate]:
    """Return candidates after a share of the budget, the worst ended once it is time.

    Of n that begin, half is left after a k-th of the first half of the budget, half of
    these after two, and so forth, with k halvings until one is left; by the lowest loss on
    validation, of equals the first.
    """
    halvings = max(int(np.ceil(np.log2(len(candidates)))), 1)
    done = min(int(2.0 * share * halvings), halvings)
    left = -(-len(candidates) // 2**done)
    going = [k for k, each in enumerate(candidates) if not each.ended]
    kept = sorted(going, key=lambda k: candidates[k].lowest)[:left]
    return [
        replace(each, ended="others are better") if k in going and k not in kept else each
        for k, each in enumerate(candidates)
    ]
