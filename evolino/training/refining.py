"""Refinement of a run's best networks: a round of descent for each, by the workers.

A round is a pure function of what came before it, so a run that is broken off goes on from
its last round to the same bits, whoever computes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from evolino.gradient.lbfgs import LBFGS, Descended
from evolino.gradient.refinement import (
    Refined,
    Refinement,
    check_refinement,
    refinement_of,
)
from evolino.training.problem import Problem
from evolino.training.workers.base import Workers
from evolino.vocabulary import Array

State = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Round:
    """One line of refinement.jsonl: a round of descent of all networks that are refined.

    round: counted from 1. gradients: of each network so far. losses: that each has come to
    on the rows that are descended on. held_out: the lowest of each on those that are not.
    ended: why the descent of each is over, "" while it is not. Losses are as the task's
    gradient has them, mostly logarithms.
    """

    round: int
    gradients: tuple[int, ...]
    losses: tuple[float, ...]
    held_out: tuple[float, ...]
    ended: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the fields by name."""
        return asdict(self)


def check_refinable(problem: Problem) -> None:
    """Raise ValueError if an experiment asks for a refinement that cannot be."""
    experiment = problem.experiment
    if experiment.refine is None:
        return
    check_refinement(
        experiment.refine, experiment.architecture, experiment.task, experiment.readout
    )


def begin(genomes: Sequence[Array]) -> list[State]:
    """Return the states of genomes (C, G) before their first round."""
    return [
        {
            "origin": genome,
            "genome": genome,
            "loss": float("inf"),
            "at": genome,
            "at_loss": float("inf"),
            "gradients": 0,
            "ended": "",
        }
        for genome in genomes
    ]


def next_round(problem: Problem, state: State) -> State:
    """Return the state after one more round of one network; a job of workers."""
    if state["ended"]:
        return state
    refinement = _refinement(problem, state["origin"])
    if state["gradients"] == 0:
        start = refinement.begin(state["origin"])
    else:
        place = Descended(state["at"], state["at_loss"], state["gradients"])
        start = Refined(state["genome"], state["loss"], place)
    after = next(refinement.rounds(start))
    return {
        "origin": state["origin"],
        "genome": after.genome,
        "loss": float(after.loss),
        "at": after.place.genome,
        "at_loss": float(after.place.loss),
        "gradients": int(after.place.gradients),
        "ended": after.place.ended or "",
    }


def advance(problem: Problem, states: Sequence[State], workers: Workers) -> list[State]:
    """Return all states after one more round."""
    return workers.map(problem, next_round, states)


def round_of(number: int, states: Sequence[Mapping[str, Any]]) -> Round:
    """Return the line of a round."""
    return Round(
        number,
        *(
            tuple(state[name] for state in states)
            for name in ("gradients", "at_loss", "loss", "ended")
        ),
    )


def are_refined(states: Sequence[Mapping[str, Any]]) -> bool:
    """Return whether no network has another round."""
    return all(state["ended"] for state in states)


def chosen(states: Sequence[Mapping[str, Any]], count: int) -> list[Array]:
    """Return so many of the genomes (C, G), those of the lowest loss on held-out rows."""
    order = np.argsort([state["loss"] for state in states], kind="stable")[:count]
    return [states[k]["genome"] for k in order]


def _refinement(problem: Problem, origin: Array) -> Refinement:
    experiment = problem.experiment
    settings, architecture = experiment.refine, experiment.architecture
    assert isinstance(settings, LBFGS)
    split = problem.evaluator.setting.split
    return refinement_of(
        settings,
        architecture,
        problem.task,
        experiment.readout,
        split,
        origin,
        problem.scaling,
    )
