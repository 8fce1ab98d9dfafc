"""`evolino run csv FILE`: forecast a column of a table, or classify its groups of rows."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any

import typer

from evolino.cli.estimator_options import (
    Cells,
    EstimatorOptions,
    Evaluations,
    InitialiserName,
    Networks,
    ReadoutName,
    Refine,
    RefineSteps,
    Search,
    Seconds,
)
from evolino.cli.option_record import command_of
from evolino.cli.worker_options import Workers


@dataclass(frozen=True, slots=True)
class CsvOptions:
    """The options; a field is as its help says."""

    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV or Parquet.")]
    target: Annotated[
        str | None, typer.Option(help="Columns to forecast, between commas.")
    ] = None
    inputs: Annotated[
        str | None,
        typer.Option(
            help="Columns between commas that drive it: with --target known in the future "
            "too, in rows where the target is empty; with --label all others by default."
        ),
    ] = None
    time: Annotated[
        str | None, typer.Option(help="Column of dates or times, in order.")
    ] = None
    horizon: Annotated[
        int | None,
        typer.Option(help="Steps to forecast.", show_default="12; 1 with --anomalies"),
    ] = None
    anomalies: Annotated[
        bool,
        typer.Option(
            "--anomalies", help="Score the steps of --target, in place of a forecast."
        ),
    ] = False
    threshold: Annotated[
        float | None,
        typer.Option(help="Score above which a step is an anomaly.", show_default="6"),
    ] = None
    season: Annotated[
        int | None, typer.Option(help="Steps after which the series comes again.")
    ] = None
    label: Annotated[
        str | None, typer.Option(help="Column of the label, or number, of each group.")
    ] = None
    group: Annotated[
        str | None, typer.Option(help="Column that tells which rows are one sequence.")
    ] = None
    networks: Networks = None
    cells: Cells = None
    readout: ReadoutName = None
    evaluations: Evaluations = None
    seconds: Seconds = None
    search: Search = None
    initialiser: InitialiserName = None
    refine: Refine = None
    refine_steps: RefineSteps = None
    workers: Workers = None
    track: Annotated[
        str | None,
        typer.Option(help="Log to tensorboard (OUT/tensorboard) or mlflow as well."),
    ] = None
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for what was fitted.",
            show_default="results/runs/csv-NAME-SEED-TIME",
        ),
    ] = None
    force: Annotated[
        bool, typer.Option("--force", help="Write over an estimator in --out.")
    ] = False
    seed: Annotated[int, typer.Option(help="Of all randomness.")] = 0
    csv: Annotated[Path | None, typer.Option(help="Write forecasts or labels here.")] = None
    png: Annotated[Path | None, typer.Option(help="Draw the forecast: .png, .svg.")] = None

    def __post_init__(self) -> None:
        """Check that either a forecast or labels are asked for."""
        if (self.target is None) == (self.label is None):
            raise ValueError(
                "give --target to forecast, or --label and --group to classify"
            )
        if (self.label is None) != (self.group is None):
            raise ValueError(
                "--label needs --group, which tells what rows are one sequence"
            )
        if self.anomalies and self.target is None:
            raise ValueError("--anomalies are those of --target")
        if self.threshold is not None and not self.anomalies:
            raise ValueError("--threshold is that of --anomalies")
        if self.threshold is not None:
            from evolino.vocabulary import check_number

            check_number("threshold", self.threshold, above=0)
        for name in ("horizon", "season", "png", "initialiser", "refine"):
            if self.label is not None and getattr(self, name) is not None:
                raise ValueError(f"--{name} is of forecasts: leave it out with --label")
        if self.networks == 0:
            for name in ("evaluations", "seconds"):
                if getattr(self, name):
                    raise ValueError(
                        f"--networks 0 leaves networks out, and --{name} lets networks "
                        "evolve: leave one of them out"
                    )
        if self.target is not None and self.readout is not None:
            raise ValueError("--readout is of labels: leave it out with --target")

    def parameters(self) -> dict[str, Any]:
        """Return the parameters of the estimator that were given."""
        names = [each.name for each in fields(EstimatorOptions)]
        given = EstimatorOptions(**{name: getattr(self, name) for name in names})
        return given.parameters()


def _run_csv(options: CsvOptions) -> None:
    """Forecast columns of a table, or tell labels of groups of its rows.

    Prints what was read, then how good it is on rows or groups that were held out, beside
    simple methods, then the forecast.
    """
    from evolino.cli.csv_folder import folder_for
    from evolino.cli.csv_forecast import Forecasting, forecast
    from evolino.cli.csv_labels import Labelling, classify
    from evolino.cli.csv_table import Written, read_table
    from evolino.cli.csv_tracking import logged
    from evolino.training.tracking import require

    parameters = options.parameters()
    if options.track is not None:
        require(options.track)
    place = folder_for(options.out, options.file, options.seed, force=options.force)
    table, inputs = read_table(options.file, options.time), _listed(options.inputs)
    if options.label is not None and options.group is not None:
        settings = Labelling(
            options.label, options.group, inputs, options.time, options.seed, parameters
        )
        with logged(options.track, place) as log:
            classify(table, settings, options.csv, place, log)
        return
    usual = 1 if options.anomalies else 12
    horizon = usual if options.horizon is None else options.horizon
    limit = 6.0 if options.threshold is None else options.threshold
    wanted = Forecasting(
        _listed(options.target), inputs, horizon, options.season, options.seed,
        options.time, limit if options.anomalies else None, parameters,
    )  # fmt: skip
    with logged(options.track, place) as log:
        forecast(table, wanted, Written(options.csv, options.png), place, log)


def _listed(columns: str | None) -> list[str]:
    return [] if columns is None else [each.strip() for each in columns.split(",")]


run_csv = command_of(CsvOptions, _run_csv, name="run_csv")
