"""`evolino run csv --label`: labels, or numbers, of groups of rows of a table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import typer

from evolino.cli.csv_table import check_columns, check_numbers, write_text
from evolino.storage.plain_text import shown

FOLDS = 5


def classify(
    table: Any, label: str, group: str, inputs: list[str], seed: int, csv: Path | None
) -> None:
    """Print how well labels of held-out groups are told; write those of groups without."""
    import pandas as pd

    check_columns(table, [label, group, *inputs])
    chosen = inputs or [c for c in table.columns if c not in (label, group)]
    check_numbers(table, chosen)
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
        write_text(csv, rows.to_csv(index=False))


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
