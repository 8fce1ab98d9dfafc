"""CTC solved: softmax regression on labels without alignment, expectation-maximisation.

Maximised over the weights W (S, K), with x_t the features of a frame, is, a frame of T,

    1/T sum_n log p(labels_n | x W) - penalty/2 |D W|^2

with p of connectionist temporal classification (`evolino.solvers.ctc`). From a flat
alignment, in turn: the posterior of each label at each frame, blanks included, by the
forward-backward algorithm; and a Newton step of softmax regression on these posteriors. No
step lowers what is maximised (Dempster, Laird & Rubin 1977; Neal & Hinton 1998 for steps
that do not reach the optimum; recalled). A step is first tried RELAXED times as long,
and longer the next time if that was better, which the likelihood decides.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from evolino.solvers.ctc import BLANK, Labelled, forward_backward, log_softmax
from evolino.solvers.likelihood import Likelihood, Problem
from evolino.solvers.likelihood_columns import constant_odds, scaled_columns
from evolino.vocabulary import Array

RELAXED, LONGEST_STEP = 1.5, 20.0
INEXACT = 0.3  # what may be left of a Newton step, since the next posteriors are others
BLANK_SHARE = 0.5  # of each frame in the flat alignment


@dataclass(frozen=True, slots=True)
class Alternation:
    """How long posteriors and regression alternate.

    rounds: at most. gain: in nats a frame, of a round below which it ends. unnormalised: D
    is 1, else the standard deviations of the columns (root mean squares where no column is
    constant).
    """

    rounds: int = 100
    gain: float = 1e-5
    unnormalised: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class SolvedLabels:
    """weights: (S, K). course: what was maximised after each round, in nats a frame."""

    weights: Array
    course: tuple[float, ...]


def solve_ctc(
    features: Array,
    sequences: Labelled,
    outputs: int,
    penalty: float,
    settings: Alternation,
    start: Array | None = None,
) -> SolvedLabels:
    """Return weights (S, K) for features (T, S) of N sequences.

    Features that are not finite give NaN. outputs: K, the blank and the labels. start:
    weights to begin at, such as those of a network close by; None is a flat alignment.
    Sequences that no path gives do not count.
    """
    if not np.isfinite(features).all():
        return SolvedLabels(np.full((features.shape[1], outputs), np.nan), ())
    scaled, scales = scaled_columns(features, settings.unnormalised)
    values, basis = np.linalg.eigh(scaled.T @ scaled / len(scaled))
    rotated = scaled @ basis
    flat = flat_posteriors(sequences, outputs)
    problem = Problem(
        Likelihood(exclusive=True, unnormalised=settings.unnormalised, steps=1),
        rotated,
        rotated.astype(np.float32),
        np.maximum(values, 0.0),
        flat,
        inexact=INEXACT,
    )
    if start is None:
        weights = basis.T @ constant_odds(scaled, flat, exclusive=True)
        weights = problem.solve(penalty, weights)
    else:
        weights = basis.T @ (start * scales[:, None])
    weights, course = _alternated(problem, sequences, penalty, settings, weights)
    return SolvedLabels(basis @ weights / scales[:, None], course)


def flat_posteriors(sequences: Labelled, outputs: int) -> Array:
    """Return (T, K): each label's share of its sequence's frames, blank at any frame."""
    flat = np.zeros((int(sequences.firsts[-1]), outputs))
    flat[:, BLANK] = 1.0
    for number in range(len(sequences)):
        labels, frames = sequences.labels_of(number), sequences.frames_of(number)
        rows = np.arange(frames.start, frames.stop)
        if len(labels) and len(rows):
            own = labels[np.arange(len(rows)) * len(labels) // len(rows)]
            flat[rows, BLANK] = BLANK_SHARE
            flat[rows, own] = 1.0 - BLANK_SHARE
    return flat


def _alternated(
    problem: Problem,
    sequences: Labelled,
    penalty: float,
    settings: Alternation,
    weights: Array,
) -> tuple[Array, tuple[float, ...]]:
    """Return weights (S, K) after rounds of both, in the columns of the problem, and the
    course."""

    def judged(weights: Array) -> tuple[float, Array]:
        chances = log_softmax(problem.features @ weights)
        posteriors, likelihoods = forward_backward(chances, sequences)
        total = likelihoods[np.isfinite(likelihoods)].sum() / len(chances)
        return float(total - 0.5 * penalty * np.square(weights).sum()), posteriors

    value, posteriors = judged(weights)
    course, factor = [value], RELAXED
    for _ in range(settings.rounds):
        reached = replace(problem, targets=posteriors).solve(penalty, weights)
        step = reached - weights
        found, after = judged(weights + factor * step)
        if found > value + settings.gain:
            weights, factor = weights + factor * step, min(RELAXED * factor, LONGEST_STEP)
        else:
            factor = RELAXED
            found, after = judged(reached)
            if not found > value:  # rounding is all that is left
                break
            weights = reached
        posteriors, before, value = after, value, found
        course.append(value)
        if value - before < settings.gain:
            break
    return weights, tuple(course)
