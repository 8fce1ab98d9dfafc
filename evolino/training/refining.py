"""Refinement of a run's best networks: a round of descent for each, by the workers.

A round is a pure function of what came before it, so a run that is broken off goes on from
its last round to the same bits, whoever computes it. By successive halving (`halve_after`)
the better half of the networks goes on each time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from evolino.gradient.ctc_objective import readout_of
from evolino.gradient.descent import Descended, Descent
from evolino.gradient.refinement import (
    Refined,
    Refinement,
    check_refinement,
    folds_of,
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
    ended: why the descent of each is over, "" while it is not. steps: the loss of each
    gradient of this round, of each network. Losses are as the task's gradient has them,
    mostly logarithms.
    """

    round: int
    gradients: tuple[int, ...]
    losses: tuple[float, ...]
    held_out: tuple[float, ...]
    ended: tuple[str, ...]
    steps: tuple[tuple[float, ...], ...] = ()

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
    if experiment.refine.folds:
        folds_of(experiment.refine, problem.evaluator.setting.split)


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
            "until": 0,
            "ended": "",
            "steps": [],
            "memory": {},
            "readout": None,
        }
        for genome in genomes
    ]


def next_round(problem: Problem, state: State) -> State:
    """Return the state after one more round of one network; a job of workers."""
    until = state["until"] or refinement_settings(problem).steps
    if state["ended"] or state["gradients"] >= until:
        return {**state, "steps": []}
    refinement = refinement_for(problem, state["origin"])
    if state["gradients"] == 0:
        start = refinement.begin(state["origin"])
    else:
        place = Descended(
            state["at"], state["at_loss"], state["gradients"], memory=state["memory"]
        )
        start = Refined(state["genome"], state["loss"], place)
    after = refinement.next_round(start, until)
    place = after.place
    return {
        **state,
        "genome": after.genome,
        "loss": float(after.loss),
        "at": place.genome,
        "at_loss": float(place.loss),
        "gradients": int(place.gradients),
        "ended": place.ended or "",
        "steps": [float(loss) for loss in place.losses],
        "memory": dict(place.memory),
        "readout": _readout(problem, state, start, after),
    }


def _readout(
    problem: Problem, state: State, start: Refined, after: Refined
) -> Array | None:
    """Return the readout (S, K) that a descent had come to at the genome that is kept; None
    if it is to be solved anew."""
    if not getattr(refinement_settings(problem), "keep_readout", False):
        return None
    if after.loss < start.loss:
        return readout_of(after.place)
    kept: Array | None = state["readout"]
    return readout_of(start.place) if kept is None else kept


def advance(problem: Problem, states: Sequence[State], workers: Workers) -> list[State]:
    """Return all states after one more round; by successive halving, where all have come
    as far as they should, the worse half has ended."""
    settings = refinement_settings(problem)
    if settings.halve_after and not states[0]["until"]:
        first = settings.halve_after if len(states) > 1 else settings.steps
        states = [{**state, "until": first} for state in states]
    states = workers.map(problem, next_round, states)
    return halved(states, settings) if settings.halve_after else states


def halved(states: Sequence[State], settings: Descent) -> list[State]:
    """Return the states, the worse half of those that go on ended, if all of them have come
    to the gradients at which they are compared; the others go on to twice as many."""
    going = [k for k, state in enumerate(states) if not state["ended"]]
    if any(states[k]["gradients"] < states[k]["until"] for k in going):
        return list(states)
    order = sorted(going, key=lambda k: states[k]["loss"])
    kept = order[: -(-len(order) // 2)]
    after = [dict(state) for state in states]
    for k in going:
        if k not in kept:
            after[k] |= {"ended": "halving: others are better", "memory": {}}
        elif len(kept) == 1:
            after[k]["until"] = settings.steps
        else:
            after[k]["until"] = min(2 * after[k]["until"], settings.steps)
    return after


def round_of(number: int, states: Sequence[Mapping[str, Any]]) -> Round:
    """Return the line of a round."""
    return Round(
        number,
        gradients=tuple(state["gradients"] for state in states),
        losses=tuple(state["at_loss"] for state in states),
        held_out=tuple(state["loss"] for state in states),
        ended=tuple(state["ended"] for state in states),
        steps=tuple(tuple(state["steps"]) for state in states),
    )


def are_refined(states: Sequence[Mapping[str, Any]]) -> bool:
    """Return whether no network has another round."""
    return all(state["ended"] for state in states)


def chosen(
    states: Sequence[Mapping[str, Any]], count: int
) -> tuple[list[Array], list[Array | None]]:
    """Return so many of the genomes (C, G), those of the lowest loss on held-out rows, and
    the readouts (S, K) that came along; None for those that are to be solved, as in
    checkpoints of versions that kept none."""
    order = np.argsort([state["loss"] for state in states], kind="stable")[:count]
    best = [states[k] for k in order]
    return [each["genome"] for each in best], [each.get("readout") for each in best]


def refinement_settings(problem: Problem) -> Descent:
    """Return the settings of an experiment that refines."""
    settings = problem.experiment.refine
    assert settings is not None
    return settings


def refinement_for(problem: Problem, origin: Array) -> Refinement:
    """Return the refinement that begins at a genome (C, G)."""
    experiment, evaluator = problem.experiment, problem.evaluator
    return refinement_of(
        refinement_settings(problem),
        experiment.architecture,
        problem.task,
        experiment.readout,
        evaluator.setting.split,
        origin,
        problem.scaling,
        seed=experiment.seed,
        judge=lambda genome: float(evaluator.losses(genome[None])[0]),
    )
