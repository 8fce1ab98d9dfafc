"""`evolino run csv --target`: forecasts of columns of a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import typer

from evolino.cli.csv_folder import write_estimator
from evolino.cli.csv_table import Written, check_columns, check_numbers, write_text
from evolino.cli.csv_tracking import FitLog
from evolino.storage.plain_text import shown

if TYPE_CHECKING:
    from evolino.estimators.forecaster import EvolinoForecaster
    from evolino.vocabulary import Array

COVERAGES = (0.8, 0.95)
ORIGINS = 8
HELD_OUT = 0.2  # the share of the rows that a forecaster is evaluated on


@dataclass(frozen=True, slots=True)
class Forecasting:
    """What is to be forecast; the fields are options of the command."""

    targets: list[str]
    inputs: list[str]
    horizon: int
    season: int | None
    seed: int
    time: str | None = None
    threshold: float | None = None  # of anomalies; None: they are not scored
    parameters: Mapping[str, Any] = field(default_factory=dict)  # others of the forecaster

    def forecaster(self) -> EvolinoForecaster:
        """Return the forecaster, before its fit."""
        from evolino.estimators.forecaster import EvolinoForecaster

        return EvolinoForecaster(
            self.horizon, season=self.season, random_state=self.seed, **self.parameters
        )


def forecast(
    table: Any, settings: Forecasting, files: Written, folder: Path, log: FitLog
) -> None:
    """Print how good forecasts are on rows held out, then the forecast; write both, and
    what was fitted into a folder."""
    known, x = known_rows(table, settings.targets, settings.inputs)
    last = len(known)
    typer.echo(
        f"{last:,} steps to fit, {int(known.isna().to_numpy().sum())} values missing"
    )
    held = max(round(HELD_OUT * last), settings.horizon + ORIGINS)
    if last - held >= settings.horizon + 8:
        first = last - held
        trial = settings.forecaster().fit(known.iloc[:first], _rows(x, 0, first))
        found = trial.evaluate(known, first=first, origins=ORIGINS, X=_rows(x, 0, last))
        typer.echo(f"\nfitted to the first {first:,} steps, on those after them:")
        typer.echo(found.described())
        log.add("test", found.errors["evolino"].row())
    columns = {"target": settings.targets, "inputs": settings.inputs, "time": settings.time}
    forecaster = settings.forecaster()
    log.follow(forecaster, columns)
    forecaster.fit(known, _rows(x, 0, last))
    log.add("rolling_origins", forecaster.errors_)
    typer.echo(f"\nby {'; '.join(forecaster.members_[:3])}"
               f"{' and others' if len(forecaster.members_) > 3 else ''}")  # fmt: skip
    write_estimator(folder, forecaster, columns)
    if settings.threshold is not None:
        from evolino.cli.csv_anomalies import write_anomalies

        scores = forecaster.anomalies(threshold=settings.threshold)
        dates = forecaster.model_.training.dates
        write_anomalies(scores, dates, settings.targets, files)
        return
    if x is not None and len(table) < last + settings.horizon:
        typer.echo(
            f"\nno forecast: the inputs end {len(table) - last} steps after the target, "
            f"{settings.horizon} are needed"
        )
        return
    ahead = {"X": _rows(x, last, last + settings.horizon)}
    write_forecast(
        forecaster, settings.horizon, ahead, (settings.targets, settings.time), known, files
    )


def known_rows(table: Any, targets: list[str], inputs: list[str]) -> tuple[Any, Any]:
    """Return the rows of a table whose target is known, and the inputs of all rows, None
    without; print what becomes of rows at the end whose target is empty."""
    check_columns(table, [*targets, *inputs])
    check_numbers(table, [*targets, *inputs])
    y = table[targets[0]] if len(targets) == 1 else table[targets]
    missing = y.isna() if y.ndim == 1 else y.isna().all(axis=1)
    last = int(np.flatnonzero(~missing.to_numpy())[-1]) + 1 if not missing.all() else 0
    if later := len(table) - last:
        use = "give the inputs to come" if inputs else "are left out"
        typer.echo(
            f"{later:,} rows at the end without {', '.join(map(shown, targets))} {use}"
        )
    return y.iloc[:last], table[inputs] if inputs else None


def write_forecast(
    forecaster: EvolinoForecaster,
    steps: int,
    given: dict[str, Any],
    columns: tuple[list[str], str | None],
    known: Any,
    files: Written,
) -> None:
    """Print a forecast; write and draw it. given: y and X of `predict`. columns: targets,
    and that of the time. known: the rows that it goes on from."""
    targets, time = columns
    rows = _table_of(forecaster, steps, given, targets)
    if rows.index.name is None:
        rows.index.name = time or "date"
    typer.echo(rows.to_string(float_format="%.6g"))
    if files.csv is not None:
        write_text(files.csv, rows.to_csv())
    if files.png is not None:
        _draw(files.png, known, rows, targets)


def _table_of(
    forecaster: EvolinoForecaster, steps: int, given: dict[str, Any], targets: list[str]
) -> Any:
    """Return forecasts and bounds as a table, a column each."""
    import pandas as pd

    forecast = forecaster.predict(steps, **given)
    parts = {"": forecast}
    for share in COVERAGES:
        lower, upper = forecaster.predict_interval(share, steps, **given)
        parts |= {f" lower {share:.0%}": lower, f" upper {share:.0%}": upper}
    index = getattr(forecast, "index", None)
    if index is None or callable(index):
        index = pd.RangeIndex(1, steps + 1, name="step")
    columns = {}
    for k, name in enumerate(targets):
        for suffix, rows in parts.items():
            array = np.asarray(rows).reshape(steps, -1)
            columns[f"{name}{suffix}"] = array[:, k]
    return pd.DataFrame(columns, index=index)


def _draw(png: Path, known: Any, rows: Any, targets: list[str]) -> None:
    from evolino.plots.canvas import save
    from evolino.plots.forecasts import forecast_figure

    name = targets[0]
    series = np.asarray(known, dtype=np.float64).reshape(len(known), -1)[:, 0]
    bounds: dict[float, tuple[Array, Array]] = {
        share: (
            rows[f"{name} lower {share:.0%}"].to_numpy(),
            rows[f"{name} upper {share:.0%}"].to_numpy(),
        )
        for share in COVERAGES
    }
    save(forecast_figure(series, rows[name].to_numpy(), bounds, name), png)
    typer.echo(f"{shown(png)} shows {shown(name)}")


def _rows(table: Any, first: int, stop: int) -> Any:
    return None if table is None else table.iloc[first:stop]
