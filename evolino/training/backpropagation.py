"""Training by back-propagation through time, in place of a search and a solved readout.

A generation is a few gradients of each learning rate that is left, then the loss on
validation of each, the one that evolution would have. The budget's evaluations are
gradients here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from evolino.gradient.bptt import BPTT, Candidate, VectorLoss, descended, given_up
from evolino.gradient.first_order import scheduled
from evolino.gradient.network_loss import NetworkLoss, check_network
from evolino.gradient.refinement import check_lstm
from evolino.gradient.schedule import spread
from evolino.models.model import Model
from evolino.search.base import State
from evolino.training.evolution import Evaluated
from evolino.training.problem import Problem
from evolino.training.randomness import generator
from evolino.training.workers.base import Workers
from evolino.vocabulary import Array


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """What a worker is asked for: so many gradients of a candidate, its learning rate
    scaled."""

    candidate: Candidate
    gradients: int
    scale: float


class Backpropagation:
    """The learning rates of one run on their way; an `Evolution`.

    share: gives the share of the budget that is used, 0 to 1.
    """

    def __init__(
        self,
        problem: Problem,
        state: Mapping[str, Any] | None,
        share: Callable[[], float],
    ) -> None:
        self._problem, self._share = problem, share
        self._settings = settings_of(problem)
        if state is None:
            check_trainable(problem)
            first = first_weights(problem)
            self._candidates = [Candidate.at(each, first) for each in self._settings.grid]
            self._best, self._best_loss = first, float("inf")
        else:
            self._candidates = [Candidate.from_state(x) for x in state["candidates"]]
            self._best, self._best_loss = state["best"], state["best_loss"]

    @property
    def ended(self) -> str:
        """Why there is nothing more to do, "" while there is."""
        if any(not each.ended for each in self._candidates):
            return ""
        return "every learning rate was given up: the loss is not finite"

    def advance(self, workers: Workers, most: int | None = None) -> list[Evaluated]:
        """Descend by a generation; most: gradients that the budget leaves."""
        settings, share = self._settings, self._share()
        self._candidates = given_up(self._candidates, share)
        going = [k for k, each in enumerate(self._candidates) if not each.ended]
        total = settings.every * len(going)
        total = total if most is None else min(total, most)
        each, more = divmod(total, len(going))
        scale = scheduled(settings.schedule, share)
        stretches = [
            Stretch(self._candidates[k], each + (number < more), scale)
            for number, k in enumerate(going)
        ]
        results = workers.map(self._problem, descend, stretches)
        taken = sum(
            after.gradients - before.candidate.gradients
            for before, (after, _) in zip(stretches, results, strict=True)
        )
        losses = np.array([loss for _, loss in results])
        for k, (candidate, loss) in zip(going, results, strict=True):
            self._candidates[k] = replace(candidate, lowest=min(candidate.lowest, loss))
            if loss < self._best_loss:
                self._best, self._best_loss = candidate.finite, loss
        genome, _ = parts(self._problem, self._best)
        found = [(self._best_loss, genome)] if np.isfinite(self._best_loss) else []
        return [Evaluated(losses, found, evaluations=taken)]

    def state(self) -> State:
        """Return all of it."""
        return {
            "candidates": [each.as_state() for each in self._candidates],
            "best": self._best,
            "best_loss": self._best_loss,
        }

    def model(self) -> Model:
        """Return the network of the lowest loss on validation, with its output weights."""
        genome, weights = parts(self._problem, self._best)
        architecture = self._problem.experiment.architecture
        return Model(architecture, genome, weights, self._problem.scaling)


def descend(problem: Problem, stretch: Stretch) -> tuple[Candidate, float]:
    """Return a candidate after its gradients, and its loss on validation; a job of
    workers."""
    after = descended(
        loss_of(problem),
        stretch.candidate,
        settings_of(problem),
        stretch.gradients,
        stretch.scale,
    )
    if not np.isfinite(after.loss):
        return after, float("inf")
    genome, weights = parts(problem, after.finite)
    return after, float(problem.evaluator.losses_with(genome[None], weights[None])[0])


def settings_of(problem: Problem) -> BPTT:
    """Return the settings of an experiment that is trained so."""
    settings = problem.experiment.bptt
    assert settings is not None
    return settings


def check_trainable(problem: Problem) -> None:
    """Raise ValueError for an experiment whose loss has no gradient."""
    architecture = check_lstm(problem.experiment.architecture, "training by bptt")
    free_running = settings_of(problem).loss == "free-run"
    check_network(architecture, problem.task, free_running=free_running)


def first_weights(problem: Problem) -> Array:
    """Return (n,): a genome as the initialiser draws it, then uniform output weights."""
    experiment = problem.experiment
    architecture, width = experiment.architecture, settings_of(problem).width
    rng = generator(experiment.seed, "bptt")
    genome = experiment.initialiser.draw(architecture, rng, 1)[0]
    shape = architecture.readout_width, architecture.outputs
    width = 1.0 / np.sqrt(shape[0]) if width is None else width
    weights = rng.uniform(-width, width, shape)
    return np.concatenate([genome.ravel(), weights.ravel()])


def parts(problem: Problem, weights: Array) -> tuple[Array, Array]:
    """Return the genome (C, G) and the output weights (S, K) of all weights (n,)."""
    architecture = problem.experiment.architecture
    size = int(np.prod(architecture.genome_shape))
    genome = weights[:size].reshape(architecture.genome_shape)
    return genome, weights[size:].reshape(architecture.readout_width, -1)


def loss_of(problem: Problem) -> VectorLoss:
    """Return the loss that is descended on, of all weights as one vector."""
    settings, split = settings_of(problem), problem.evaluator.setting.split
    free_running = settings.loss == "free-run"
    segments = (split.validation or split.train) if free_running else split.train
    if free_running and settings.starts:
        segments = spread(segments, split.train, settings.starts)
    loss = NetworkLoss(
        check_lstm(problem.experiment.architecture),
        problem.task,
        segments,
        free_running,
        problem.scaling,
    )

    def value_and_gradient(weights: Array) -> tuple[float, Array]:
        value, to_genome, to_weights = loss.value_and_gradient(*parts(problem, weights))
        return value, np.concatenate([to_genome.ravel(), to_weights.ravel()])

    return value_and_gradient


def check_state(problem: Problem, state: Mapping[str, Any]) -> None:
    """Raise TypeError or ValueError for a state that a descent cannot go on from."""
    held = Backpropagation(problem, state, lambda: 0.0)
    size = len(first_weights(problem))
    rates = settings_of(problem).grid
    if len(held._candidates) != len(rates):
        raise ValueError(f"it has {len(held._candidates)} learning rates")
    for each in held._candidates:
        vectors = each.weights, each.finite, each.moments.mean, each.moments.square
        _check_vectors(vectors, size)
    _check_vectors((held._best,), size)


def _check_vectors(vectors: Sequence[Any], size: int) -> None:
    for vector in vectors:
        if not isinstance(vector, np.ndarray) or vector.dtype != np.float64:
            raise TypeError("weights must be an array of float64")
        if vector.shape != (size,):
            raise ValueError(f"weights have shape {vector.shape}, not ({size},)")
