"""`evolino certify DIR..`: proofs that networks accept every string of their language."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evolino.cli.task_options import TRUST
from evolino.storage.plain_text import console as terminal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evolino.certificates.certificate import Certificate
    from evolino.models.model import Model
    from evolino.task.counted import Phase

PARTS = ("start", "middle", "end")


def certify(
    folders: Annotated[
        list[Path],
        typer.Argument(
            metavar="DIR..", help="Folder of a run; of several, a line is printed for each."
        ),
    ],
    json: Annotated[
        bool,
        typer.Option("--json", help="Print certificates as JSON, several a line each."),
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
    from evolino.storage.json_text import write_json
    from evolino.vocabulary import check_count

    check_count("least", least, most=None)
    subjects = [_read(folder, trust=trust) for folder in folders]
    proved = 0
    for subject in subjects:
        certificate = subject.certified()
        proved += certificate.verdict == "proved" and certificate.accepts_to >= least
        if json:
            table = subject.table(certificate, several=len(folders) > 1)
            indent = None if len(folders) > 1 else 2
            typer.echo(write_json(table, indent=indent).decode(), nl=False)
        elif len(folders) > 1:
            _print_line(subject, certificate)
        else:
            _print_page(subject, certificate)
    if len(folders) > 1 and not json:
        typer.echo(f"{proved} of {len(folders)} proved to {least:,} or beyond")
    if proved < len(folders):
        raise typer.Exit(1)


@dataclass(frozen=True, slots=True)
class _Subject:
    """The network of a run, its language's phases and their names."""

    folder: Path
    model: Model
    phases: Sequence[Phase]
    names: list[str]

    def certified(self) -> Certificate:
        """Return the certificate."""
        from evolino.certificates.certificate import certify as certify_model

        return certify_model(self.model, self.phases)

    def table(self, certificate: Certificate, *, several: bool) -> dict[str, Any]:
        """Return the certificate as plain values; one of several with its run."""
        from evolino.certificates.wording import as_table

        table = as_table(certificate, self.names)
        return {"run": str(self.folder), **table} if several else table


def _read(folder: Path, *, trust: bool) -> _Subject:
    """Return what a folder holds. Raises ValueError if it cannot be certified."""
    from evolino.certificates.certificate import check
    from evolino.certificates.wording import phase_names
    from evolino.models.loading import load_network
    from evolino.task.counted import Counted
    from evolino.task.protocol import name_of
    from evolino.training.run_folder import RunFolder

    opened = RunFolder.open(folder, trust=trust)
    task = opened.experiment().task
    if not isinstance(task, Counted):
        raise ValueError(
            f"{name_of(task)} has no counted strings: certificates are for languages such "
            "as a^n b^n c^n"
        )
    phases, model = task.phases(), load_network(opened.path)
    check(model, phases)
    return _Subject(
        folder, model, phases, phase_names(phases, getattr(task, "symbols", ()))
    )


def _print_line(subject: _Subject, certificate: Certificate) -> None:
    from evolino.certificates.wording import sentences

    typer.echo(f"{subject.folder}: {sentences(certificate)[0]}")


def _print_page(subject: _Subject, certificate: Certificate) -> None:
    from evolino.certificates.wording import sentences

    for line in sentences(certificate):
        typer.echo(line)
    if certificate.margins:
        _print_margins(certificate, subject.phases, subject.names)


def _print_margins(
    certificate: Certificate, phases: Sequence[Phase], names: Sequence[str]
) -> None:
    """Print how far outputs are from a wrong decision, phase by phase."""
    from rich import box
    from rich.table import Table

    from evolino.certificates.wording import rows_in_words

    console = terminal()
    console.print(
        f"\nsmallest margins in strings of {certificate.base:,} and more, proven from "
        f"period {certificate.period}",
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
