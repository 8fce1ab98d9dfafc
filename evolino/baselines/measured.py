"""All baselines of a row of a table: which apply, and their metrics on the same data.

Which method applies is decided here alone, by what a task and a network offer.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from evolino.baselines.evolved_outputs import evolved_outputs
from evolino.baselines.gradient_lstm import gradient_lstm, is_trainable
from evolino.baselines.names import GENETIC, GRADIENT, reservoir_name
from evolino.baselines.tuned_reservoir import tuned_reservoir, units_of
from evolino.task.capabilities import Differentiable
from evolino.task.control import is_control
from evolino.task.counted import Counted
from evolino.training.baselines import measure_baselines
from evolino.training.experiment import WITHOUT_SEARCH, Experiment
from evolino.training.workers import open_workers

Figures = dict[str, dict[str, float]]


@dataclass(frozen=True, slots=True)
class Effort:
    """What the run beside them took. evaluations: of it. cpu_seconds: of it. workers:
    threads that measure."""

    evaluations: int
    cpu_seconds: float
    workers: int = 1


@dataclass(frozen=True, slots=True)
class Method:
    """A baseline beyond the quick ones (`evolino.training.baselines`).

    name: of an experiment's, in tables. applies: whether it does to an experiment. measure:
    its metrics.
    """

    name: Callable[[Experiment], str]
    applies: Callable[[Experiment], bool]
    measure: Callable[[Experiment, Effort], dict[str, float]]


@dataclass(frozen=True, slots=True)
class Measured:
    """Metrics by method, and what went wrong by method, in a line each."""

    figures: Figures = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def error(self) -> str:
        """What went wrong, in one line; "" for nothing."""
        return "; ".join(f"{name}: {text}" for name, text in self.errors.items())


def measure_missing(
    experiment: Experiment, effort: Effort, known: Collection[str] = ()
) -> Measured:
    """Return the metrics of the baselines that apply and are not known yet.

    known: names of methods. The quick baselines are measured if none is known; an error of
    theirs passes through. One of another method is returned beside the figures of the
    others.
    """
    found = Measured()
    if not known:
        with open_workers(effort.workers) as pool:
            quick = measure_baselines(experiment, effort.evaluations, pool)
        found.figures.update(quick)
    for method in missing(experiment, known):
        one = measured(method, experiment, effort)
        found.figures.update(one.figures)
        found.errors.update(one.errors)
    return found


def measured(method: Method, experiment: Experiment, effort: Effort) -> Measured:
    """Return the metrics of one method, or what went wrong."""
    name = method.name(experiment)
    try:
        return Measured({name: method.measure(experiment, effort)})
    except Exception as error:
        text = " ".join(str(error).split())
        return Measured(errors={name: f"{type(error).__name__}: {text}"})


def missing(experiment: Experiment, known: Collection[str]) -> list[Method]:
    """Return the methods beyond the quick ones that apply and are not among the known."""
    return [
        method
        for method in METHODS
        if method.applies(experiment) and method.name(experiment) not in known
    ]


def has_real_outputs(experiment: Experiment) -> bool:
    """Return whether a task's targets are real numbers on series: neither actions, nor
    classes or probabilities, nor strings that are counted, nor pictures."""
    task = experiment.task
    as_they_are = experiment.architecture.output == "identity"
    classes = hasattr(experiment.readout, "check")
    others = is_control(task) or isinstance(task, Counted) or hasattr(task, "picture_size")
    return as_they_are and not classes and not others


def has_solved_readout(experiment: Experiment) -> bool:
    """Return whether the rows of a table solve a readout that can be evolved instead."""
    task = experiment.task
    by_itself = any(getattr(experiment, way) is not None for way in WITHOUT_SEARCH)
    return not (by_itself or is_control(task) or hasattr(task, "picture_size"))


def has_gradient(experiment: Experiment) -> bool:
    """Return whether a task's loss has a gradient, and its network can be trained by it."""
    task = experiment.task
    if experiment.bptt is not None or not isinstance(task, Differentiable):
        return False
    return getattr(task, "differentiable", True) and is_trainable(experiment)


def _by_genetic(experiment: Experiment, effort: Effort) -> dict[str, float]:
    with open_workers(effort.workers) as pool:
        return evolved_outputs(experiment, effort.evaluations, pool)


METHODS = (
    Method(lambda _: GENETIC, has_solved_readout, _by_genetic),
    Method(
        lambda _: GRADIENT,
        has_gradient,
        lambda experiment, effort: gradient_lstm(
            experiment, effort.cpu_seconds, effort.workers
        ),
    ),
    Method(
        lambda experiment: reservoir_name(units_of(experiment)),
        has_real_outputs,
        lambda experiment, effort: tuned_reservoir(experiment, effort.cpu_seconds),
    ),
)
