"""Try a checkpoint on a copy: whether a search can go on from a stranger's state.

A checkpoint with a valid checksum may still hold anything. Its search is made on the side,
asked and told once; what raises then is an error of the file, said before the run's folder
is touched.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from evolino.search.base import Search
from evolino.training import backpropagation, filtering, policy_gradient
from evolino.training.experiment import Experiment
from evolino.training.problem import Problem
from evolino.training.run_progress import Progress

# What a value of another type or size than was written makes of the program.
DAMAGES = (ArithmeticError, AttributeError, LookupError, MemoryError, RecursionError)
MOST_GENERATIONS = 10_000_000


def parts_of(content: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a checkpoint's lines of history and timing, and its state. Raises ValueError
    for parts of other types."""
    recent, state = content.get("recent", {}), content.get("state")
    if not isinstance(state, dict) or not isinstance(recent, dict):
        raise ValueError("it holds no state")
    for records in recent.values():
        numbers = [each.get("generation") for each in records if isinstance(each, dict)]
        if len(numbers) < len(records) or not all(type(each) is int for each in numbers):
            raise ValueError("its lines of history are not generations")
    return recent, state


def rehearse(experiment: Experiment, state: Mapping[str, Any], file: Path) -> None:
    """Raise ValueError, in one line, for a state that the experiment cannot go on from;
    file: that holds it."""
    try:
        _rehearse(experiment, copy.deepcopy(dict(state)))
    except Exception as error:
        reason = " ".join(str(error).split())
        raise ValueError(
            f"{file} is damaged: no search goes on from it: {type(error).__name__} {reason}"
        ) from error


def _rehearse(experiment: Experiment, state: dict[str, Any]) -> None:
    shape = experiment.architecture.genome_shape
    progress = _checked(Progress(**state["progress"]), shape)
    if not 0 <= progress.variant <= len(experiment.curriculum.variants):
        raise ValueError(f"there is no variant {progress.variant}")
    problem = Problem(experiment, progress.variant)
    if experiment.bptt is not None:
        backpropagation.check_state(problem, state["search"])
        return
    if experiment.kalman is not None:
        filtering.check_state(problem, state["search"])
        return
    if experiment.reinforce is not None:
        policy_gradient.check_state(problem, state["search"])
        return
    if experiment.islands is None:
        search = state["search"]
        if experiment.refine is not None and experiment.refine.every:
            _check_found(search["best"], shape)
            search = search["inner"]
        _go_on(problem.search(None), search, shape)
        return
    ring = state["search"]
    if ring["origin"] is not None:
        _check_genome(ring["origin"], shape)
    if len(ring["islands"]) != experiment.islands.count:
        raise ValueError(f"it has {len(ring['islands'])} islands")
    for number, island in enumerate(ring["islands"]):
        _check_found(island["found"], shape)
        if set(island) != {"search", "found"}:
            raise ValueError(f"an island holds {', '.join(island)}")
        if island["search"] is not None:
            _go_on(problem.search(None, number), island["search"], shape)


def _go_on(search: Search, state: Mapping[str, Any], shape: tuple[int, int]) -> None:
    """Restore a search, ask it and tell it losses that rise, twice."""
    search.restore(state)
    for _ in range(2):
        genomes = search.ask()
        if genomes.dtype != np.float64 or genomes.shape[1:] != shape or not len(genomes):
            raise ValueError(f"its genomes have shape {genomes.shape}")
        search.tell(np.linspace(1.0, 2.0, len(genomes)))
    search.state()


def _checked(progress: Progress, shape: tuple[int, int]) -> Progress:
    for name in (
        "generation",
        "evaluations",
        "variant",
        "began_at",
        "improved_at",
        "restarts",
    ):
        value = getattr(progress, name)
        most = MOST_GENERATIONS if name == "generation" else 2**63
        if type(value) is not int or not 0 <= value < most:
            raise TypeError(f"{name} must be a count, got {value!r:.60}")
    for seconds in (
        *(progress.seconds, progress.cpu_seconds),
        *(progress.refined_seconds, progress.refined_cpu_seconds),
    ):
        number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
        if not number or not seconds >= 0:
            raise TypeError(f"seconds must be a number, got {seconds!r:.60}")
    _check_found(progress.found, shape)
    _check_found(progress.before, shape)
    return progress


def _check_found(found: Any, shape: tuple[int, int]) -> None:
    if not isinstance(found, list):
        raise TypeError("found must be a list")
    for loss, genome in found:
        if isinstance(loss, bool) or not isinstance(loss, int | float) or loss != loss:
            raise TypeError(f"a loss must be a number, got {loss!r:.60}")
        _check_genome(genome, shape)


def _check_genome(genome: Any, shape: tuple[int, int]) -> None:
    if not isinstance(genome, np.ndarray) or genome.dtype != np.float64:
        raise TypeError("a genome must be an array of float64")
    if genome.shape != shape:
        raise ValueError(f"a genome has shape {genome.shape}, not {shape}")
