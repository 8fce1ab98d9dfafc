"""Experiment tracking: callbacks that log a run to TensorBoard or MLflow.

`evolino.train(task, callbacks=[evolino.TensorBoard("logs/first")])`. Both log the same
names: loss/best, loss/lowest, loss/median, networks/failed and evaluations at each
generation, descent/loss and descent/held_out at each round of a refinement, and test/NAME,
the metrics of the task, at the end. What is not finite is left out.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from evolino.storage.files import user_path
from evolino.storage.json_text import write_json
from evolino.training.callbacks import Callback
from evolino.training.config import experiment_to_table

if TYPE_CHECKING:
    from evolino.training.experiment import Experiment
    from evolino.training.history import Generation
    from evolino.training.refining import Round
    from evolino.training.result import Result

LOG_EVERY = 2.0  # seconds between what is sent to MLflow
LONGEST = 500  # characters of a parameter in MLflow; config.json has all of it
MOST_AT_ONCE = 100  # parameters in one call of MLflow


class _Tracker(Callback):
    """What both have in common: which figures there are, and when."""

    def __init__(self) -> None:
        self._generation = 0

    def begin(self, settings: Mapping[str, Any]) -> None:
        """Begin a run with tables of settings."""
        raise NotImplementedError

    def log(self, figures: Mapping[str, float], step: int, seconds: float) -> None:
        """Log finite figures."""
        raise NotImplementedError

    def end(self, figures: Mapping[str, float], seconds: float) -> None:
        """Log the figures of a run's end."""
        raise NotImplementedError

    def on_start(self, experiment: Experiment) -> None:
        """Begin with the settings of an experiment."""
        self.begin(_settings(experiment))

    def on_generation(self, generation: Generation, seconds: float) -> None:
        """Log the losses of a generation."""
        self._generation = generation.generation
        figures = {
            "loss/best": generation.best,
            "loss/lowest": generation.lowest,
            "loss/median": generation.median,
            "networks/failed": float(generation.failed),
            "evaluations": float(generation.evaluations),
        }
        self.log(_finite(figures), generation.generation, seconds)

    def on_refined(self, refined: Round, seconds: float) -> None:
        """Log the best losses of a round of descent."""
        figures = {
            "descent/loss": min(refined.losses),
            "descent/held_out": min(refined.held_out),
            "descent/gradients": float(max(refined.gradients)),
        }
        self.log(_finite(figures), refined.round, seconds)


class TensorBoard(_Tracker):
    """Logs a run as events that `tensorboard --logdir FOLDER` shows.

    folder: of the events; made where it does not exist. A run begun anew there takes the
    place of the last one; a resumed one goes on. Raises ValueError without the package
    tensorboardX.

    >>> import evolino
    >>> _ = evolino.train("mso", budget=evolino.Budget(generations=2),
    ...     callbacks=[evolino.TensorBoard("logs")])
    """

    def __init__(self, folder: str | Path) -> None:
        super().__init__()
        require("tensorboard")
        self._folder = user_path(folder)
        self._settings = ""
        self._writer: Any = None

    def begin(self, settings: Mapping[str, Any]) -> None:
        """Remember the settings; the first figure says whether the run is new."""
        self._settings = f"```\n{write_json(settings, indent=1).decode()}\n```"

    def log(self, figures: Mapping[str, float], step: int, seconds: float) -> None:
        """Log figures at a step."""
        if self._writer is None:
            from tensorboardX import SummaryWriter

            # Files of one second would have one name; TensorBoard reads them in its order.
            suffix = f".{time.time_ns()}"
            self._writer = SummaryWriter(
                str(self._folder), purge_step=step, filename_suffix=suffix
            )
            self._writer.add_text("settings", self._settings, step)
        for name, value in figures.items():
            self._writer.add_scalar(name, value, step)

    def end(self, figures: Mapping[str, float], seconds: float) -> None:
        """Log the figures of a run's end, and close the file."""
        self.log(_finite(figures), self._generation, seconds)
        self._writer.close()
        self._writer = None

    def on_stop(self, result: Result) -> None:
        """Log the metrics, and close the file."""
        self.end(_metrics(result), result.seconds)


class MLflow(_Tracker):
    """Logs a run to MLflow: settings as parameters, losses and metrics, config.json.

    experiment: its name in MLflow, made where there is none. run_name: None lets MLflow
    find one. tracking_uri: where it is kept; None is MLflow's own, as the variable
    MLFLOW_TRACKING_URI or a database in the working folder. In a `with` block a run that an
    error ends is marked as failed. Raises ValueError without the package mlflow.

    >>> import evolino
    >>> tracker = evolino.MLflow("sines", run_name="first")
    >>> isinstance(tracker, evolino.Callback)
    True
    """

    def __init__(
        self,
        experiment: str = "evolino",
        *,
        run_name: str | None = None,
        tracking_uri: str | None = None,
    ) -> None:
        super().__init__()
        require("mlflow")
        self._experiment, self._run_name = experiment, run_name
        self._uri = tracking_uri
        self._client: Any = None
        self._run = ""
        self._waiting: list[Any] = []
        self._sent = 0.0

    def __enter__(self) -> MLflow:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Mark a run that has not ended as failed, or as killed by Ctrl-C."""
        self._end("KILLED" if kind is KeyboardInterrupt else "FAILED")

    def begin(self, settings: Mapping[str, Any]) -> None:
        """Begin a run of MLflow; log the settings."""
        from mlflow import MlflowClient
        from mlflow.entities import Param

        self._end("FAILED")  # of a callback that is used again
        self._client = MlflowClient(tracking_uri=self._uri)
        known = self._client.get_experiment_by_name(self._experiment)
        of = known or self._client.create_experiment(self._experiment)
        number = of if isinstance(of, str) else of.experiment_id
        run = self._client.create_run(number, run_name=self._run_name)
        self._run, self._sent = run.info.run_id, time.monotonic()
        params = [Param(name, _cut(value)) for name, value in _flat(settings)]
        for first in range(0, len(params), MOST_AT_ONCE):
            self._client.log_batch(self._run, params=params[first : first + MOST_AT_ONCE])
        text = write_json(settings, indent=1).decode()
        self._client.log_text(self._run, text, "config.json")

    def log(self, figures: Mapping[str, float], step: int, seconds: float) -> None:
        """Log figures at a step: at once, or with those of the next seconds."""
        from mlflow.entities import Metric

        now = time.time_ns() // 1_000_000
        self._waiting += [
            Metric(re.sub(r"[^\w\-. /]", "_", name), value, now, step)
            for name, value in figures.items()
        ]
        if time.monotonic() - self._sent >= LOG_EVERY:
            self._send()

    def end(self, figures: Mapping[str, float], seconds: float) -> None:
        """Log the figures of a run's end, and end it."""
        self._conclude(figures, seconds, "FINISHED")

    def on_stop(self, result: Result) -> None:
        """Log the metrics, and end the run."""
        status = "KILLED" if result.interrupted else "FINISHED"
        self._conclude(_metrics(result), result.seconds, status)

    def _conclude(self, figures: Mapping[str, float], seconds: float, status: str) -> None:
        known = _finite({**figures, "seconds": seconds})
        self.log(known, self._generation, seconds)
        self._end(status)

    def _send(self) -> None:
        while self._waiting:
            some = self._waiting[:MOST_AT_ONCE]
            self._client.log_batch(self._run, metrics=some)
            self._waiting = self._waiting[MOST_AT_ONCE:]
        self._sent = time.monotonic()

    def _end(self, status: str) -> None:
        if not self._run:
            return
        self._send()
        self._client.set_terminated(self._run, status=status)
        self._run = ""


@contextmanager
def tracked(tracker: str | None, folder: Path) -> Iterator[list[TensorBoard | MLflow]]:
    """Give the callback of a tracker by its name, none for None; in MLflow the run is named
    as its folder."""
    if tracker is None:
        yield []
    elif tracker == "tensorboard":
        yield [TensorBoard(folder / "tensorboard")]
    else:
        with MLflow(run_name=folder.name) as mlflow:
            yield [mlflow]


PACKAGES = {"tensorboard": "tensorboardX", "mlflow": "mlflow"}


def require(tracker: str) -> None:
    """Raise ValueError, naming the extra, without the package of a tracker."""
    if tracker not in PACKAGES:
        raise ValueError(f"tracker must be one of {', '.join(PACKAGES)}, got {tracker!r}")
    if find_spec(PACKAGES[tracker]) is None:
        raise ValueError(
            f'tracking by {tracker} needs an extra: pip install "evolino[{tracker}]"'
        )


def _finite(figures: Mapping[str, float]) -> dict[str, float]:
    return {name: value for name, value in figures.items() if math.isfinite(value)}


def _metrics(result: Result) -> dict[str, float]:
    return {f"test/{name}": float(value) for name, value in result.metrics.items()}


def _settings(experiment: Experiment) -> dict[str, Any]:
    """Return the experiment as a table; of one that no table can hold, its description."""
    try:
        return experiment_to_table(experiment)
    except (TypeError, ValueError):
        return {"experiment": repr(experiment)}


def _flat(table: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    """Yield name.of.field -> value as text of tables in tables."""
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", str(value)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 25]} .. (see config.json)"
