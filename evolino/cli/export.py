"""`evolino export DIR`: a run's network as source that needs no evolino."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from evolino.cli.option_record import command_of
from evolino.cli.task_options import TRUST
from evolino.storage.files import user_path

if TYPE_CHECKING:
    from evolino.export.c_text import CPrecision
    from evolino.export.write import Form

FORMS = ("c", "numpy", "onnx", "torch")


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """The options; a field is as its help says."""

    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Folder of a run, or a model.npz.")
    ]
    to: Annotated[str, typer.Option(help=f"One of {', '.join(FORMS)}.")]
    out: Annotated[
        Path | None, typer.Option(help="Folder to write into.", show_default="DIR/export")
    ] = None
    name: Annotated[
        str, typer.Option(help="Of the files, and before all names that they define.")
    ] = "network"
    precision: Annotated[str, typer.Option(help="double, or float but for NumPy.")] = (
        "double"
    )
    trust: Annotated[bool, typer.Option("--trust", help=TRUST)] = False

    def __post_init__(self) -> None:
        """Check the choices."""
        if self.to not in FORMS:
            raise ValueError(f"--to must be one of {', '.join(FORMS)}, got {self.to!r}")
        if self.precision not in ("double", "float"):
            raise ValueError(f"--precision must be double or float, got {self.precision!r}")


def _export(options: ExportOptions) -> None:
    """Write a run's network as source that needs no evolino."""
    from evolino.export.write import write_export
    from evolino.models.loading import load

    given = user_path(options.folder)
    model = load(given, trust=options.trust)
    out = options.out or (given if given.is_dir() else given.parent) / "export"
    for path in write_export(
        model,
        out,
        to=cast("Form", options.to),
        name=options.name,
        precision=cast("CPrecision", options.precision),
    ):
        typer.echo(f"written  {path}")


export = command_of(ExportOptions, _export, name="export")
