"""`evolino forecast DIR`: forecasts of an estimator that `evolino run csv` wrote."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from evolino.cli.option_record import command_of


@dataclass(frozen=True, slots=True)
class ForecastOptions:
    """The options; a field is as its help says."""

    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Folder of `evolino run csv`.")
    ]
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FILE]",
            help="CSV or Parquet to go on from, its columns as in the fit; rows whose "
            "target is empty have the inputs of the future. [default: go on from the fit]",
        ),
    ] = None
    steps: Annotated[
        int | None, typer.Option(help="Steps.", show_default="horizon of the fit")
    ] = None
    csv: Annotated[Path | None, typer.Option(help="Write the forecast here.")] = None
    png: Annotated[Path | None, typer.Option(help="Draw it: .png, .svg.")] = None


def _forecast(options: ForecastOptions) -> None:
    """Forecast with what `evolino run csv` fitted, intervals beside."""
    from evolino.cli.csv_folder import names_of, read_estimator
    from evolino.cli.csv_forecast import write_forecast
    from evolino.cli.csv_table import Written
    from evolino.vocabulary import check_count

    forecaster, columns = read_estimator(options.folder, ("EvolinoForecaster",))
    steps = forecaster.horizon if options.steps is None else options.steps
    check_count("steps", steps)
    files = Written(options.csv, options.png)
    given, known = _given(options, forecaster, columns, steps)
    targets = names_of(forecaster, columns)
    time = columns.get("time")
    write_forecast(forecaster, steps, given, (targets, time), known, files)


def _given(
    options: ForecastOptions, forecaster: Any, columns: dict[str, Any], steps: int
) -> tuple[dict[str, Any], Any]:
    """Return y and X of `predict`, and the rows that are gone on from."""
    from evolino.cli.csv_folder import listed
    from evolino.cli.csv_forecast import known_rows
    from evolino.cli.csv_table import read_table

    if options.file is None:
        if forecaster.n_features_in_:
            names = ", ".join(listed(columns, "inputs")) or "its inputs"
            raise ValueError(
                f"the forecast needs FILE, whose last {steps} rows have {names}, known in "
                "the future, and an empty target"
            )
        series = forecaster.model_.training
        if not series.single:
            raise ValueError("DIR holds a forecaster of several series: use it in Python")
        return {}, series.each[0]
    if not listed(columns, "target"):
        raise ValueError("DIR was saved in Python, without the columns of a FILE")
    table = read_table(options.file, columns.get("time"))
    inputs = listed(columns, "inputs")
    y, x = known_rows(table, listed(columns, "target"), inputs)
    if x is None:
        return {"y": y}, y
    if len(x) < len(y) + steps:
        raise ValueError(
            f"the inputs must go on for {steps} rows after the last target, got "
            f"{len(x) - len(y)}"
        )
    return {"y": y, "X": x.iloc[: len(y) + steps]}, y


forecast = command_of(ForecastOptions, _forecast, name="forecast")
