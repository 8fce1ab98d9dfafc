"""The folder of `evolino run csv`: what was fitted, for the commands after it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import typer

from evolino.storage.files import user_path
from evolino.storage.plain_text import shown

RUNS = Path("results") / "runs"


def folder_for(out: Path | None, file: Path, seed: int, *, force: bool) -> Path:
    """Return the folder for an estimator: `out`, or a new one under results/runs.

    Raises ValueError for a folder that is not empty, without force, and one that cannot be
    made.
    """
    if out is None:
        stamp = time.strftime("%Y%m%d-%H%M%S")
        name, k = f"csv-{file.stem}-{seed}-{stamp}", 1
        place = RUNS / name
        while place.exists():
            k += 1
            place = RUNS / f"{name}-{k}"
        return place
    place = user_path(out, "out")
    if place.exists() and not place.is_dir():
        raise ValueError(f"--out {shown(out)} is a file: name a folder")
    if place.is_dir() and any(place.iterdir()) and not force:
        raise ValueError(f"{shown(out)} is not empty: choose another --out, or --force")
    return place


def write_estimator(folder: Path, estimator: Any, columns: dict[str, Any]) -> None:
    """Write what was fitted, and say where."""
    from evolino.estimators.saving import save_with_columns

    save_with_columns(folder, estimator, columns)
    typer.echo(f"fitted   {shown(folder)}")


def read_estimator(folder: Path, kinds: tuple[str, ...]) -> tuple[Any, dict[str, Any]]:
    """Return an estimator and the columns of its table.

    kinds: names of classes. Raises ValueError for an estimator of another class.
    """
    from evolino.estimators.loading_estimators import load_with_columns

    estimator, columns = load_with_columns(folder)
    kind = type(estimator).__name__
    if kind not in kinds:
        other = "predict" if kind != "EvolinoForecaster" else "forecast"
        raise ValueError(f"{shown(folder)} holds {kind}: use evolino {other}")
    return estimator, columns


def names_of(forecaster: Any, columns: dict[str, Any]) -> list[str]:
    """Return the names of the columns that a forecaster forecasts."""
    series = forecaster.model_.training
    plain = [f"y{k}" for k in range(series.each[0].shape[1])]
    return listed(columns, "target") or list(series.names or plain)


def listed(columns: dict[str, Any], name: str) -> list[str]:
    """Return the columns of a kind, none for an estimator that was saved in Python."""
    found = columns.get(name)
    return list(found) if isinstance(found, list) else []
