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
            help="Of all: full, or fast: three seeds of every row, of 2 CPU seconds at "
            "most (dearer rows get fewer evaluations), into the folder fast.",
            show_default="full",
        ),
    ] = None,
    baselines_only: Annotated[
        bool,
        typer.Option(
            "--baselines-only",
            help="Run no seed: add the baselines that the record lacks.",
        ),
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing.")] = False,
) -> None:
    """Run a published table over seeds; finished seeds are kept."""
    from evolino.cli.worker_options import worker_count
    from evolino.reports.reproduce import reproduce as reproduce_table

    if table == ALL:
        if seeds is not None or first_seed or baselines_only:
            raise ValueError(
                "all takes --budget, not --seeds, --first-seed and --baselines-only"
            )
        _all(budget or "full", worker_count(workers), out, quiet=quiet)
        return
    if budget is not None:
        raise ValueError(f"--budget is of `evolino reproduce all`, got {table}")
    if baselines_only and (seeds is not None or first_seed):
        raise ValueError("--baselines-only runs no seed: leave out --seeds, --first-seed")
    reproduce_table(
        table,
        seeds=_seeds(table, seeds, first_seed),
        workers=worker_count(workers),
        out=out,
        quiet=quiet,
        baselines_only=baselines_only,
    )


def _seeds(table: str, count: int | None, first: int) -> range:
    """Return the seeds of a table; count: None is as many as it is to have."""
    from evolino.training.tables import load_table
    from evolino.vocabulary import check_count

    count = load_table(table).seeds if count is None else count
    check_count("seeds", count)
    check_count("first_seed", first, least=0, most=None)
    return range(first, first + count)


def _all(budget: str, workers: int, out: Path, *, quiet: bool) -> None:
    """Run all tables within a budget."""
    from evolino.reports.reproduce_all import reproduce_all

    reproduce_all(budget, workers=workers, out=out, say=typer.echo, quiet=quiet)
