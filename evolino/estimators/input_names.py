"""Names and number of inputs: those of `fit` are those of every X after it."""

from __future__ import annotations

import warnings
from typing import Any

from evolino.estimators.sequences import Sequences


def check_inputs(name: str, sequences: Sequences, inputs: int, names: Any) -> None:
    """Raise ValueError for other names of the inputs than in `fit`, or another number.

    name: of the estimator. inputs, names: those of `fit`; names are None without.
    Warns where names are there on one side only, as scikit-learn does.
    """
    if sequences.names is not None and names is not None:
        if list(sequences.names) != list(names):
            raise ValueError(_other_names(list(names), list(sequences.names)))
    elif (sequences.names is None) != (names is None):
        _warn_of_names(name, fitted_with=names is not None)
    if sequences.inputs != inputs:
        raise ValueError(
            f"X has {sequences.inputs} features, but {name} is expecting {inputs} features "
            "as input"
        )


def _other_names(known: list[str], got: list[str]) -> str:
    unseen = sorted(set(got) - set(known))
    lost = sorted(set(known) - set(got))
    message = "The feature names should match those that were passed during fit.\n"
    if unseen:
        message += "Feature names unseen at fit time:\n"
        message += "".join(f"- {name}\n" for name in unseen[:5])
    if lost:
        message += "Feature names seen at fit time, yet now missing:\n"
        message += "".join(f"- {name}\n" for name in lost[:5])
    if not (unseen or lost):
        message += "Feature names must be in the same order as they were in fit.\n"
    return message


def _warn_of_names(name: str, *, fitted_with: bool) -> None:
    text = (
        f"X does not have valid feature names, but {name} was fitted with feature names"
        if fitted_with
        else f"X has feature names, but {name} was fitted without feature names"
    )
    warnings.warn(text, UserWarning, stacklevel=5)
