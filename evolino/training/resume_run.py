"""Resume an interrupted run, or go on with a finished one, to the same bits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from evolino.gradient.descent import Descent
from evolino.training.callbacks import Callback, check_callbacks
from evolino.training.environment import other_versions
from evolino.training.history_file import ranges_of
from evolino.training.rehearsal import rehearse
from evolino.training.result import Result
from evolino.training.run_experiment import Setting, finish, stoppable
from evolino.training.run_files import CHECKPOINT, HISTORY
from evolino.training.run_folder import RunFolder
from evolino.training.workers.base import WorkerSettings


def resume(
    folder: RunFolder,
    *,
    workers: int | WorkerSettings = 1,
    callbacks: Sequence[Callback] = (),
    budget: dict[str, Any] | None = None,
    baselines: bool = True,
    refine: Descent | None = None,
) -> Result:
    """Go on with an interrupted run, to the same bits as if it had never stopped.

    budget: new limits by name, for a run that is to go further than its first budget;
    they are written to its config, and the result of the first budget is removed. refine:
    a refinement that follows, in the place of any before. Raises
    ValueError for a damaged checkpoint and for a folder that another process writes to,
    the folder is then as it was; EvaluationError and SavingError as `run_experiment` does.
    """
    check_callbacks(callbacks)
    setting = Setting(workers, folder, callbacks, baselines)
    with folder.writing(), stoppable(folder), _unbegun_marked(folder):
        experiment = folder.experiment()
        if budget:
            experiment = replace(experiment, budget=replace(experiment.budget, **budget))
        if others := other_versions(folder.environment()):
            setting.say(
                f"the run was begun with {others}: its bits may change from here on"
            )
        state = folder.load_checkpoint()
        if state is not None:
            rehearse(experiment, state, folder.path / CHECKPOINT)
        if refine is not None:
            refine = _after(experiment.refine, refine)
            experiment = replace(experiment, refine=refine)
            if state is not None:
                state["progress"] |= {"refined": [], "rounds": []}
                state["progress"] |= {"refined_seconds": 0.0, "refined_cpu_seconds": 0.0}
            folder.remove_result()
        lost = folder.rewind(0 if state is None else state["progress"]["generation"])
        if lost:
            setting.say(
                f"{folder.path / HISTORY} lacks generations {ranges_of(lost)}, which the "
                "checkpoint does not hold either; the run goes on without them"
            )
        if budget or refine:
            folder.save_experiment(experiment)
        folder.begin_again()
        return finish(experiment, state, folder.history(), setting)


def _after(own: Descent | None, refine: Descent) -> Descent:
    """Return a refinement that follows a run, whose search stays as it was refined on its
    way. Raises ValueError for one that was to be on the way of a run that has begun."""
    if refine.every:
        raise ValueError("refine.every is for a run from its beginning: leave it out")
    if own is None or not own.every:
        return refine
    return replace(refine, every=own.every, every_steps=own.every_steps)


@contextmanager
def _unbegun_marked(folder: RunFolder) -> Iterator[None]:
    """Let a run that was resumed and failed again before its first generation stand in no
    other's way."""
    try:
        yield
    except BaseException as error:
        folder.mark_failed(str(error) or type(error).__name__)
        raise
