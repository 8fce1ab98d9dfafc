"""`evolino reproduce TABLE`: a published table, or all of them, over seeds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ALL = "all"


def reproduce(
    table: Annotated[
        str, typer.Argument(metavar="TABLE", help="Such as mso-paper; all: every table.")
    ],
    seeds: Annotated[
        int | None,
        typer.Option(help="How many seeds.", show_default="as the table is to have"),
    ] = None,
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
    budget: Annotated[
        str | None,
        typer.Option(
            help="Of all: full, or fast: three seeds of rows that take at most 20 s a "
            "seed, into the folder fast.",
            show_default="full",
        ),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing.")] = False,
) -> None:
    """Run a published table over seeds; finished seeds are kept."""
    from evolino.cli.worker_options import worker_count
    from evolino.reports.reproduce import reproduce as reproduce_table
    from evolino.training.tables import load_table
    from evolino.vocabulary import check_count

    if table == ALL:
        if seeds is not None or first_seed:
            raise ValueError("all takes --budget, not --seeds and --first-seed")
        from evolino.reports.reproduce_all import reproduce_all

        reproduce_all(
            budget or "full",
            workers=worker_count(workers),
            out=out,
            say=typer.echo,
            quiet=quiet,
        )
        return
    if budget is not None:
        raise ValueError(f"--budget is of `evolino reproduce all`, got {table}")
    seeds = load_table(table).seeds if seeds is None else seeds
    check_count("seeds", seeds)
    check_count("first_seed", first_seed, least=0, most=None)
    reproduce_table(
        table,
        seeds=range(first_seed, first_seed + seeds),
        workers=worker_count(workers),
        out=out,
        quiet=quiet,
    )
