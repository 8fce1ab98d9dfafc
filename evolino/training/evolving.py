"""Generations until something ends the run; then its model, measured."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from numbers import Real
from typing import Any

from evolino.models.ensemble import Ensemble, Trained
from evolino.models.units import first_lost
from evolino.task.capabilities import over_evaluations
from evolino.task.protocol import Task, name_of
from evolino.training.callbacks import Callback
from evolino.training.clock import Clock
from evolino.training.history import Generation
from evolino.training.interrupts import BrokenOff, Interrupt, briefly, endless
from evolino.training.problem import split_of
from evolino.training.recorder import Recorder
from evolino.training.result import Result
from evolino.training.run import Run, Step
from evolino.training.run_folder import RunFolder
from evolino.training.stopping import limits_of_refinement
from evolino.training.workers.base import Workers

UNREFINED = "_unrefined"  # after the name of a figure: before the refinement
ALONE = "_alone"  # after the name of a figure: of an ensemble's best member
PATIENCE = 2.0  # seconds that the readout of an interrupted run's best network may take


class Evolving:
    """A run on its way to its result. clock: of its seconds."""

    def __init__(
        self,
        run: Run,
        workers: Workers,
        callbacks: Sequence[Callback],
        folder: RunFolder | None,
        interrupt: Interrupt,
        clock: Clock,
    ) -> None:
        self._run, self._workers, self._interrupt = run, workers, interrupt
        self._clock, self._callbacks = clock, list(callbacks)
        self._recorder = None
        if folder is not None:
            self._recorder = Recorder(run, folder, interrupt.attend)
            self._callbacks = [self._recorder, *callbacks]  # it gets every event first

    def result(self, history: Iterable[Generation]) -> Result:
        """Run generations until the budget or a signal ends them; measure the model.

        history: the records before a resume.
        """
        run, interrupt, records = self._run, self._interrupt, list(history)
        for callback in self._callbacks:
            callback.on_start(run.experiment)
        stopped, broken_off = self._evolve(records)
        if self._recorder is not None:
            self._recorder.save_last(broken_off=broken_off)
        self._refine()
        model = self._model()
        if self._recorder is not None:
            self._recorder.save_model(model)
        seconds, cpu_seconds = self._clock.seconds(), self._clock.cpu_seconds()
        metrics: dict[str, float] = {}
        with interrupt.raising():
            if interrupt.requested:
                stopped = [f"interrupted: {interrupt.by}"]
            elif model is not None:
                metrics = _measure(run, model)
                self._tell_of_lost(model, metrics)
                if run.progress.refined:
                    metrics |= self._unrefined_figures()
        return Result(
            experiment=run.experiment,
            model=model,
            history=records,
            metrics=metrics,
            stopped=stopped,
            generations=run.progress.generation,
            evaluations=run.progress.evaluations,
            seconds=seconds,
            workers=self._workers.count,
            cpu_seconds=cpu_seconds,
            refinement=self._refinement_record(),
        )

    def _evolve(self, records: list[Generation]) -> tuple[list[str], bool]:
        """Run generations, append their records; return the reasons to stop, and whether
        the last generation was broken off."""
        run, interrupt, recorder = self._run, self._interrupt, self._recorder
        inside = False
        if run.progress.generation:  # else the first one may still be quick enough
            self._count_seconds()
        try:
            while not (stopped := run.stop_reasons()) and not interrupt.requested:
                if recorder is not None:
                    recorder.before_step()
                inside = True
                steps = run.step(self._workers, interrupt.attend)
                inside = False
                self._count_seconds()
                for step in steps:
                    records.append(step.record)
                    _report(self._callbacks, step, run.progress.seconds)
                if recorder is not None:
                    recorder.save_if_due()
        except BrokenOff:
            self._workers.abandon()
            self._count_seconds()
            stopped = run.stop_reasons()
        return stopped, inside

    def _refine(self) -> None:
        """Refine the best networks, if the experiment asks for it, until nothing lowers
        their loss or the refinement's own limits are reached."""
        run, interrupt, settings = self._run, self._interrupt, self._run.experiment.refine
        if settings is None:
            return
        interrupt.left = endless
        progress = run.progress
        began = self._clock.seconds() - progress.refined_seconds
        cpu_began = self._clock.cpu_seconds() - progress.refined_cpu_seconds
        try:
            while run.may_refine and not interrupt.requested:
                if limits_of_refinement(settings, progress):
                    break
                line = interrupt.attend(lambda: run.refine(self._workers))
                self._count_seconds()
                progress.refined_seconds = progress.seconds - began
                progress.refined_cpu_seconds = progress.cpu_seconds - cpu_began
                for callback in self._callbacks:
                    callback.on_refined(line, progress.seconds)
        except BrokenOff:
            self._workers.abandon()

    def _refinement_record(self) -> dict[str, Any] | None:
        """Return what the refinement took, for result.json; None if there was none."""
        settings, progress = self._run.experiment.refine, self._run.progress
        if settings is None or not progress.refined:
            return None
        limits = "; ".join(limits_of_refinement(settings, progress))
        return {
            "gradients": [state["gradients"] for state in progress.refined],
            "ended": [state["ended"] or limits for state in progress.refined],
            "seconds": progress.refined_seconds,
            "cpu_seconds": progress.refined_cpu_seconds,
        }

    def _unrefined_figures(self) -> dict[str, float]:
        """Return the test figures before the refinement."""
        run = self._run
        model = run.model(self._workers, refined=False)
        assert model is not None
        return {f"{name}{UNREFINED}": value for name, value in _measure(run, model).items()}

    def _tell_of_lost(self, model: Trained, metrics: Mapping[str, float]) -> None:
        """Say at which step free runs of the test were lost, if a figure is not finite."""
        task = self._run.experiment.task
        if not task.generates or all(map(math.isfinite, metrics.values())):
            return
        test = split_of(task, self._run.experiment.seed).test
        runs = model.respond(test, free_running=True)
        lost = [step for step in map(first_lost, runs) if step is not None]
        if not lost:
            return
        which = (
            "the free run" if len(runs) == 1 else f"{len(lost)} of {len(runs)} free runs"
        )
        are = "is" if len(lost) == 1 else "are"
        first = "" if len(lost) == 1 else ", the first"
        for callback in self._callbacks:
            callback.on_message(
                f"{which} of the test {are} lost{first} at step {min(lost) + 1}"
            )

    def _count_seconds(self) -> None:
        self._run.progress.seconds = self._clock.seconds()
        self._run.progress.cpu_seconds = self._clock.cpu_seconds()

    def _model(self) -> Trained | None:
        """Return the model; only the best network, if its readout is quickly solved, once
        the run was interrupted."""
        run, interrupt = self._run, self._interrupt
        interrupt.left = endless
        try:
            if not interrupt.requested:
                self._announce_readouts()
                return interrupt.attend(lambda: run.model(self._workers))
        except BrokenOff:
            self._workers.abandon()
        return briefly(run.best_network, PATIENCE)

    def _announce_readouts(self) -> None:
        """Say how long the readouts of an ensemble may take: seconds of the budget end
        evolution, not those."""
        count = len(self._run.progress.answers)
        each = None if self._recorder is None else self._recorder.solving
        turns = -(-count // self._workers.count)
        if count > 1:
            for callback in self._callbacks:
                callback.on_readouts(count, None if each is None else turns * each)


def _report(callbacks: Sequence[Callback], step: Step, seconds: float) -> None:
    for callback in callbacks:
        callback.on_generation(step.record, seconds)
        for message in step.messages:
            callback.on_message(message)
        if step.better is not None:
            callback.on_improved(step.record.best, step.better)


def _measure(run: Run, model: Trained) -> dict[str, float]:
    """Return the test figures; for an ensemble also those of its best member alone.

    A curriculum cut short is still measured on the task.
    """
    task = run.experiment.task
    split = split_of(task, run.experiment.seed)
    figures = task.measure(model, split)
    _check_figures(task, figures)
    figures = over_evaluations(task, figures, _passes(run))
    if isinstance(model, Ensemble):
        alone = task.measure(model.members[0], split)
        figures |= {f"{name}{ALONE}": value for name, value in alone.items()}
    return figures


def _passes(run: Run) -> int | None:
    """Return how often all that is learnt from was presented; None for a Kalman filter,
    whose evaluations are strings drawn by chance."""
    return run.progress.evaluations if run.experiment.kalman is None else None


def _check_figures(task: Task, figures: Mapping[str, float]) -> None:
    """Raise TypeError for what a user's own task may give instead of numbers by name."""
    known = isinstance(figures, Mapping) and all(
        isinstance(name, str) and isinstance(value, Real) for name, value in figures.items()
    )
    if not known:
        raise TypeError(
            f"measure of {name_of(task)!r} must return numbers by name, "
            f"got {figures!r:.100}"
        )
