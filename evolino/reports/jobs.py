"""Jobs of a table: run one seed of a row, or measure the baselines of a row.

A finished seed is never run again, an interrupted one goes on from its checkpoint, and one
whose settings changed begins again. Whatever goes wrong is a result too.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING, Any, Protocol

from evolino.training.callbacks import Callback
from evolino.training.history import Generation

if TYPE_CHECKING:
    from evolino.baselines.measured import Effort, Measured
    from evolino.training.experiment import Experiment
    from evolino.training.run_folder import RunFolder

FINISHED, FAILED, INTERRUPTED = "finished", "failed", "interrupted"


@dataclass(frozen=True, slots=True)
class Job:
    """A job for one process.

    label: of the row, to show. row: its number. seed: of the run, or of the baselines.
    place: the folder of the run; None measures the baselines. workers: threads. effort: of
    the run that baselines stand beside. known: methods that are measured already. table:
    its name, where jobs of several tables are shown together.
    """

    label: str
    row: int
    seed: int
    experiment: Experiment
    place: Path | None
    workers: int = 1
    effort: Effort | None = None
    known: tuple[str, ...] = ()
    table: str = ""

    @property
    def name(self) -> str:
        """How messages name it."""
        what = "baselines" if self.place is None else f"seed {self.seed}"
        return (
            f"{self.table}: {self.label}, {what}" if self.table else f"{self.label}, {what}"
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a job. status: finished, failed or interrupted. content: baselines by
    method. error: of a failed one, in a line; of finished baselines, of methods that
    failed. note: what the reader should know. cpu_seconds: of the process that did it, for
    all of the job."""

    status: str
    content: dict[str, dict[str, float]] | None = None
    error: str = ""
    note: str = ""
    cpu_seconds: float = 0.0


class Runner(Protocol):
    """What does the work; tests put another one in place."""

    def start(
        self, experiment: Experiment, folder: RunFolder, workers: int, callback: Callback
    ) -> bool:
        """Run it; return whether it came to its end."""
        ...

    def resume(self, folder: RunFolder, workers: int, callback: Callback) -> bool:
        """Go on with it; return whether it came to its end."""
        ...

    def baselines(
        self, experiment: Experiment, effort: Effort, known: Collection[str]
    ) -> Measured:
        """Return metrics by method, of those that are not known."""
        ...

    def lacking(self, experiment: Experiment, known: Collection[str]) -> bool:
        """Return whether there is a method to measure that is not known."""
        ...


@dataclass(frozen=True, slots=True)
class Trainer:
    """The runner that evolves. quick: measure the quick baselines alone, those of
    `evolino run`, with so many unevolved draws; None: measure all."""

    quick: int | None = None

    def start(
        self, experiment: Experiment, folder: RunFolder, workers: int, callback: Callback
    ) -> bool:
        """Run it; return whether it came to its end."""
        from evolino.training.run_experiment import run_experiment

        result = run_experiment(
            experiment,
            workers=workers,
            folder=folder,
            callbacks=[callback],
            baselines=False,
        )
        return not result.interrupted

    def resume(self, folder: RunFolder, workers: int, callback: Callback) -> bool:
        """Go on with it; return whether it came to its end."""
        from evolino.training.resume_run import resume

        result = resume(folder, workers=workers, callbacks=[callback], baselines=False)
        return not result.interrupted

    def baselines(
        self, experiment: Experiment, effort: Effort, known: Collection[str]
    ) -> Measured:
        """Return metrics by method, of those that are not known."""
        from evolino.baselines.measured import Measured, measure_missing
        from evolino.training.baselines import baselines

        if self.quick is None:
            return measure_missing(experiment, effort, known)
        found = baselines(
            experiment,
            evaluations=effort.evaluations,
            workers=effort.workers,
            draws=self.quick,
        )
        return Measured(found)

    def lacking(self, experiment: Experiment, known: Collection[str]) -> bool:
        """Return whether there is a method to measure that is not known."""
        from evolino.baselines.measured import missing

        return not known or (self.quick is None and bool(missing(experiment, known)))


class Stopped(Exception):
    """Raised in a run's callback once the table is to stop; its checkpoint is on disk."""


class Listener(Callback):
    """Reports a run's progress, and stops it on demand.

    report: called with each generation. stop: whether to end.
    """

    def __init__(
        self, report: Callable[[Generation], None], stop: Callable[[], bool]
    ) -> None:
        self._report, self._stop = report, stop

    def on_generation(self, generation: Generation, seconds: float) -> None:
        """Report it. Raises Stopped if the run is to end."""
        self._report(generation)
        if self._stop():
            raise Stopped


def perform(
    job: Job,
    report: Callable[[Generation], None],
    stop: Callable[[], bool],
    *,
    runner: Runner,
) -> Outcome:
    """Do a job; errors are outcomes, only Ctrl-C passes through."""
    began = process_time()
    outcome = _outcome(job, report, stop, runner)
    return replace(outcome, cpu_seconds=process_time() - began)


def _outcome(
    job: Job,
    report: Callable[[Generation], None],
    stop: Callable[[], bool],
    runner: Runner,
) -> Outcome:
    try:
        if job.place is None:
            assert job.effort is not None
            found = runner.baselines(job.experiment, job.effort, job.known)
            return Outcome(FINISHED, found.figures, found.error)
        return _run_seed(job, job.place, Listener(report, stop), runner)
    except Stopped:
        return Outcome(INTERRUPTED)
    except Exception as error:
        text = " ".join(str(error).split())
        return Outcome(FAILED, error=f"{type(error).__name__}: {text}")


def is_finished(place: Path, experiment: Experiment) -> bool:
    """Return whether a folder holds the finished run of this very experiment."""
    folder = _opened(place, experiment)
    try:
        return folder is not None and folder.result() is not None
    except ValueError:
        return False


def settings_of(experiment: Experiment) -> dict[str, Any]:
    """Return the settings of a row, complete: an experiment's tables, its seed left out."""
    from evolino.training.config import experiment_to_table

    return {k: v for k, v in experiment_to_table(experiment).items() if k != "seed"}


def are_settings_of(settings: Mapping[str, Any], experiment: Experiment) -> bool:
    """Return whether recorded settings are those of an experiment.

    Fields that came after the record count with their defaults. Settings that this version
    cannot make, or that would run a file, are others.
    """
    from evolino.registry import files_named
    from evolino.training.config import experiment_from_table

    if any(files_named(settings)):
        return False
    try:
        recorded = experiment_from_table(settings)
    except (ValueError, TypeError):
        return False
    return settings_of(recorded) == settings_of(experiment)


def _run_seed(job: Job, place: Path, listener: Listener, runner: Runner) -> Outcome:
    from evolino.training.run_folder import RunFolder

    folder, note = _opened(place, job.experiment), ""
    if folder is None and place.exists():
        note = "its settings changed, so it begins again"
    elif folder is not None and not _readable(folder):
        folder, note = None, "its checkpoint is damaged, so it begins again"
    if folder is None:
        folder = RunFolder.create(place, job.experiment, force=True)
        ended = runner.start(job.experiment, folder, job.workers, listener)
    else:
        note = "goes on from its checkpoint"
        ended = runner.resume(folder, job.workers, listener)
    return Outcome(FINISHED if ended else INTERRUPTED, note=note)


def _opened(place: Path, experiment: Experiment) -> RunFolder | None:
    """Return the folder if it holds a run of this very experiment, finished or not."""
    from evolino.training.config import experiment_to_table
    from evolino.training.run_folder import RunFolder

    try:
        folder = RunFolder.open(place)
        known = experiment_to_table(folder.experiment())
    except (ValueError, TypeError):
        return None
    return folder if known == experiment_to_table(experiment) else None


def _readable(folder: RunFolder) -> bool:
    try:
        folder.load_checkpoint()
    except ValueError:
        return False
    return True


def seed_places(out: Path, table: str, label: str, seeds: Sequence[int]) -> list[Path]:
    """Return the folders of a row's seeds: <out>/seeds/<table>/<label>/seed-<n>."""
    words = "".join(c if c.isalnum() or c == "." else "-" for c in label.lower())
    slug = "-".join(part for part in words.split("-") if part.strip(".")) or "row"
    return [out / "seeds" / table / slug / f"seed-{seed}" for seed in seeds]
