"""`evolino predict DIR FILE`: labels or numbers of the groups of rows of a new table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from evolino.cli.option_record import command_of


@dataclass(frozen=True, slots=True)
class PredictOptions:
    """The options; a field is as its help says."""

    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Folder of `evolino run csv --label`.")
    ]
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="CSV or Parquet, columns as in the fit.")
    ]
    csv: Annotated[Path | None, typer.Option(help="Write them here.")] = None


def _predict(options: PredictOptions) -> None:
    """Predict the label, or number, of each group of rows of a table.

    Labels stand with the probability of each class. Where the table has labels, prints how
    many are right.
    """
    import pandas as pd

    from evolino.cli.csv_folder import listed, read_estimator
    from evolino.cli.csv_labels import print_right, read_groups
    from evolino.cli.csv_table import read_table, write_text

    kinds = ("EvolinoClassifier", "EvolinoRegressor")
    estimator, columns = read_estimator(options.folder, kinds)
    group, label = columns.get("group"), columns.get("label")
    if group is None or label is None:
        raise ValueError("DIR was saved in Python, without the columns of a FILE")
    table = read_table(options.file, columns.get("time"))
    there = label if label in table.columns else None
    groups = read_groups(table, there, group, listed(columns, "inputs"))
    found = estimator.predict(groups.sequences)
    parts = {group: groups.names, label: found}
    if hasattr(estimator, "predict_proba"):
        shares = estimator.predict_proba(groups.sequences)
        parts |= {f"p({c})": shares[:, k] for k, c in enumerate(estimator.classes_)}
    rows = pd.DataFrame(parts)
    typer.echo(rows.to_string(index=False, float_format="%.4g"))
    print_right(found, groups.labels, numbers=not hasattr(estimator, "predict_proba"))
    if options.csv is not None:
        write_text(options.csv, rows.to_csv(index=False))


predict = command_of(PredictOptions, _predict, name="predict")
