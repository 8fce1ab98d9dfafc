"""`evolino run csv FILE`: forecast a column of a table, or classify its groups of rows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from evolino.storage.plain_text import shown

if TYPE_CHECKING:
    from evolino.estimators.forecaster import EvolinoForecaster
    from evolino.vocabulary import Array

COVERAGES = (0.8, 0.95)
ORIGINS, FOLDS = 8, 5
HELD_OUT = 0.2  # the share of the rows that a forecaster is evaluated on

Columns = Annotated[str | None, typer.Option(help="Columns between commas.")]


def run_csv(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV or Parquet.")],
    target: Annotated[
        str | None, typer.Option(help="Columns to forecast, between commas.")
    ] = None,
    inputs: Annotated[
        str | None,
        typer.Option(
            help="Columns between commas that drive it: with --target known in the future "
            "too, in rows where the target is empty; with --label all others by default."
        ),
    ] = None,
    time: Annotated[
        str | None, typer.Option(help="Column of dates or times, in order.")
    ] = None,
    horizon: Annotated[int, typer.Option(help="Steps to forecast.")] = 12,
    season: Annotated[
        int | None, typer.Option(help="Steps after which the series comes again.")
    ] = None,
    label: Annotated[
        str | None, typer.Option(help="Column of the label, or number, of each group.")
    ] = None,
    group: Annotated[
        str | None, typer.Option(help="Column that tells which rows are one sequence.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of all randomness.")] = 0,
    csv: Annotated[
        Path | None, typer.Option(help="Write forecasts or labels here.")
    ] = None,
    png: Annotated[Path | None, typer.Option(help="Draw the forecast: .png, .svg.")] = None,
) -> None:
    """Forecast columns of a table, or tell labels of groups of its rows.

    Prints what was read, then how good it is on rows or groups that were held out, beside
    simple methods, then the forecast.
    """
    if (target is None) == (label is None):
        raise ValueError("give --target to forecast, or --label and --group to classify")
    if (label is None) != (group is None):
        raise ValueError("--label needs --group, which tells what rows are one sequence")
    table = _read(file, time)
    if label is not None:
        assert group is not None
        if png is not None:
            raise ValueError("--png draws forecasts: leave it out with --label")
        _classify(table, label, group, _listed(inputs), seed, csv)
        return
    assert target is not None
    _forecast(
        table, _Asked(_listed(target), _listed(inputs), horizon, season, seed), csv, png
    )


class _Asked:
    """What a forecast is asked to be. Its fields are the options of the command."""

    def __init__(
        self,
        targets: list[str],
        inputs: list[str],
        horizon: int,
        season: int | None,
        seed: int,
    ) -> None:
        self.targets, self.inputs = targets, inputs
        self.horizon, self.season, self.seed = horizon, season, seed

    def forecaster(self) -> EvolinoForecaster:
        """Return the forecaster, before its fit."""
        from evolino.estimators.forecaster import EvolinoForecaster

        return EvolinoForecaster(self.horizon, season=self.season, random_state=self.seed)


def _read(file: Path, time: str | None) -> Any:
    """Return the table of a file, its dates as index; print what was read."""
    import pandas as pd

    if not file.is_file():
        raise ValueError(f"there is no file {shown(file)}")
    try:
        if file.suffix.lower() in (".parquet", ".pq"):
            table = pd.read_parquet(file)
        else:
            table = pd.read_csv(file, sep=None, engine="python", encoding="utf-8-sig")
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise ValueError(f"{shown(file)} is no table: {shown(error)}") from None
    table.columns = table.columns.astype(str)
    columns = ", ".join(map(shown, table.columns))
    typer.echo(
        f"{shown(file)}: {len(table):,} rows, {len(table.columns)} columns: {columns}"
    )
    if time is not None:
        _check_columns(table, [time])
        try:
            dates = pd.to_datetime(table[time])
        except (ValueError, TypeError) as error:
            raise ValueError(f"column {time!r} holds no dates: {shown(error)}") from None
        table = table.drop(columns=time).set_index(pd.DatetimeIndex(dates))
        between = pd.Series(table.index).diff().dropna()
        if len(between):
            usual = between.mode().iloc[0]
            gaps = int((between > 1.5 * usual).sum())
            typer.echo(
                f"{table.index[0]} to {table.index[-1]}, mostly {usual}, {gaps} gaps"
            )
    return table


def _forecast(table: Any, asked: _Asked, csv: Path | None, png: Path | None) -> None:
    _check_columns(table, [*asked.targets, *asked.inputs])
    _check_numbers(table, [*asked.targets, *asked.inputs])
    y = table[asked.targets[0]] if len(asked.targets) == 1 else table[asked.targets]
    missing = y.isna() if y.ndim == 1 else y.isna().all(axis=1)
    last = int(np.flatnonzero(~missing.to_numpy())[-1]) + 1 if not missing.all() else 0
    x = table[asked.inputs] if asked.inputs else None
    known = y.iloc[:last]
    typer.echo(
        f"{last:,} steps to fit, {int(known.isna().to_numpy().sum())} values missing"
    )
    held = max(round(HELD_OUT * last), asked.horizon + ORIGINS)
    if last - held >= asked.horizon + 8:
        first = last - held
        trial = asked.forecaster().fit(known.iloc[:first], _rows(x, 0, first))
        found = trial.evaluate(known, first=first, origins=ORIGINS, X=_rows(x, 0, last))
        typer.echo(f"\nfitted to the first {first:,} steps, on those after them:")
        typer.echo(found.described())
    if x is not None and len(table) < last + asked.horizon:
        typer.echo(
            f"\nno forecast: the inputs end {len(table) - last} steps after the target, "
            f"{asked.horizon} are needed"
        )
        return
    forecaster = asked.forecaster().fit(known, _rows(x, 0, last))
    ahead = _rows(x, last, last + asked.horizon)
    found_rows = _table_of(forecaster, ahead, asked)
    typer.echo(f"\nby {'; '.join(forecaster.members_[:3])}"
               f"{' and others' if len(forecaster.members_) > 3 else ''}")  # fmt: skip
    typer.echo(found_rows.to_string(float_format="%.6g"))
    if csv is not None:
        _write(csv, found_rows.to_csv())
    if png is not None:
        _draw(png, known, found_rows, asked.targets)


def _table_of(forecaster: EvolinoForecaster, ahead: Any, asked: _Asked) -> Any:
    """Return forecasts and bounds as a table, a column each."""
    import pandas as pd

    forecast = forecaster.predict(X=ahead)
    parts = {"": forecast}
    for share in COVERAGES:
        lower, upper = forecaster.predict_interval(share, X=ahead)
        parts |= {f" lower {share:.0%}": lower, f" upper {share:.0%}": upper}
    index = getattr(forecast, "index", None)
    if index is None or callable(index):
        index = pd.RangeIndex(1, asked.horizon + 1, name="step")
    columns = {}
    for k, name in enumerate(asked.targets):
        for suffix, rows in parts.items():
            array = np.asarray(rows).reshape(asked.horizon, -1)
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


def _classify(
    table: Any, label: str, group: str, inputs: list[str], seed: int, csv: Path | None
) -> None:
    """Print how well labels of held-out groups are told; write those of groups without."""
    import pandas as pd

    _check_columns(table, [label, group, *inputs])
    chosen = inputs or [c for c in table.columns if c not in (label, group)]
    _check_numbers(table, chosen)
    if not chosen:
        raise ValueError("--inputs leaves no column that tells the label")
    names, sequences, labels = [], [], []
    for name, rows in table.groupby(group, sort=False):
        kinds = rows[label].dropna().unique()
        if len(kinds) > 1:
            raise ValueError(
                f"group {shown(name)} has several labels, {shown(kinds[0])} and "
                f"{shown(kinds[1])}: a group of rows has one"
            )
        names.append(name)
        sequences.append(rows[chosen].reset_index(drop=True))
        labels.append(kinds[0] if len(kinds) else None)
    known = [n for n, each in enumerate(labels) if each is not None]
    lengths = [len(x) for x in sequences]
    typer.echo(
        f"{len(names):,} groups of {min(lengths)} to {max(lengths)} rows, "
        f"{len(names) - len(known)} without a label; inputs: "
        f"{', '.join(map(shown, chosen))}"
    )
    target = np.asarray([labels[n] for n in known])
    X = [sequences[n] for n in known]
    estimator, numbers = _estimator(target, seed)
    _print_score(estimator, X, target, numbers=numbers)
    unlabelled = [n for n, each in enumerate(labels) if each is None]
    if not unlabelled:
        return
    found = estimator.fit(X, target).predict([sequences[n] for n in unlabelled])
    rows = pd.DataFrame({group: [names[n] for n in unlabelled], label: found})
    typer.echo(rows.to_string(index=False))
    if csv is not None:
        _write(csv, rows.to_csv(index=False))


def _estimator(target: Any, seed: int) -> tuple[Any, bool]:
    """Return the estimator for targets, and whether they are numbers, not classes."""
    from evolino.estimators.classifier import EvolinoClassifier
    from evolino.estimators.regressor import EvolinoRegressor

    numbers = target.dtype.kind == "f" and bool((target != np.round(target)).any())
    kind = EvolinoRegressor if numbers else EvolinoClassifier
    return kind(targets="sequence", random_state=seed), numbers


def _print_score(estimator: Any, X: Any, target: Any, *, numbers: bool) -> None:
    from sklearn.model_selection import KFold, StratifiedKFold, cross_val_predict

    if numbers:
        folds: Any = KFold(min(FOLDS, len(X)), shuffle=True, random_state=0)
    else:
        counts = np.unique(target, return_counts=True)[1]
        if counts.min() < 2:
            typer.echo("a label occurs once: nothing is held out")
            return
        folds = StratifiedKFold(min(FOLDS, counts.min()), shuffle=True, random_state=0)
    found = cross_val_predict(estimator, X, target, cv=folds)
    if numbers:
        error = np.sqrt(np.square(found - target).mean())
        typer.echo(f"held out: root mean squared error {error:.4g}, by the mean "
                   f"{target.std():.4g}")  # fmt: skip
        return
    usual = counts.max() / counts.sum()
    typer.echo(f"held out: {(found == target).mean():.1%} right, by the usual label "
               f"{usual:.1%}")  # fmt: skip


def _check_columns(table: Any, names: list[str]) -> None:
    from evolino.vocabulary import unknown_name

    for name in names:
        if name not in table.columns:
            raise unknown_name("column", name, list(table.columns))


def _check_numbers(table: Any, names: list[str]) -> None:
    from pandas.api.types import is_numeric_dtype

    for name in names:
        if not is_numeric_dtype(table[name].dtype):
            example = shown(table[name].dropna().iloc[0])
            raise ValueError(
                f"column {name!r} must be numbers, got {example!r}: leave it out with "
                "--inputs, or name it with --time if it holds dates"
            )


def _rows(table: Any, first: int, stop: int) -> Any:
    return None if table is None else table.iloc[first:stop]


def _listed(columns: str | None) -> list[str]:
    return [] if columns is None else [each.strip() for each in columns.split(",")]


def _write(path: Path, text: str) -> None:
    from evolino.storage.files import replace_file, user_path

    replace_file(user_path(path), text.encode())
    typer.echo(f"written to {shown(path)}")
