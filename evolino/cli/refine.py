"""`evolino refine DIR`: descent of a finished run's best network."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evolino.cli.task_options import TRUST
from evolino.cli.worker_options import Backend, Scheduler, Timeout, Workers, worker_settings


def refine(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the run.")],
    method: Annotated[str, typer.Option(help="Of the descent.")] = "lbfgs",
    steps: Annotated[int, typer.Option(help="Gradients for each network.")] = 1000,
    starts: Annotated[
        int, typer.Option(help="Free runs to descend on, 0 for those of validation.")
    ] = 0,
    seconds: Annotated[
        float | None, typer.Option(help="Begin no round of descent after so long.")
    ] = None,
    workers: Workers = None,
    backend: Backend = "threads",
    scheduler: Scheduler = None,
    timeout: Timeout = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing.")] = False,
    baselines: Annotated[
        bool,
        typer.Option(help="Measure what an unevolved network and random search reach."),
    ] = False,
    trust: Annotated[bool, typer.Option("--trust", help=TRUST)] = False,
) -> None:
    """Refine the best network of a run by descent through its solved readout.

    An earlier refinement of the run is begun anew. The figures before it stay beside those
    after it.
    """
    from evolino.cli.run import conclude, resumable
    from evolino.registry import from_table
    from evolino.training.progress import Progress
    from evolino.training.resume_run import resume as resume_run
    from evolino.training.run_folder import RunFolder

    fields = {"steps": steps, "starts": starts, "seconds": seconds}
    given = {name: value for name, value in fields.items() if value is not None}
    settings = from_table("refinement", {"name": method, **given})
    pool = worker_settings(workers, backend, scheduler, timeout)
    opened = RunFolder.open(folder, trust=trust)
    with resumable(opened, quiet=quiet), Progress(quiet=quiet) as progress:
        result = resume_run(
            opened,
            workers=pool,
            callbacks=[progress],
            baselines=baselines,
            refine=settings,
        )
    conclude(opened, result, quiet=quiet)
