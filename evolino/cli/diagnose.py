"""`evolino diagnose DIR`: what limits the model of a run, in words and one picture."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evolino.cli.option_record import command_of
from evolino.cli.task_options import TRUST
from evolino.storage.files import user_path

if TYPE_CHECKING:
    from evolino.diagnosis.diagnose import Diagnosis


@dataclass(frozen=True, slots=True)
class DiagnoseOptions:
    """The options; a field is as its help says."""

    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Folder of a run, also of `run csv`.")
    ]
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FILE]",
            help="CSV or Parquet: the table of the fit, for labels; a longer one, for a "
            "forecaster. [default: the series of the fit]",
        ),
    ] = None
    png: Annotated[Path | None, typer.Option(help="Draw it: .png, .svg.")] = None
    trust: Annotated[bool, typer.Option("--trust", help=TRUST)] = False


def _diagnose(options: DiagnoseOptions) -> None:
    """Tell what limits a model: cells, free run, washout, readout, overfitting, peers."""
    place = user_path(options.folder)
    if (place / "config.toml").is_file():
        if options.file is not None:
            raise ValueError("FILE is for folders of `evolino run csv`: leave it out")
        found = _of_run(place, options.trust)
    else:
        found = _of_estimator(options)
    typer.echo(found.described())
    if options.png is not None:
        typer.echo(f"picture  {found.draw(options.png)}")


def _of_run(place: Path, trust: bool) -> Diagnosis:
    """Return the diagnosis of a run's network over its test series."""
    from evolino.diagnosis.diagnose import diagnose
    from evolino.models.loading import load
    from evolino.training.problem import split_of
    from evolino.training.run_folder import RunFolder

    experiment = RunFolder.open(place, trust=trust).experiment()
    split = split_of(experiment.task, experiment.seed)
    if not split.test or not split.train:
        raise ValueError(f"{place}: its task has no series to diagnose a network on")
    longest = max(split.test, key=lambda each: each.stop)
    series = longest.series
    rows = slice(0, longest.stop)
    inputs = None if series.inputs is None else series.input_rows()[rows]
    washout = min(split.train[0].start, longest.stop // 2)
    return diagnose(
        load(place, trust=trust), series.targets[rows], inputs=inputs, washout=washout
    )


def _of_estimator(options: DiagnoseOptions) -> Diagnosis:
    """Return the diagnosis of what `evolino run csv` fitted."""
    from evolino.cli.csv_folder import listed
    from evolino.cli.csv_forecast import known_rows
    from evolino.cli.csv_labels import read_groups
    from evolino.cli.csv_table import read_table
    from evolino.diagnosis.diagnose import diagnose
    from evolino.estimators.forecaster import EvolinoForecaster
    from evolino.estimators.loading_estimators import load_with_columns

    estimator, columns = load_with_columns(options.folder, trust=options.trust)
    forecasts = isinstance(estimator, EvolinoForecaster)
    if options.file is None:
        if not forecasts:
            raise ValueError("labels need FILE, the table of the fit: it is not in DIR")
        return diagnose(estimator)
    needed = "target" if forecasts else "group"
    if columns.get(needed) is None:
        raise ValueError("DIR was saved in Python, without the columns of a FILE")
    table = read_table(options.file, columns.get("time"))
    inputs = listed(columns, "inputs")
    if forecasts:
        y, x = known_rows(table, listed(columns, "target"), inputs)
        return diagnose(estimator, y, inputs=None if x is None else x.iloc[: len(y)])
    groups = read_groups(table, columns["label"], columns["group"], inputs)
    known = [n for n, each in enumerate(groups.labels) if each is not None]
    return diagnose(
        estimator, [groups.sequences[n] for n in known], [groups.labels[n] for n in known]
    )


diagnose = command_of(DiagnoseOptions, _diagnose, name="diagnose")
