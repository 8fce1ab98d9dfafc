"""`evolino export DIR`: a run's network as source that needs no evolino."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from evolino.cli.option_record import command_of
from evolino.cli.task_options import TRUST
from evolino.storage.files import user_path

if TYPE_CHECKING:
    from evolino.export.c_text import CPrecision
    from evolino.export.write import Form
    from evolino.models.ensemble import Trained
    from evolino.models.model import Model

FORMS = ("c", "numpy", "onnx", "torch")


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """The options; a field is as its help says."""

    folder: Annotated[
        Path,
        typer.Argument(
            metavar="DIR",
            help="Folder of a run, a model.npz, or the folder of an estimator that has a "
            "target at every step.",
        ),
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
    from evolino.estimators.saving import FILE
    from evolino.export.write import write_export
    from evolino.models.loading import load

    given = user_path(options.folder)
    is_estimator = given.name == FILE or (given / FILE).is_file()
    model: Trained = (
        _network_of(options) if is_estimator else load(given, trust=options.trust)
    )
    out = options.out or (given if given.is_dir() else given.parent) / "export"
    for path in write_export(
        model,
        out,
        to=cast("Form", options.to),
        name=options.name,
        precision=cast("CPrecision", options.precision),
    ):
        typer.echo(f"written  {path}")


def _network_of(options: ExportOptions) -> Model:
    """Return the one network of a saved estimator; print what goes into it and comes out.

    Raises ValueError for an estimator that is not one network.
    """
    from evolino.estimators.loading_estimators import load_estimator

    estimator: Any = load_estimator(options.folder, trust=options.trust)
    name = type(estimator).__name__
    if not getattr(estimator, "per_step_", False):
        what = (
            f"the mean of {len(estimator.members_)} forecasts"
            if hasattr(estimator, "members_")
            else "many networks whose cells are pooled over time"
        )
        raise ValueError(
            f"{options.folder} holds {name}, {what}: only an estimator with a target at "
            "every step is one network that can be exported"
        )
    lags, inputs = estimator.lags_, estimator.n_features_in_
    typer.echo(
        f"{name}: a step is given {inputs} inputs"
        + (f", then those of 1 to {lags} steps before" if lags else "")
        + "; it gives "
        + ("an output for each class" if hasattr(estimator, "classes_") else "the numbers")
    )
    model: Model = estimator.model_
    return model


export = command_of(ExportOptions, _export, name="export")
