"""What happens in a worker's process."""

from __future__ import annotations

import traceback
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from evolino.training.problem import Problem
from evolino.training.workers.base import Job

KEPT = 4

# The process's problems by key, the one used last at the end: their data are made once.
_PROBLEMS: OrderedDict[str, Problem] = OrderedDict()


@dataclass(frozen=True, slots=True)
class Raised:
    """An exception of a job, as text: not every exception survives the way back."""

    kind: str
    message: str
    trace: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """The answer of a worker that needs the problem's text first."""


def perform(job: Job, key: str, text: bytes | None, piece: tuple[Any]) -> Any:
    """Return job(problem, *piece); Unknown without the problem; Raised if it raised.

    key: of the problem. text: of the problem, None where the worker should know it.
    """
    try:
        if text is not None and key not in _PROBLEMS:
            _PROBLEMS[key] = Problem.from_text(text)
            _ = _PROBLEMS[key].evaluator
            _one_blas_thread()
            while len(_PROBLEMS) > KEPT:
                _PROBLEMS.popitem(last=False)
        problem = _PROBLEMS.get(key)
        if problem is None:
            return Unknown()
        _PROBLEMS.move_to_end(key)
        return job(problem, *piece)
    except (Exception, SystemExit) as error:
        return Raised(type(error).__name__, str(error), traceback.format_exc())


def _one_blas_thread() -> None:
    """Give the process one BLAS thread, for good: its neighbours use the other cores."""
    from threadpoolctl import threadpool_limits

    threadpool_limits(1)
