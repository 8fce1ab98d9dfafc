"""`evolino run csv --track`: a fit logged to TensorBoard or MLflow.

Generations and rounds of descent are those of the last fit, to all rows; figures on rows
or groups held out stand at its end.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evolino.training.callbacks import Callback

if TYPE_CHECKING:
    from evolino.training.history import Generation
    from evolino.training.refining import Round
    from evolino.training.tracking import MLflow, TensorBoard


@dataclass(frozen=True, slots=True, eq=False)
class FitLog:
    """Where a fit is logged. tracker: None for nowhere. figures: those of its end."""

    tracker: TensorBoard | MLflow | None = None
    figures: dict[str, float] = field(default_factory=dict)

    def follow(self, estimator: Any, columns: Mapping[str, Any]) -> None:
        """Log the settings of an estimator, and have its fit logged."""
        if self.tracker is None:
            return
        from evolino.estimators.saved_parameters import parameters_to_state

        given = {k: v for k, v in columns.items() if v is not None}
        parameters = parameters_to_state(estimator)
        kind = type(estimator).__name__
        self.tracker.begin({"estimator": kind, **given, "parameters": parameters})
        estimator._listeners = (_Generations(self.tracker),)

    def add(self, before: str, figures: Mapping[str, float]) -> None:
        """Log figures at the end, as before/NAME."""
        self.figures.update({f"{before}/{name}": float(v) for name, v in figures.items()})


class _Generations(Callback):
    """Hands on what happens within a fit; its begin and end are those of the command."""

    def __init__(self, tracker: TensorBoard | MLflow) -> None:
        self._tracker = tracker

    def on_generation(self, generation: Generation, seconds: float) -> None:
        self._tracker.on_generation(generation, seconds)

    def on_refined(self, refined: Round, seconds: float) -> None:
        self._tracker.on_refined(refined, seconds)


@contextmanager
def logged(tracker: str | None, folder: Path) -> Iterator[FitLog]:
    """Give the log of a fit into a folder; it ends where no error came."""
    from evolino.training.tracking import tracked

    began = time.monotonic()
    with tracked(tracker, folder) as trackers:
        log = FitLog(trackers[0] if trackers else None)
        yield log
        if log.tracker is not None:
            log.tracker.end(log.figures, time.monotonic() - began)
