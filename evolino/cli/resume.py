"""`evolino resume DIR`: go on with a run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from evolino.cli.baseline_options import (
    AllBaselines,
    Baselines,
    check_all_baselines,
    with_trained_baselines,
)
from evolino.cli.option_record import command_of
from evolino.cli.task_options import TRUST
from evolino.cli.worker_options import Backend, Scheduler, Timeout, Workers, worker_settings

LIMITS = ("generations", "evaluations", "seconds", "cpu_seconds")


@dataclass(frozen=True, slots=True)
class ResumeOptions:
    """The options; a field is as its help says."""

    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the run.")]
    workers: Workers = None
    backend: Backend = "threads"
    scheduler: Scheduler = None
    timeout: Timeout = None
    generations: Annotated[
        int | None, typer.Option(help="New limit, of the whole run.")
    ] = None
    evaluations: Annotated[
        int | None, typer.Option(help="New limit, of the whole run.")
    ] = None
    seconds: Annotated[float | None, typer.Option(help="New limit, of the whole run.")] = (
        None
    )
    cpu_seconds: Annotated[
        float | None, typer.Option(help="New limit, of the whole run.")
    ] = None
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing.")] = False
    baselines: Baselines = True
    all_baselines: AllBaselines = False
    track: Annotated[
        str | None, typer.Option(help="Log it, too: tensorboard (into DIR) or mlflow.")
    ] = None
    trust: Annotated[bool, typer.Option("--trust", help=TRUST)] = False


def _resume(options: ResumeOptions) -> None:
    """Go on with a run, also beyond its limits.

    New limits take the place of all four old ones; target and stagnation stay.
    """
    from evolino.cli.run import conclude, resumable
    from evolino.training.progress import Progress
    from evolino.training.resume_run import resume as resume_run
    from evolino.training.run_folder import RunFolder
    from evolino.training.tracking import require, tracked

    limits = {name: getattr(options, name) for name in LIMITS}
    given = any(limit is not None for limit in limits.values())
    pool = worker_settings(
        options.workers, options.backend, options.scheduler, options.timeout
    )
    if options.all_baselines:
        check_all_baselines(options.baselines, options.backend)
    if options.track is not None:
        require(options.track)
    opened = RunFolder.open(options.folder, trust=options.trust)
    with (
        resumable(opened, quiet=options.quiet),
        Progress(quiet=options.quiet) as progress,
        tracked(options.track, opened.path) as trackers,
    ):
        result = resume_run(
            opened,
            workers=pool,
            callbacks=[progress, *trackers],
            budget=limits if given else None,
            baselines=options.baselines,
        )
    if options.all_baselines:
        result = with_trained_baselines(opened, result, pool.count, quiet=options.quiet)
    conclude(opened, result, quiet=options.quiet)


resume = command_of(ResumeOptions, _resume, name="resume")
