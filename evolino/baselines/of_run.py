"""Trained baselines of a run: measured after it, beside the quick ones of its result.

They are those of tables (`evolino.baselines.measured`): a tuned reservoir, a genetic
algorithm without a solved readout, and a gradient LSTM at equal CPU seconds, as far as they
apply to the experiment.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from evolino.baselines.measured import Effort, measured, missing
from evolino.training.result import Result
from evolino.training.run_folder import RunFolder


def add_trained_baselines(
    folder: RunFolder, result: Result, workers: int, say: Callable[[str], None]
) -> Result:
    """Measure the baselines that a finished run lacks; return its result with them.

    folder: of the run, whose result.json is written after each. workers: threads. say: is
    called with a line before each, and with what one failed by. An interrupted result, or
    one without an evaluation, is returned as it is. Without known CPU seconds the effort is
    the run's seconds times its threads.
    """
    if result.interrupted or not result.evaluations:
        return result
    cpu_seconds = result.cpu_seconds or result.seconds * result.workers
    effort = Effort(result.evaluations, cpu_seconds, workers)
    for method in missing(result.experiment, result.baselines):
        name = method.name(result.experiment)
        say(f"measuring baselines: {name}")
        found = measured(method, result.experiment, effort)
        if found.error:
            say(f"no such baseline: {found.error}")
            continue
        result = replace(result, baselines={**result.baselines, **found.figures})
        with folder.writing():
            folder.save_result(result.summary())
    return result
