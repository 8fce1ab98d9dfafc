"""`evolino reproduce TABLE`: a published table, over seeds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def reproduce(
    table: Annotated[str, typer.Argument(metavar="TABLE", help="Such as mso-paper.")],
    seeds: Annotated[int, typer.Option(help="How many seeds.")] = 20,
    workers: Annotated[
        int | None,
        typer.Option(
            help="Threads; the figures do not depend on them.", show_default="cores"
        ),
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder of the table's files.")] = Path(
        "results"
    ),
    first_seed: Annotated[int, typer.Option(help="The first of the seeds.")] = 0,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing.")] = False,
) -> None:
    """Run a published table over seeds; finished seeds are kept."""
    from evolino.cli.worker_options import worker_count
    from evolino.reports.reproduce import reproduce as reproduce_table
    from evolino.vocabulary import check_count

    check_count("seeds", seeds)
    check_count("first_seed", first_seed, least=0, most=None)
    reproduce_table(
        table,
        seeds=range(first_seed, first_seed + seeds),
        workers=worker_count(workers),
        out=out,
        quiet=quiet,
    )
