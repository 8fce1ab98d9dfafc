"""Ask, evaluate, tell, record, stop.

The same experiment gives the same bits for any number of workers, and when it is broken
off and resumed: randomness comes from one generator per purpose, and whatever a generation
changes is in the checkpoint.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from evolino.models.ensemble import Ensemble, Trained
from evolino.training.baselines import measure_baselines
from evolino.training.callbacks import Callback
from evolino.training.experiment import Experiment
from evolino.training.history import Generation
from evolino.training.interrupts import Interrupt, interruptible
from evolino.training.problem import split_of
from evolino.training.result import Result
from evolino.training.run import Run, Step
from evolino.training.run_folder import RunFolder
from evolino.training.workers import open_workers
from evolino.training.workers.base import EvaluationError, Workers, WorkerSettings

CHECKPOINT_EVERY = 2.0  # seconds
ALONE = "_alone"  # after the name of a figure: of an ensemble's best member
MODEL_SHARE = 20  # times as long between two models on disk as one takes


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
    EvaluationError if an evaluation raised, took too long or lost its workers; the folder
    can then be resumed.
    """
    return _finish(
        Run(experiment),
        (),
        workers=workers,
        folder=folder,
        callbacks=callbacks,
        baselines=baselines,
    )


def resume(
    folder: RunFolder,
    *,
    workers: int | WorkerSettings = 1,
    callbacks: Sequence[Callback] = (),
    budget: dict[str, Any] | None = None,
    baselines: bool = True,
) -> Result:
    """Go on with an interrupted run, to the same bits as if it had never stopped.

    budget: new limits by name, for a run that is to go further than its first budget;
    they are written to its config, and the result of the first budget is removed. Raises
    ValueError for a damaged checkpoint, the folder is then as it was, and EvaluationError
    as `run_experiment` does.
    """
    experiment = folder.experiment()
    if budget:
        experiment = replace(experiment, budget=replace(experiment.budget, **budget))
    run = Run(experiment, folder.load_checkpoint())
    folder.rewind(run.progress.generation)
    if budget:
        folder.save_experiment(experiment)
    if not run.stop_reasons():
        folder.remove_result()
    return _finish(
        run,
        folder.history(),
        workers=workers,
        folder=folder,
        callbacks=callbacks,
        baselines=baselines,
    )


def _finish(
    run: Run,
    history: Iterable[Generation],
    *,
    workers: int | WorkerSettings,
    folder: RunFolder | None,
    callbacks: Sequence[Callback],
    baselines: bool,
) -> Result:
    """Evolve, measure, save."""

    def say(message: str) -> None:
        for callback in callbacks:
            callback.on_message(message)

    recorder = None if folder is None else Recorder(run, folder)
    with open_workers(workers, say) as pool:
        try:
            result = evolve(
                run, history, workers=pool, callbacks=callbacks, recorder=recorder
            )
            if folder is not None and not result.interrupted:
                folder.save_result(result.summary())
            if baselines and not result.interrupted:
                for callback in callbacks:
                    callback.on_baselines()
                measured = measure_baselines(run.experiment, result.evaluations, pool)
                result = replace(result, baselines=measured)
                if folder is not None:
                    folder.save_result(result.summary())
        except EvaluationError as error:
            if folder is None:
                raise
            raise EvaluationError(
                f"{error}; go on with: {folder.resume_command}"
            ) from error
    for callback in callbacks:
        callback.on_stop(result)
    return result


class Recorder(Callback):
    """Keeps a run's folder: a line of history each generation, checkpoints, the model."""

    def __init__(self, run: Run, folder: RunFolder) -> None:
        self._run, self._folder = run, folder
        self._began = self._saved = time.monotonic()
        self._next_model: float | None = None
        self._improved = False

    def on_generation(self, generation: Generation, seconds: float) -> None:
        """Append to history."""
        self._folder.append(generation, seconds)
        if self._next_model is None:
            # What a model takes is not known yet: about as long as a generation.
            now = time.monotonic()
            self._next_model = now + MODEL_SHARE * (now - self._began)

    def on_improved(self, loss: float, genome: Any) -> None:
        """Remember that the model on disk is no longer the best."""
        self._improved = True

    def save_if_due(self) -> None:
        """Write a checkpoint if the last one is old; not inside of a step of the run."""
        if time.monotonic() - self._saved >= CHECKPOINT_EVERY:
            self.save()

    def save(self) -> None:
        """Write the checkpoint; also the model, if it improved and that is cheap."""
        self._folder.save_checkpoint(self._run.state())
        due = self._next_model
        if self._improved and due is not None and time.monotonic() >= due:
            self._save_model()
        self._saved = time.monotonic()

    def _save_model(self) -> None:
        """Write the best network so far; large readouts are solved more rarely."""
        began = time.monotonic()
        model = self._run.best_network()
        if model is not None:
            self._folder.save_model(model.as_state())
        self._improved = False
        ended = time.monotonic()
        self._next_model = ended + MODEL_SHARE * (ended - began)

    def finish(self, model: Trained | None) -> None:
        """Write the last checkpoint and the model, also one that is older than a resume."""
        self._folder.save_checkpoint(self._run.state())
        if model is not None:
            self._folder.save_model(model.as_state())


def evolve(
    run: Run,
    history: Iterable[Generation],
    *,
    workers: Workers,
    callbacks: Sequence[Callback],
    recorder: Recorder | None = None,
) -> Result:
    """Run generations until the budget or Ctrl-C stops them; measure the best network.

    history: the records before a resume. recorder: hears of all before the callbacks do.
    """
    records = list(history)
    callbacks = list(callbacks) if recorder is None else [recorder, *callbacks]
    stopped = run.stop_reasons()
    began = time.monotonic() - run.progress.seconds
    with interruptible() as interrupt:
        for callback in callbacks:
            callback.on_start(run.experiment)
        while not stopped:
            steps = run.step(workers)
            run.progress.seconds = time.monotonic() - began
            for step in steps:
                records.append(step.record)
                _report(callbacks, step, run.progress.seconds)
            if recorder is not None:
                recorder.save_if_due()
            stopped = run.stop_reasons() or _interruption(interrupt)
        # Whoever presses Ctrl-C does not wait for the readouts of a whole ensemble.
        model = run.best_network() if interrupt.asked else run.model(workers)
        if recorder is not None:
            recorder.finish(model)
    seconds = time.monotonic() - began
    measured = model is not None and not interrupt.asked
    return Result(
        experiment=run.experiment,
        model=model,
        history=records,
        metrics=_measure(run, model) if measured and model is not None else {},
        stopped=stopped,
        generations=run.progress.generation,
        evaluations=run.progress.evaluations,
        seconds=seconds,
        workers=workers.count,
    )


def _report(callbacks: Sequence[Callback], step: Step, seconds: float) -> None:
    for callback in callbacks:
        callback.on_generation(step.record, seconds)
        if step.better is not None:
            callback.on_improved(step.record.best, step.better)


def _interruption(interrupt: Interrupt) -> list[str]:
    return ["interrupted: Ctrl-C"] if interrupt.asked else []


def _measure(run: Run, model: Trained) -> dict[str, float]:
    """Return the test figures; for an ensemble also those of its best member alone.

    A curriculum cut short is still measured on the task.
    """
    task = run.experiment.task
    split = split_of(task, run.experiment.seed)
    figures = task.measure(model, split)
    if isinstance(model, Ensemble):
        alone = task.measure(model.members[0], split)
        figures |= {f"{name}{ALONE}": value for name, value in alone.items()}
    return figures
