"""Result of a run: model, metrics, history, reasons to stop."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import version
from typing import Any

from evolino.models.ensemble import Trained
from evolino.task.protocol import name_of
from evolino.training.config import experiment_to_table
from evolino.training.experiment import Experiment
from evolino.training.history import Generation


@dataclass(frozen=True, slots=True)
class Result:
    """What a run gave.

    experiment: what was run. generations, evaluations, workers: counts. model: the best
    network ever seen, its readout fitted on the refit rows, or an ensemble of the best (the
    best network alone if the run was interrupted); None if every network failed. history:
    one record a generation. metrics: the task's, on test data (empty if the run was
    interrupted). stopped: the reasons. seconds: until the model's readout was solved, the
    refinement included. cpu_seconds: the same of the processor; None where workers are
    other processes, whose seconds are not known here. refinement: gradients of each
    network, why its descent ended, and the seconds and cpu_seconds that all of it took, of
    those above; None without one. baselines: metrics of trivial and unevolved methods, by
    method.

    >>> import evolino
    >>> result = evolino.train("mso", budget=evolino.Budget(generations=2))
    >>> result.generations, sorted(result.metrics)
    (2, ['test_max_abs_error', 'test_nrmse'])
    """

    experiment: Experiment
    model: Trained | None
    history: list[Generation]
    metrics: dict[str, float]
    stopped: list[str]
    generations: int
    evaluations: int
    seconds: float
    workers: int
    baselines: dict[str, dict[str, float]] = field(default_factory=dict)
    cpu_seconds: float | None = None
    refinement: dict[str, Any] | None = None

    def summary(self) -> dict[str, Any]:
        """Return the content of result.json."""
        task = self.experiment.task
        return {
            "task": name_of(task),
            "preset": self.experiment.preset,
            "parameters": experiment_to_table(self.experiment),
            "seed": self.experiment.seed,
            "workers": self.workers,
            "metrics": self.metrics,
            "published": [asdict(figure) for figure in task.published()],
            "baselines": self.baselines,
            "stopped": self.stopped,
            "generations": self.generations,
            "evaluations": self.evaluations,
            "seconds": self.seconds,
            "cpu_seconds": self.cpu_seconds,
            "refinement": self.refinement,
            "version": version("evolino"),
        }

    def without_cpu_seconds(self) -> Result:
        """Return the result of workers in other processes, whose CPU seconds nobody
        counted."""
        refinement = self.refinement and {**self.refinement, "cpu_seconds": None}
        return replace(self, cpu_seconds=None, refinement=refinement)

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended the run, so that it can be resumed."""
        return any(reason.startswith("interrupted") for reason in self.stopped)
