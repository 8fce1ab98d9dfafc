"""Processes on this machine or on a cluster, reached through joblib.

joblib costs about 10 ms a call, so this is for work that takes longer: islands, long
sequences, large networks.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from evolino.training.workers.base import (
    EvaluationError,
    Job,
    nothing,
    overdue,
    raised,
)
from evolino.training.workers.deadline import Overdue, within
from evolino.training.workers.remote import Raised, Unknown, perform
from evolino.training.workers.threads import ThreadWorkers

if TYPE_CHECKING:
    from evolino.training.problem import Problem

LOOK_EVERY = 0.5  # seconds, at whether the cluster is there
ATTEMPTS = 4  # at one evaluation, which is pure and can be made again


class Cluster(Protocol):
    """Processes that joblib can reach."""

    name: str
    count: int

    def parallel(self) -> Any:
        """Return the joblib.Parallel that reaches them."""
        ...

    def check(self) -> None:
        """Raise EvaluationError if they are out of reach, so that waiting is in vain."""
        ...

    def recover(self, error: Exception) -> bool:
        """Return whether work that failed by an error can be sent out again."""
        ...

    def kill(self) -> None:
        """End the processes that are ours, whatever they are doing."""
        ...

    def close(self) -> None:
        """Leave the cluster, or end it if it was started here."""
        ...


class JoblibWorkers:
    """Sends pieces to a cluster. say: called with a message of workers that were lost."""

    fine = False

    def __init__(
        self,
        cluster: Cluster,
        timeout: float | None,
        say: Callable[[str], None],
        watch: Callable[[], None] = nothing,
    ) -> None:
        self.count = cluster.count
        self._cluster, self._timeout, self._say = cluster, timeout, say
        self._watch_run, self._looked = watch, 0.0
        self._known = ""
        self._instead: ThreadWorkers | None = None

    def map(self, problem: Problem, job: Job, pieces: Sequence[Any]) -> list[Any]:
        """Return job(problem, piece) for every piece; the problem's text goes out once."""
        if self._instead is not None:
            return self._instead.map(problem, job, pieces)
        answers = self._send(problem, job, pieces, known=problem.key == self._known)
        self._known = problem.key
        new = [k for k, answer in enumerate(answers) if isinstance(answer, Unknown)]
        if new:  # of workers that joined, or that had no piece the first time
            again = self._send(problem, job, [pieces[k] for k in new], known=False)
            for k, answer in zip(new, again, strict=True):
                answers[k] = answer
        for answer in answers:
            if isinstance(answer, Raised):
                cause = RuntimeError(f"in a worker:\n{answer.trace}")
                raise raised(problem, answer.kind, answer.message) from cause
        return answers

    def close(self) -> None:
        """Leave the cluster."""
        if self._instead is not None:
            self._instead.close()
        self._cluster.close()

    def abandon(self) -> None:
        """End what the cluster is doing for us; threads of this process do what is left."""
        self._instead = ThreadWorkers(
            min(self.count, os.cpu_count() or 1), None, self._watch_run
        )
        self._cluster.kill()

    def kill(self) -> None:
        """End the processes that are ours."""
        self._cluster.kill()

    def _send(
        self, problem: Problem, job: Job, pieces: Sequence[Any], *, known: bool
    ) -> list[Any]:
        """Return the answers to pieces, asked for again from the start if workers are lost.

        known: whether the workers should have the problem already.
        """
        cluster, lost = self._cluster, ""
        for attempt in range(ATTEMPTS):
            self._watch_run()
            if self._instead is not None:
                raise EvaluationError("the work was left behind")
            if attempt:
                self._say("a worker was lost (killed, or out of memory); evaluating again")
            text = problem.text if attempt or not known else None
            call = partial(self._call, partial(perform, job, problem.key, text), pieces)
            try:
                return within(self._timeout, call, watch=self._watch, give_up=cluster.kill)
            except Overdue:
                raise overdue(self._timeout) from None
            except EvaluationError:
                raise
            except Exception as error:
                lost = f"{type(error).__name__}: {' '.join(str(error).split())}"
                if not cluster.recover(error):
                    raise EvaluationError(
                        f"the {cluster.name} workers failed: {lost}"
                    ) from error
        raise EvaluationError(
            f"{cluster.name} workers were lost {ATTEMPTS} times in one evaluation: {lost}"
        )

    def _watch(self) -> None:
        """Look at the run, and twice a second at the cluster."""
        self._watch_run()
        now = time.monotonic()
        if now - self._looked >= LOOK_EVERY:
            self._looked = now
            self._cluster.check()

    def _call(self, work: Callable[..., Any], pieces: Sequence[Any]) -> list[Any]:
        from joblib import delayed

        # In a tuple, since Dask would leave an array with one worker, to be lost with it.
        return list(self._cluster.parallel()(delayed(work)((piece,)) for piece in pieces))
