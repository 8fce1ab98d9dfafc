"""What workers are asked for, and what is known of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol, get_args

from evolino.task.protocol import name_of
from evolino.vocabulary import check_count, check_number

if TYPE_CHECKING:
    from evolino.training.problem import Problem

Backend = Literal["threads", "loky", "dask", "ray"]
BACKENDS = get_args(Backend)
WITH_SCHEDULER = ("dask", "ray")
MOST_WORKERS = 1000  # of this machine

Job = Callable[["Problem", Any], Any]  # a pure function at the top of a module


class EvaluationError(RuntimeError):
    """An evaluation that could not be finished. What was saved before it is still good.

    >>> import evolino
    >>> issubclass(evolino.EvaluationError, RuntimeError)
    True
    """


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """Who evaluates; nothing here changes a result.

    count: threads or processes on this machine; with a scheduler the cluster decides.
    backend: "threads" of this process; processes by "loky", "dask" or "ray". scheduler:
    address of a running Dask or Ray cluster to join; None starts one here. timeout:
    seconds that a generation (with islands: the generations between two exchanges) may
    take, the workers' start included; None waits for ever.

    Raises TypeError or ValueError, naming the field, for one out of its range.

    >>> import evolino
    >>> evolino.WorkerSettings(count=2)
    WorkerSettings(count=2, backend='threads', scheduler=None, timeout=None)
    """

    count: int = 1
    backend: Backend = "threads"
    scheduler: str | None = None
    timeout: float | None = None

    def __post_init__(self) -> None:
        """Check all of it."""
        check_count("workers", self.count, most=MOST_WORKERS)
        if self.backend not in BACKENDS:
            raise ValueError(
                f"backend must be one of {', '.join(BACKENDS)}, got {self.backend!r}"
            )
        if self.scheduler is not None and self.backend not in WITH_SCHEDULER:
            raise ValueError(
                f"scheduler needs backend dask or ray, got backend {self.backend!r}"
            )
        if self.timeout is not None:
            check_number("timeout", self.timeout, above=0)


class Workers(Protocol):
    """Do jobs on the pieces of a problem, at once but in order."""

    @property
    def count(self) -> int:
        """How many pieces are worked on at once."""
        ...

    @property
    def fine(self) -> bool:
        """Whether many small pieces cost no more than a few large ones."""
        ...

    def map(self, problem: Problem, job: Job, pieces: Sequence[Any]) -> list[Any]:
        """Return job(problem, piece) for every piece.

        Raises EvaluationError if the job raised, took too long or lost its workers, and
        what the `watch` of `open_workers` raises.
        """
        ...

    def abandon(self) -> None:
        """Leave behind what is being done, so that other jobs can be done."""
        ...


def nothing() -> None:
    """Watch nothing."""


def overdue(timeout: float | None) -> EvaluationError:
    """Return the error for an evaluation beyond the timeout."""
    return EvaluationError(f"an evaluation took longer than the timeout of {timeout:g} s")


def raised(problem: Problem, kind: str, message: str) -> EvaluationError:
    """Return the error for a job that raised an exception of a kind."""
    text = " ".join(message.split())
    return EvaluationError(f"evaluating {name_of(problem.task)!r} raised {kind}: {text}")
