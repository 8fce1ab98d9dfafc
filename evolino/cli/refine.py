"""`evolino refine DIR`: descent of a finished run's best network."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from evolino.cli.assignments import read_assignments
from evolino.cli.baseline_options import Baselines
from evolino.cli.descent_options import CpuSeconds, Genes, Rate, Scales, Seconds
from evolino.cli.option_record import command_of
from evolino.cli.task_options import TRUST
from evolino.cli.worker_options import Backend, Scheduler, Timeout, Workers, worker_settings


@dataclass(frozen=True, slots=True)
class RefineOptions:
    """The options; a field is as its help says."""

    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the run.")]
    method: Annotated[str, typer.Option(help="Of the descent: lbfgs, adam.")] = "lbfgs"
    steps: Annotated[
        int | None,
        typer.Option(help="Gradients for each network.", show_default="1000"),
    ] = None
    starts: Annotated[
        int | None,
        typer.Option(
            help="Free runs to descend on, 0 for those of validation.", show_default="0"
        ),
    ] = None
    rate: Rate = None
    genes: Genes = None
    scales: Scales = None
    seconds: Seconds = None
    cpu_seconds: CpuSeconds = None
    assignments: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="Any other field of the refinement, refine.folds=2; several times.",
        ),
    ] = None
    workers: Workers = None
    backend: Backend = "threads"
    scheduler: Scheduler = None
    timeout: Timeout = None
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing.")] = False
    baselines: Baselines = False
    trust: Annotated[bool, typer.Option("--trust", help=TRUST)] = False


def _refine(options: RefineOptions) -> None:
    """Refine the best network of a run by descent through its solved readout.

    An earlier refinement of the run is begun anew. The figures before it stay beside those
    after it.
    """
    from evolino.cli.run import conclude, resumable
    from evolino.cli.run_options import names_between_commas, refuse_twice
    from evolino.registry import from_table
    from evolino.training.progress import Progress
    from evolino.training.resume_run import resume as resume_run
    from evolino.training.run_folder import RunFolder

    names = "steps", "starts", "rate", "scales", "seconds", "cpu_seconds"
    fields = {name: getattr(options, name) for name in names}
    fields["genes"] = names_between_commas(options.genes)
    given = {name: value for name, value in fields.items() if value is not None}
    assigned = _assigned(options.assignments or ())
    refuse_twice(given, assigned, "--")
    given |= assigned
    settings = from_table("refinement", {"name": options.method, **given})
    pool = worker_settings(
        options.workers, options.backend, options.scheduler, options.timeout
    )
    opened = RunFolder.open(options.folder, trust=options.trust)
    with resumable(opened, quiet=options.quiet), Progress(quiet=options.quiet) as progress:
        result = resume_run(
            opened,
            workers=pool,
            callbacks=[progress],
            baselines=options.baselines,
            refine=settings,
        )
    conclude(opened, result, quiet=options.quiet)


def _assigned(assignments: Iterable[str]) -> dict[str, Any]:
    """Return the fields of the refinement that are set.

    Raises ValueError for those of anything else.
    """
    tables = read_assignments(assignments)
    fields: dict[str, Any] = tables.pop("refine", {})
    others = [*tables, *({"name"} & fields.keys())]
    if others:
        raise ValueError(
            f"--set is for fields of refine here, such as folds, got {others[0]!r}"
        )
    return fields


refine = command_of(RefineOptions, _refine, name="refine")
