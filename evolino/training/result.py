"""What a run gave."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
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

    model: the best network ever seen, its readout fitted on the refit rows, or an ensemble
    of the best (the best network alone if the run was interrupted); None if every network
    failed. history: one record a generation. metrics: the task's, on test data
    (empty if the run was interrupted). stopped: the reasons. seconds: until the model's
    readout was solved. cpu_seconds: the same of the processor, of this process without
    workers in others. baselines: metrics of trivial and unevolved methods, by method.
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
            "version": version("evolino"),
        }

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended the run, so that it can be resumed."""
        return any(reason.startswith("interrupted") for reason in self.stopped)
