"""Readouts that a user names, in the place of the estimators' own ridge regression.

Which of several penalties serves is decided by stretches held out in turn, as there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.linalg import eigh

from evolino.estimators.ridge import kept_eigenvalues
from evolino.network.kernel_expansion import Output, Outputs
from evolino.network.readout_sums import sums_of
from evolino.readout import READOUTS
from evolino.readout.base import Readout, Solutions
from evolino.registry import find
from evolino.task.protocol import name_of
from evolino.user_files import is_in_file
from evolino.vocabulary import Array, IntArray

LINEAR = ("ridge", "pseudo-inverse", "svm", "svr")
KERNELS = ("kernel-svm", "kernel-svr")
OF_LABELS = ("svm", "kernel-svm")
FOLDS = 5


def check_readout(given: Any, *, labels: bool) -> None:
    """Raise TypeError or ValueError for a readout that an estimator cannot have."""
    if given is None or (isinstance(given, str) and is_in_file(given)):
        return
    if not isinstance(given, str) and (isinstance(given, type) or not _solves(given)):
        raise TypeError(f"readout must be a name or settings, got {given!r}")
    name = given if isinstance(given, str) else name_of(given)
    if isinstance(given, str):
        find("readout", given)
    if name in READOUTS and name not in (*LINEAR, *KERNELS):
        known = ", ".join((*LINEAR, *KERNELS))
        raise ValueError(f"readout must be one of {known}, got {name!r}")
    if name in OF_LABELS and not labels:
        raise ValueError(f"readout {name} learns labels, not numbers: see svr, kernel-svr")


def readout_of(given: Any) -> Readout | None:
    """Return the settings that a name or settings stand for."""
    found: Readout | None = find("readout", given)() if isinstance(given, str) else given
    return found


def cross_solved(
    readout: Readout, features: Array, targets: Array, folds: IntArray
) -> tuple[Output, Array, float]:
    """Return the solution of all rows, the outputs (n, K) of each row by a solution of the
    other folds, and the penalty that was taken.

    features: (n, S). targets: (n, K). folds: (n,). Raises ValueError where the readout
    does not solve it.
    """
    held_out = np.zeros((len(readout.penalties), *targets.shape))
    numbers = np.unique(folds)
    for fold in numbers:
        held = folds == fold
        rest = ~held if len(numbers) > 1 else held
        for k, one in enumerate(_each(readout.solve(features[rest][None], targets[rest]))):
            held_out[k, held] = sums_of(features[held][None], one)[0]
    errors = np.square(held_out - targets).mean(axis=(1, 2))
    if not np.isfinite(errors).any():
        raise ValueError(f"readout {name_of(readout)} does not solve these features")
    best = int(np.nanargmin(errors))
    solution = _each(readout.solve(features[None], targets))[best][0]
    return solution, held_out[best], float(readout.penalties[best])


def solved_in_rows(
    readout: Readout, z: Array, targets: Array
) -> tuple[Array, Array, Array, float]:
    """Return weights (M, K), intercept (K,), outputs (n, K) held out and the penalty, of
    standardised features z (n, M), which may be many more than rows.

    All of it takes place in the space of the rows, which penalties on the norm do not
    leave: the columns are standardised, so that they count alike there.
    """
    if isinstance(getattr(readout, "unnormalised", None), bool):
        readout = replace(readout, unnormalised=True)  # type: ignore[type-var]
    rows, columns = z.shape
    small = rows <= columns
    squares, basis = kept_eigenvalues(*eigh(z @ z.T if small else z.T @ z))
    axes = z.T @ basis / np.sqrt(squares) if small else basis
    scores = np.concatenate([z @ axes, np.ones((rows, 1))], axis=1)
    solution, held_out, penalty = cross_solved(
        readout, scores, targets, np.arange(rows) % FOLDS
    )
    if not isinstance(solution, np.ndarray):
        raise ValueError(
            f"readout {name_of(readout)} serves a target at every step; one of a whole "
            f"sequence has {', '.join(LINEAR)}"
        )
    return axes @ solution[:-1], solution[-1], held_out, penalty


def folds_of_rows(parts: Sequence[Any]) -> IntArray:
    """Return the fold of each row of parts that lie behind one another."""
    return np.concatenate([np.full(p.stop - p.first, p.fold) for p in parts])


def _each(solutions: Solutions) -> list[Outputs]:
    return list(solutions)


def _solves(given: Any) -> bool:
    return hasattr(given, "solve") and hasattr(given, "penalties")
