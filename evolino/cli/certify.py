"""`evolino certify DIR`: a proof that a network accepts every string of its language."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evolino.cli.task_options import TRUST

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evolino.certify.certificate import Certificate
    from evolino.phases import Phase

PARTS = ("start", "middle", "end")


def certify(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a run.")],
    json: Annotated[
        bool, typer.Option("--json", help="Print the certificate as JSON.")
    ] = False,
    least: Annotated[
        int, typer.Option(help="Exit with 1 unless every n up to this is accepted.")
    ] = 1_000_000,
    trust: Annotated[bool, typer.Option("--trust", help=TRUST)] = False,
) -> None:
    """Prove that a run's network accepts every string of a counted language.

    Exit status 0: proved, at least up to --least. 1: a string is not accepted, or the proof
    does not go so far; what is proven is printed. 2: nothing to certify.
    """
    from evolino.certify.certificate import certify as certify_model
    from evolino.certify.report import as_table, phase_names, sentences
    from evolino.model import load
    from evolino.phases import Counted
    from evolino.training.json_text import write_json
    from evolino.training.run_folder import RunFolder
    from evolino.vocabulary import check_count

    check_count("least", least)
    opened = RunFolder.open(folder, trust=trust)
    task = opened.experiment().task
    if not isinstance(task, Counted):
        raise ValueError(
            f"{task.name} has no counted strings: certificates are for languages such as "
            "a^n b^n c^n"
        )
    phases = task.phases()
    certificate = certify_model(load(opened.path), phases)
    names = phase_names(phases, getattr(task, "symbols", ()))
    if json:
        typer.echo(write_json(as_table(certificate, names), indent=2).decode(), nl=False)
    else:
        for line in sentences(certificate):
            typer.echo(line)
        if certificate.margins:
            _print_margins(certificate, phases, names)
    if certificate.verdict != "proved" or certificate.accepts_to < least:
        raise typer.Exit(1)


def _print_margins(
    certificate: Certificate, phases: Sequence[Phase], names: Sequence[str]
) -> None:
    """Print how far outputs are from a wrong decision, phase by phase."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from evolino.certify.report import rows_in_words

    console = Console(highlight=False)
    console.print(
        f"\nsmallest margins in strings of {certificate.base:,} and more, proven from "
        f"period {certificate.period}",
        markup=False,
    )
    table = Table(box=box.SIMPLE_HEAD)
    for column in ("", "phase", "rows", *PARTS):
        table.add_column(column, justify="left" if column == "phase" else "right")
    margins = {(each.phase, each.part): each.margin for each in certificate.margins}
    for k, (phase, name) in enumerate(zip(phases, names, strict=True)):
        found = [margins.get((k, part)) for part in PARTS]
        shown = ["" if margin is None else f"{margin:.3g}" for margin in found]
        table.add_row(str(k + 1), name, rows_in_words(phase), *shown)
    console.print(table)
