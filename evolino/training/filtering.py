"""Training by the decoupled extended Kalman filter, without search and solved readout.

A generation is some strings for every network, then the loss on validation of each, the one
that evolution would have. The budget's evaluations are strings here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from evolino.gradient.kalman import (
    Filtered,
    Kalman,
    begin,
    check_filterable,
    parts,
    presented,
    strings_of,
)
from evolino.models.model import Model
from evolino.models.units import standardised
from evolino.search.base import State
from evolino.task.control import is_control
from evolino.training.evolution import Evaluated
from evolino.training.problem import Problem
from evolino.training.randomness import generator
from evolino.training.workers.base import Workers
from evolino.vocabulary import IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Portion:
    """What a worker is asked for: a network, and the strings that it is presented."""

    here: Filtered
    order: IntArray


class Filtering:
    """The networks of one run on their way; an `Evolution`."""

    def __init__(self, problem: Problem, state: Mapping[str, Any] | None) -> None:
        self._problem = problem
        self._settings = settings_of(problem)
        architecture = problem.experiment.architecture
        self._architecture = check_filterable(architecture, self._settings)
        if state is None:
            self._networks = [
                first_weights(problem, k) for k in range(self._settings.networks)
            ]
            self._best, self._best_loss = self._networks[0], float("inf")
            self._generation = 0
        else:
            self._networks = [Filtered.from_state(each) for each in state["networks"]]
            self._best = Filtered.from_state(state["best"])
            self._best_loss, self._generation = state["best_loss"], state["generation"]

    @property
    def ended(self) -> str:
        """Why there is nothing more to do, "" while there is."""
        if any(not each.ended for each in self._networks):
            return ""
        return f"every network was given up, the last one since {self._networks[-1].ended}"

    def advance(self, workers: Workers, most: int | None = None) -> list[Evaluated]:
        """Present some strings to every network; most: strings that the budget leaves."""
        going = [k for k, each in enumerate(self._networks) if not each.ended]
        total = self._settings.strings * len(going)
        before = self.state() if most is not None and most < total else None
        total = total if most is None else min(total, most)
        each, more = divmod(total, len(going))
        strings = len(self._problem.evaluator.setting.split.train)
        portions = [
            Portion(
                self._networks[k],
                generator(
                    self._problem.experiment.seed, "kalman", k, 1 + self._generation
                ).integers(strings, size=each + (number < more)),
            )
            for number, k in enumerate(going)
        ]
        results = workers.map(self._problem, filtered, portions)
        messages = []
        for k, (after, loss) in zip(going, results, strict=True):
            self._networks[k] = after
            if after.ended:
                messages.append(f"network {k + 1} is given up: {after.ended}")
            if loss < self._best_loss:
                self._best, self._best_loss = after, loss
        self._generation += 1
        genome, _ = parts(self._architecture, self._best)
        found = [(self._best_loss, genome)] if np.isfinite(self._best_loss) else []
        losses = np.array([loss for _, loss in results])
        return [Evaluated(losses, found, before, total, tuple(messages))]

    def state(self) -> State:
        """Return all of it."""
        return {
            "networks": [each.as_state() for each in self._networks],
            "best": self._best.as_state(),
            "best_loss": self._best_loss,
            "generation": self._generation,
        }

    def model(self) -> Model:
        """Return the network of the lowest loss on validation, with its output weights."""
        genome, output = parts(self._architecture, self._best)
        return Model(self._architecture, genome, output, self._problem.scaling)


def filtered(problem: Problem, portion: Portion) -> tuple[Filtered, float]:
    """Return a network after its strings, and its loss on validation, inf for one that is
    given up; a job of workers."""
    settings = settings_of(problem)
    architecture = check_filterable(problem.experiment.architecture, settings)
    train = problem.evaluator.setting.split.train
    strings = strings_of(architecture, standardised(problem.scaling, train))
    after = presented(architecture, portion.here, strings, portion.order, settings)
    if after.ended:
        return after, float("inf")
    genome, output = parts(architecture, after)
    return after, float(problem.evaluator.losses_with(genome[None], output[None])[0])


def settings_of(problem: Problem) -> Kalman:
    """Return the settings of an experiment that is trained so. Raises ValueError for a task
    and for a network that cannot be."""
    experiment = problem.experiment
    settings = experiment.kalman
    assert settings is not None
    if is_control(experiment.task):
        raise ValueError("the Kalman filter needs a task with targets, not one of control")
    check_filterable(experiment.architecture, settings)
    return settings


def first_weights(problem: Problem, number: int) -> Filtered:
    """Return a network before its first string: a genome as the initialiser draws it, and
    uniform output weights. number: of the network, counted from 0."""
    settings = settings_of(problem)
    architecture = check_filterable(problem.experiment.architecture, settings)
    rng = generator(problem.experiment.seed, "kalman", number, 0)
    genome = problem.experiment.initialiser.draw(architecture, rng, 1)[0]
    shape = architecture.readout_width, architecture.outputs
    output = rng.uniform(-settings.width, settings.width, shape)
    return begin(architecture, genome, output, settings)


def check_state(problem: Problem, state: Mapping[str, Any]) -> None:
    """Raise TypeError or ValueError for a state that training cannot go on from."""
    held = Filtering(problem, state)
    if len(held._networks) != settings_of(problem).networks:
        raise ValueError(f"it has {len(held._networks)} networks")
    strings = len(problem.evaluator.setting.split.train)
    expected = first_weights(problem, 0)
    for each in (*held._networks, held._best):
        for field in fields(Filtered):
            known, value = getattr(expected, field.name), getattr(each, field.name)
            if type(value) is not type(known):
                raise TypeError(f"{field.name} must be {type(known).__name__}")
            if isinstance(known, np.ndarray) and (
                value.dtype != known.dtype or value.shape != known.shape
            ):
                raise ValueError(f"{field.name} has another type or shape")
        if not 0 <= each.string < strings or min(each.row, each.strings) < 0:
            raise ValueError(f"there is no row {each.row} of string {each.string}")
