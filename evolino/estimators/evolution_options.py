"""Options of the evolution that all estimators share: checks, budget, threads, progress."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any

from evolino.gradient.descent import Descent
from evolino.network.initialisers.around import Around
from evolino.registry import find
from evolino.training.callbacks import Callback
from evolino.training.experiment import Budget
from evolino.training.progress import Progress
from evolino.user_files import is_in_file
from evolino.vocabulary import Array, check_count, check_flag, check_number

MOVES_A_MEAN = "diagonal-cma-es"
METHODS = {"search": "start", "initialiser": "draw"}
DESCENT = 0.5  # the share of the seconds that a descent after the search may take


@dataclass(frozen=True, slots=True)
class Evolution:
    """How networks evolve; fields as of the estimators. jobs: threads."""

    evaluations: int
    seconds: float | None
    search: Any
    initialiser: Any
    refine: Descent | None
    jobs: int
    callbacks: tuple[Callback, ...] = ()

    @classmethod
    def of(cls, estimator: Any) -> Evolution | None:
        """Return that of an estimator, None where it has no budget."""
        if not (estimator.evaluations or estimator.seconds):
            return None
        return cls(
            estimator.evaluations,
            estimator.seconds,
            estimator.search,
            estimator.initialiser,
            estimator.refine,
            jobs_of(estimator.n_jobs),
            (*((Progress(),) if estimator.verbose else ()), *estimator._listeners),
        )

    def around(self, genome: Array) -> Evolution:
        """Return the evolution that begins around a genome (C, G), by a search that moves
        a mean where none is given."""
        rows = tuple(tuple(row) for row in genome.tolist())
        return replace(self, initialiser=Around(rows), search=self.search or MOVES_A_MEAN)

    def limits(self, began: float) -> tuple[Budget, Descent | None]:
        """Return the budget of the search, and the descent after it, for what is left of
        the seconds since a fit began (`time.monotonic`)."""
        if self.seconds is None:
            return Budget(evaluations=self.evaluations), self.refine
        left = max(self.seconds - (time.monotonic() - began), 1e-3)
        refine = self.refine
        if refine is not None:
            left *= 1.0 - DESCENT
            most = left if refine.seconds is None else min(left, refine.seconds)
            refine = replace(refine, seconds=most)
        return Budget(evaluations=self.evaluations or None, seconds=left), refine


def check_evolution(estimator: Any) -> None:
    """Raise TypeError or ValueError, naming the parameter, for an estimator whose options
    of the evolution cannot serve, or have no budget to serve in."""
    check_count("evaluations", estimator.evaluations, least=0)
    if estimator.seconds is not None:
        check_number("seconds", estimator.seconds, above=0)
    for name, method in METHODS.items():
        given = getattr(estimator, name)
        if isinstance(given, str):
            if not is_in_file(given):  # which is run when networks evolve, not before
                find(name, given)
        elif given is not None and (isinstance(given, type) or not hasattr(given, method)):
            raise TypeError(f"{name} must be a name or settings, got {given!r}")
    if estimator.refine is not None and not isinstance(estimator.refine, Descent):
        raise TypeError(
            f"refine must be evolino.LBFGS or evolino.Adam, got {estimator.refine!r}"
        )
    if not isinstance(estimator.verbose, bool):
        check_count("verbose", estimator.verbose, least=0)
    check_flag("warm_start", estimator.warm_start)
    jobs_of(estimator.n_jobs)
    for name in ("search", "initialiser", "refine"):
        has_budget = estimator.evaluations or estimator.seconds
        if getattr(estimator, name) is not None and not has_budget:
            raise ValueError(f"{name} is of an evolution: give evaluations or seconds too")


def jobs_of(n_jobs: int | None) -> int:
    """Return how many threads a number of scikit-learn's kind means. Raises TypeError or
    ValueError for one that is none."""
    from joblib import effective_n_jobs

    if n_jobs is not None:
        check_count("n_jobs", abs(n_jobs) if isinstance(n_jobs, int) else n_jobs)
    return int(effective_n_jobs(n_jobs))
