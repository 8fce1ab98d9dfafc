"""`evolino report DIR...`: one self-contained page of runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evolino.cli.task_options import TRUST


def report(
    folders: Annotated[
        list[Path], typer.Argument(metavar="DIR...", help="Folders of runs.")
    ],
    out: Annotated[
        Path | None, typer.Option(help="The page.", show_default="DIR/report.html")
    ] = None,
    title: Annotated[
        str | None, typer.Option(help="Of the page.", show_default="tasks and runs")
    ] = None,
    trust: Annotated[bool, typer.Option("--trust", help=TRUST)] = False,
) -> None:
    """Write a page of runs: tables, pictures, sound, settings, in one file."""
    from evolino.reports.page import write_page
    from evolino.storage.files import user_path

    alone = len(folders) == 1
    place = user_path(folders[0]) / "report.html" if alone else Path("report.html")
    page = write_page(folders, place if out is None else out, title=title, trust=trust)
    typer.echo(f"page  {page}")
