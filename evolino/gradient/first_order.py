"""Steps of first-order descent: Adam, plain gradient descent, clipped gradients, schedules.

Source: Kingma & Ba 2015, ICLR, algorithm 1; Pascanu, Mikolov & Bengio 2013, ICML,
algorithm 1 (clipping by the norm).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from evolino.vocabulary import Array, check_number

Schedule = Literal["constant", "cosine"]


@dataclass(frozen=True, slots=True)
class AdamStep:
    """How Adam moves.

    rate: the learning rate. betas: how much of the means of gradients and of their squares
    is kept from one step to the next. epsilon: added to the root of the latter.

    Raises TypeError or ValueError, naming the field, for one out of its range.
    """

    rate: float
    betas: tuple[float, float] = (0.9, 0.999)
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        """Check every field."""
        check_number("rate", self.rate, above=0)
        check_betas(self.betas)
        check_number("epsilon", self.epsilon, above=0)


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """What the steps so far left. count: of them. mean, square: (n,), of gradients and of
    their squares; of plain descent mean is the velocity."""

    mean: Array
    square: Array
    count: int = 0

    @classmethod
    def zeros(cls, size: int) -> Moments:
        """Return those before the first step of so many numbers."""
        return cls(np.zeros(size), np.zeros(size))


def adam(
    moments: Moments, gradient: Array, step: AdamStep, scale: float = 1.0
) -> tuple[Array, Moments]:
    """Return what Adam adds to the weights (n,), and its moments after that.

    scale: of the learning rate.
    """
    (first, second), count = step.betas, moments.count + 1
    mean = first * moments.mean + (1 - first) * gradient
    square = second * moments.square + (1 - second) * gradient * gradient
    root = np.sqrt(square) / np.sqrt(1 - second**count)
    move = -(step.rate * scale / (1 - first**count)) * mean / (root + step.epsilon)
    return move, Moments(mean, square, count)


def plain(
    moments: Moments, gradient: Array, rate: float, momentum: float = 0.0
) -> tuple[Array, Moments]:
    """Return what plain descent adds to the weights (n,): the gradient times -rate; with
    momentum, a velocity that keeps so much of itself takes the gradient's place."""
    mean = momentum * moments.mean + gradient
    return -rate * mean, Moments(mean, moments.square, moments.count + 1)


def clipped(gradient: Array, most: float) -> Array:
    """Return a gradient (n,), scaled down to the norm `most` where it is longer; 0 is no
    limit."""
    if most == 0:
        return gradient
    norm = float(np.linalg.norm(gradient))
    return gradient * (most / norm) if norm > most else gradient


def scheduled(schedule: Schedule, share: float) -> float:
    """Return the scale of the learning rate after a share, 0 to 1, of all steps."""
    if schedule == "constant":
        return 1.0
    return 0.5 * (1.0 + float(np.cos(np.pi * min(share, 1.0))))


def check_betas(betas: tuple[float, float]) -> None:
    """Raise ValueError unless betas are two numbers from 0 to below 1."""
    if len(betas) != 2:
        raise ValueError(f"betas must be two numbers, got {betas!r}")
    for beta in betas:
        check_number("betas", beta, least=0)
        if beta >= 1:
            raise ValueError(f"betas must be < 1, got {beta:g}")


def check_schedule(schedule: str) -> None:
    """Raise ValueError for one that is not known."""
    if schedule not in get_args(Schedule):
        raise ValueError(
            f"schedule must be one of {', '.join(get_args(Schedule))}, got {schedule!r}"
        )
