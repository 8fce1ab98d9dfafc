"""`evolino run csv --label`: labels, or numbers, of groups of rows of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import typer

from evolino.cli.csv_folder import write_estimator
from evolino.cli.csv_table import check_columns, check_numbers, check_order, write_text
from evolino.cli.csv_tracking import FitLog
from evolino.storage.plain_text import shown

FOLDS = 5


@dataclass(frozen=True, slots=True)
class Labelling:
    """Which labels are to be predicted; the fields are options of the command."""

    label: str
    group: str
    inputs: list[str]
    time: str | None
    seed: int
    parameters: Mapping[str, Any] = field(default_factory=dict)  # others of the estimator


@dataclass(frozen=True, slots=True)
class Groups:
    """Groups of rows. names: of groups. sequences: their rows of inputs. labels: None where
    there is none. inputs: columns."""

    names: list[Any]
    sequences: list[Any]
    labels: list[Any]
    inputs: list[str]


def classify(
    table: Any, settings: Labelling, csv: Path | None, folder: Path, log: FitLog
) -> None:
    """Print how well labels of held-out groups are predicted; write the labels of groups
    without one, and the fitted estimator into a folder."""
    label, group = settings.label, settings.group
    groups = read_groups(table, label, group, settings.inputs)
    labels, sequences = groups.labels, groups.sequences
    known = [n for n, each in enumerate(labels) if each is not None]
    lengths = [len(x) for x in sequences]
    typer.echo(
        f"{len(labels):,} groups of {min(lengths)} to {max(lengths)} rows, "
        f"{len(labels) - len(known)} without a label; inputs: "
        f"{', '.join(map(shown, groups.inputs))}"
    )
    target = np.asarray([labels[n] for n in known])
    X = [sequences[n] for n in known]
    estimator, numbers = _estimator(target, settings)
    log.add("test", _score(estimator, X, target, numbers=numbers))
    columns = {
        "label": label, "group": group, "inputs": groups.inputs, "time": settings.time,
    }  # fmt: skip
    log.follow(estimator, columns)
    write_estimator(folder, estimator.fit(X, target), columns)
    import pandas as pd

    unlabelled = [n for n, each in enumerate(labels) if each is None]
    if not unlabelled:
        if csv is not None:
            typer.echo(f"every group has a label: nothing is written to {shown(csv)}")
        return
    found = estimator.predict([sequences[n] for n in unlabelled])
    rows = pd.DataFrame({group: [groups.names[n] for n in unlabelled], label: found})
    typer.echo(rows.to_string(index=False))
    if csv is not None:
        write_text(csv, rows.to_csv(index=False))


def read_groups(table: Any, label: str | None, group: str, inputs: Sequence[str]) -> Groups:
    """Return the groups of rows of a table. label: a column, None without labels. inputs:
    columns, none for all others. Raises ValueError, naming the group or column."""
    columns = [group] if label is None else [label, group]
    check_columns(table, [*columns, *inputs])
    chosen = list(inputs) or [c for c in table.columns if c not in columns]
    check_numbers(table, chosen)
    if not chosen:
        raise ValueError("--inputs leaves no column that tells the label")
    nameless = np.flatnonzero(table[group].isna().to_numpy())
    if len(nameless):
        raise ValueError(
            f"column {shown(group)} is empty in {len(nameless)} rows, first in row "
            f"{nameless[0] + 1}: it must tell of every row whose it is"
        )
    names, sequences, labels = [], [], []
    for name, rows in table.groupby(group, sort=False):
        check_order(rows.index, f"group {shown(name)}")
        kinds = [] if label is None else rows[label].dropna().unique()
        if len(kinds) > 1:
            raise ValueError(
                f"group {shown(name)} has several labels, {shown(kinds[0])} and "
                f"{shown(kinds[1])}: a group of rows has one"
            )
        names.append(name)
        sequences.append(rows[chosen].reset_index(drop=True))
        labels.append(kinds[0] if len(kinds) else None)
    if not names:
        raise ValueError(f"column {shown(group)} names no group of rows")
    return Groups(names, sequences, labels, chosen)


def _estimator(target: Any, settings: Labelling) -> tuple[Any, bool]:
    """Return the estimator for targets, and whether they are numbers, not classes."""
    from evolino.estimators.classifier import EvolinoClassifier
    from evolino.estimators.regressor import EvolinoRegressor

    numbers = target.dtype.kind == "f" and bool((target != np.round(target)).any())
    kind = EvolinoRegressor if numbers else EvolinoClassifier
    estimator = kind(targets="sequence", random_state=settings.seed, **settings.parameters)
    return estimator, numbers


def _score(estimator: Any, X: Any, target: Any, *, numbers: bool) -> dict[str, float]:
    """Return how well those held out in turn are predicted, after it is printed."""
    from sklearn.model_selection import KFold, StratifiedKFold, cross_val_predict

    if numbers:
        folds: Any = KFold(min(FOLDS, len(X)), shuffle=True, random_state=0)
    else:
        counts = np.unique(target, return_counts=True)[1]
        if counts.min() < 2:
            typer.echo("a label occurs once: nothing is held out")
            return {}
        folds = StratifiedKFold(min(FOLDS, counts.min()), shuffle=True, random_state=0)
    found = cross_val_predict(estimator, X, target, cv=folds)
    return _print_against(found, target, "held out", numbers=numbers)


def print_right(found: Any, labels: Sequence[Any], *, numbers: bool) -> None:
    """Print how predictions compare with the labels that a table has, if any."""
    known = [n for n, each in enumerate(labels) if each is not None]
    if known:
        target = np.asarray([labels[n] for n in known])
        _print_against(found[known], target, f"{len(known)} groups", numbers=numbers)


def _print_against(
    found: Any, target: Any, what: str, *, numbers: bool
) -> dict[str, float]:
    if numbers:
        error = np.sqrt(np.square(found - target).mean())
        typer.echo(f"{what}: root mean squared error {error:.4g}, by the mean "
                   f"{target.std():.4g}")  # fmt: skip
        return {"rmse": float(error)}
    counts = np.unique(target, return_counts=True)[1]
    usual = counts.max() / counts.sum()
    right = float((found == target).mean())
    typer.echo(f"{what}: {right:.1%} right, by the usual label {usual:.1%}")
    return {"accuracy": right}
