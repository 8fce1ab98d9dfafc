"""Training by recurrent policy gradients, in place of a search; for tasks of control.

A generation is one gradient from fresh episodes, then the loss of the network without noise
on its outputs, the one that evolution would have. The budget's evaluations are episodes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.random import Generator

from evolino.environments.base import Episodes
from evolino.environments.rollouts import record
from evolino.environments.stepped import chooses
from evolino.gradient.first_order import Moments, adam, clipped
from evolino.gradient.refinement import check_lstm
from evolino.gradient.reinforce import Reinforce, perturbed, policy_gradient
from evolino.network.acting_together import Together
from evolino.search.base import State
from evolino.task.control import ControlTask
from evolino.task.protocol import name_of
from evolino.training.evolution import Evaluated
from evolino.training.problem import Problem
from evolino.training.randomness import generator
from evolino.training.workers.base import Workers
from evolino.vocabulary import Array


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """What a worker is asked for: the gradient at a genome (C, G) from so many episodes.
    number: of the batch, counted from 0."""

    genome: Array
    episodes: int
    number: int


class PolicyGradient:
    """A policy on its way; an `Evolution`. It begins at the origin (C, G), the best network
    of the variant before, if there was one."""

    def __init__(
        self, problem: Problem, origin: Array | None, state: Mapping[str, Any] | None
    ) -> None:
        self._problem = problem
        self._settings = settings_of(problem)
        if state is None:
            self._genome = _first_genome(problem) if origin is None else origin
            self._moments = Moments.zeros(self._genome.size)
            self._number = 0
        else:
            self._genome = state["genome"]
            self._moments = Moments(**state["moments"])
            self._number = state["number"]

    @property
    def ended(self) -> str:
        """Why there is nothing more to do, "" while there is."""
        return "" if np.isfinite(self._genome).all() else "the weights are not finite"

    def advance(self, workers: Workers, most: int | None = None) -> list[Evaluated]:
        """Take a gradient; most: episodes that the budget leaves."""
        count = (
            self._settings.episodes if most is None else min(self._settings.episodes, most)
        )
        batch = Batch(self._genome, count, self._number)
        (gradient,) = workers.map(self._problem, gradient_of, [batch])
        before = self.state() if count < self._settings.episodes else None
        move, self._moments = adam(
            self._moments,
            clipped(gradient.ravel(), self._settings.clip),
            self._settings.step,
        )
        self._genome = self._genome + move.reshape(self._genome.shape)
        self._number += 1
        losses = self._problem.evaluator.losses(self._genome[None])
        found = [(float(losses[0]), self._genome)] if np.isfinite(losses[0]) else []
        return [Evaluated(losses, found, before, count)]

    def state(self) -> State:
        """Return all of it."""
        return {
            "genome": self._genome,
            "moments": asdict(self._moments),
            "number": self._number,
        }


def gradient_of(problem: Problem, batch: Batch) -> Array:
    """Return the gradient (C, G) of a batch; a job of workers."""
    settings, task = settings_of(problem), problem.task
    assert isinstance(task, ControlTask)
    architecture, environment = problem.experiment.architecture, task.environment
    lstm = check_lstm(architecture)
    rng = _generator(problem, batch.number)
    episodes = fresh_episodes(task, rng, batch.episodes)
    together = Together(
        lstm,
        batch.genome[None],
        problem.driver.output_weights(batch.genome[None]),  # type: ignore[attr-defined]
        batch.episodes,
    )
    discrete = chooses(environment)

    def act(seen: Array) -> Array:
        return perturbed(
            together.act(seen), rng, chooses=discrete, deviation=settings.deviation
        )

    rollouts = record(environment, episodes, act)
    return policy_gradient(lstm, batch.genome, rollouts, settings, chooses=discrete)


def _first_genome(problem: Problem) -> Array:
    experiment = problem.experiment
    again = (0, problem.restarts) if problem.restarts else ()
    rng = generator(experiment.seed, "reinforce", *again)
    first: Array = experiment.initialiser.draw(experiment.architecture, rng, 1)[0]
    return first


def _generator(problem: Problem, number: int) -> Generator:
    """Return the generator of a batch; each variant of a curriculum has its own, anew after
    each restart."""
    begun = (problem.begun,) if problem.begun else ()
    return generator(problem.experiment.seed, "reinforce", *begun, 1 + number)


def fresh_episodes(task: ControlTask, rng: Generator, count: int) -> Episodes:
    """Return so many episodes as the task draws them for training, again and again."""
    drawn: list[Episodes] = []
    while sum(each.number for each in drawn) < count:
        episodes = task.sequences(rng).episodes
        assert episodes is not None
        drawn.append(episodes)
    return Episodes(
        np.concatenate([each.starts for each in drawn])[:count],
        drawn[0].steps,
        np.concatenate([each.noise for each in drawn])[:count],
    )


def settings_of(problem: Problem) -> Reinforce:
    """Return the settings of an experiment that is trained so. Raises ValueError for a task
    without an environment, and for a network that has no gradient."""
    experiment = problem.experiment
    settings = experiment.reinforce
    assert settings is not None
    if not isinstance(experiment.task, ControlTask):
        raise ValueError(
            f"reinforce needs a task of control, whose networks act; "
            f"{name_of(experiment.task)} is none"
        )
    architecture = check_lstm(experiment.architecture)
    if architecture.precision != "float64":
        raise ValueError(
            f"reinforce needs precision 'float64', got {architecture.precision}"
        )
    return settings


def check_state(problem: Problem, state: Mapping[str, Any]) -> None:
    """Raise TypeError or ValueError for a state that training cannot go on from."""
    held = PolicyGradient(problem, None, state)
    shape = problem.experiment.architecture.genome_shape
    if not isinstance(held._genome, np.ndarray) or held._genome.shape != shape:
        raise ValueError(f"its genome is not of shape {shape}")
    if type(held._number) is not int or held._number < 0:
        raise TypeError(f"number must be a count, got {held._number!r:.60}")
    for vector in (held._moments.mean, held._moments.square):
        if not isinstance(vector, np.ndarray) or vector.shape != (held._genome.size,):
            raise ValueError(f"its moments are not of shape ({held._genome.size},)")
