"""`evolino anomalies DIR`: scores of a series, by what `evolino run csv` fitted."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from evolino.cli.option_record import command_of


@dataclass(frozen=True, slots=True)
class AnomalyOptions:
    """The options; a field is as its help says."""

    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Folder of `evolino run csv`.")
    ]
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FILE]",
            help="CSV or Parquet, columns as in the fit. [default: the series of the fit]",
        ),
    ] = None
    threshold: Annotated[
        float, typer.Option(help="Score above which a step is an anomaly.")
    ] = 6.0
    csv: Annotated[Path | None, typer.Option(help="Write all scores here.")] = None
    png: Annotated[Path | None, typer.Option(help="Draw them: .png, .svg.")] = None


def _anomalies(options: AnomalyOptions) -> None:
    """Score each step of a series by its error one step ahead; print the anomalies."""
    from evolino.cli.csv_anomalies import write_anomalies
    from evolino.cli.csv_folder import listed, names_of, read_estimator
    from evolino.cli.csv_forecast import known_rows
    from evolino.cli.csv_table import Written, read_table

    forecaster, columns = read_estimator(options.folder, ("EvolinoForecaster",))
    targets = names_of(forecaster, columns)
    files = Written(options.csv, options.png)
    if options.file is None:
        found = forecaster.anomalies(threshold=options.threshold)
        write_anomalies(found, forecaster.model_.training.dates, targets, files)
        return
    if not listed(columns, "target"):
        raise ValueError("DIR was saved in Python, without the columns of a FILE")
    table = read_table(options.file, columns.get("time"))
    y, x = known_rows(table, targets, listed(columns, "inputs"))
    x = None if x is None else x.iloc[: len(y)]
    found = forecaster.anomalies(y, x, options.threshold)
    index = y.index if len(y) == len(found.scores) and columns.get("time") else None
    write_anomalies(found, index, targets, files)


anomalies = command_of(AnomalyOptions, _anomalies, name="anomalies")
