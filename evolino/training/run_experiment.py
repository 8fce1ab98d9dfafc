"""Run an experiment: ask, evaluate, tell, record, stop, measure, save.

The same experiment gives the same bits for any number of workers, and when it is broken
off and resumed: randomness comes from one generator per purpose, and whatever a generation
changes is in the checkpoint.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from evolino.training.baselines import measure_baselines
from evolino.training.callbacks import Callback, check_callbacks
from evolino.training.clock import started
from evolino.training.evolving import Evolving
from evolino.training.experiment import Experiment
from evolino.training.history import Generation
from evolino.training.interrupts import BrokenOff, Interrupt, interruptible
from evolino.training.result import Result
from evolino.training.run import Run
from evolino.training.run_folder import RunFolder
from evolino.training.stopping import SavingError, reasons
from evolino.training.workers import open_workers
from evolino.training.workers.base import EvaluationError, Workers, WorkerSettings


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a run is evaluated, and which callbacks it has.

    baselines: also measure the unevolved network and random search.
    """

    workers: int | WorkerSettings
    folder: RunFolder | None
    callbacks: Sequence[Callback]
    baselines: bool

    def say(self, message: str) -> None:
        """Tell the callbacks what went wrong and was put right."""
        for callback in self.callbacks:
            callback.on_message(message)


def run_experiment(
    experiment: Experiment,
    *,
    workers: int | WorkerSettings = 1,
    folder: RunFolder | None = None,
    callbacks: Sequence[Callback] = (),
    baselines: bool = True,
) -> Result:
    """Run an experiment; leave its files in folder, if there is one.

    workers: how many threads, or who else evaluates. baselines: also measure the unevolved
    network and random search at equal evaluations, which doubles the time. Raises
    EvaluationError if an evaluation raised, took too long or lost its workers, and
    SavingError if the disk is full; the folder can then be resumed. Any other exception
    before the first generation removes it.
    """
    setting = Setting(workers, folder, callbacks, baselines)
    with nullcontext() if folder is None else folder.writing():
        try:
            check_callbacks(callbacks)
            if folder is not None:
                folder.check_unused(experiment)
            with stoppable(folder):
                result = finish(experiment, None, (), setting)
            if folder is not None and result.interrupted:
                folder.mark_failed("; ".join(result.stopped))
            return result
        except BaseException as error:
            if folder is not None:
                _leave(folder, error)
            raise


def _leave(folder: RunFolder, error: BaseException) -> None:
    """Leave no folder in the way of the next try, if there was no generation: it is removed
    unless the run can be resumed as it is."""
    if isinstance(error, EvaluationError | SavingError) or not isinstance(error, Exception):
        folder.mark_failed(str(error) or type(error).__name__)
    else:
        folder.discard_unless_begun()


@contextmanager
def stoppable(folder: RunFolder | None) -> Iterator[None]:
    """Say how to go on, in the errors that a run can be resumed from."""
    try:
        yield
    except EvaluationError as error:
        if folder is None:
            raise
        raise EvaluationError(f"{error}; go on with: {folder.resume_command}") from error
    except OSError as error:
        if folder is None or not _is_in(error.filename, folder.path):
            raise
        raise SavingError(
            f"cannot write {error.filename}: {error.strerror or error}; "
            f"go on with: {folder.resume_command}"
        ) from error


def _is_in(file: object, folder: Path) -> bool:
    return isinstance(file, str | Path) and Path(file).parent == folder


def finish(
    experiment: Experiment,
    state: dict[str, Any] | None,
    history: Iterable[Generation],
    setting: Setting,
) -> Result:
    """Evolve from a checkpoint's state, None for the beginning; measure, save."""
    folder, callbacks = setting.folder, setting.callbacks
    check_cpu_seconds(experiment, setting.workers)
    progress = {} if state is None else state["progress"]
    before, cpu_before = progress.get("seconds", 0.0), progress.get("cpu_seconds", 0.0)
    with ExitStack() as stack:
        clock = stack.enter_context(started(before, experiment.budget.seconds, cpu_before))
        interrupt = stack.enter_context(interruptible(clock.left))
        run = _begun(experiment, state, interrupt)
        if folder is not None and not (run and run.stop_reasons()):
            folder.remove_result()
        with interrupt.raising():
            pool = stack.enter_context(
                open_workers(setting.workers, setting.say, interrupt.check)
            )
        if run is None:
            result = _nothing(experiment, pool, clock.seconds())
        else:
            evolving = Evolving(run, pool, callbacks, folder, interrupt, clock)
            result = evolving.result(history)
            if not are_threads(setting.workers):
                result = result.without_cpu_seconds()
        with interrupt.raising():
            result = _saved(result, pool, setting)
    for callback in callbacks:
        callback.on_stop(result)
    return result


def check_cpu_seconds(experiment: Experiment, workers: int | WorkerSettings) -> None:
    """Raise ValueError for CPU seconds of workers in other processes, not counted."""
    refine = experiment.refine
    limits = experiment.budget.cpu_seconds, refine and refine.cpu_seconds
    if any(limit is not None for limit in limits) and not are_threads(workers):
        assert isinstance(workers, WorkerSettings)
        raise ValueError(
            f"cpu_seconds are of this process: they need threads, got {workers.backend}"
        )


def are_threads(workers: int | WorkerSettings) -> bool:
    """Return whether workers are threads of this process, whose CPU seconds it counts."""
    return isinstance(workers, int) or workers.backend == "threads"


def _begun(
    experiment: Experiment, state: dict[str, Any] | None, interrupt: Interrupt
) -> Run | None:
    """Return the run, None if its seconds were over before its data were made."""
    try:
        return interrupt.attend(lambda: Run(experiment, state))
    except BrokenOff:
        if interrupt.requested:
            raise KeyboardInterrupt from None
        return None


def _nothing(experiment: Experiment, workers: Workers, seconds: float) -> Result:
    """Return the result of a run that could not begin in its seconds."""
    stopped = reasons(
        experiment.budget,
        generations=0,
        evaluations=0,
        seconds=seconds,
        best=math.inf,
        stagnant=0,
    )
    return Result(experiment, None, [], {}, stopped, 0, 0, seconds, workers.count)


def _saved(result: Result, workers: Workers, setting: Setting) -> Result:
    """Save the result of a finished run, then again with the baselines."""
    if result.interrupted:
        return result
    folder = setting.folder
    if folder is not None:
        folder.save_result(result.summary())
    if setting.baselines and result.evaluations:
        for callback in setting.callbacks:
            callback.on_baselines()
        measured = measure_baselines(result.experiment, result.evaluations, workers)
        result = replace(result, baselines=measured)
        if folder is not None:
            folder.save_result(result.summary())
    return result
