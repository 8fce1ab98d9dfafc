"""Threads of this process: the kernels release the interpreter lock.

They are daemons: one that hangs cannot be killed, but does not keep the process alive.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from evolino.training.workers.base import Job, nothing, overdue, raised

if TYPE_CHECKING:
    from evolino.training.problem import Problem

Order = tuple[int, Job, "Problem", Any, "SimpleQueue[Answer]"]
LOOK_EVERY = 0.1  # seconds, at whether the work is still wanted
Answer = tuple[int, Any, BaseException | None]


class ThreadWorkers:
    """One worker without a timeout needs no thread and uses the caller's."""

    fine = True

    def __init__(
        self,
        count: int,
        timeout: float | None = None,
        watch: Callable[[], None] = nothing,
    ) -> None:
        self.count, self._timeout, self._watch = count, timeout, watch
        self._threads = 0 if count == 1 and timeout is None else count
        self._start()

    def map(self, problem: Problem, job: Job, pieces: Sequence[Any]) -> list[Any]:
        """Return job(problem, piece) for every piece."""
        if not self._threads:
            answers = []
            for k, piece in enumerate(pieces):
                self._watch()
                answers.append(_answer(k, job, problem, piece))
        else:
            answers = self._answers(problem, job, pieces)
        for _, _, error in answers:
            if error is not None:
                raise raised(problem, type(error).__name__, str(error)) from error
        return [value for _, value, _ in answers]

    def close(self) -> None:
        """Let the threads end; one that hangs is left to itself."""
        for _ in range(self._threads):
            self._orders.put(None)

    def abandon(self) -> None:
        """Leave the threads to what they are doing, and start others."""
        self.close()
        self._start()

    def _start(self) -> None:
        """Start the threads on a queue of their own."""
        self._orders: SimpleQueue[Order | None] = SimpleQueue()
        for k in range(self._threads):
            threading.Thread(
                target=_serve, args=(self._orders,), name=f"evolino-{k}", daemon=True
            ).start()

    def _answers(self, problem: Problem, job: Job, pieces: Sequence[Any]) -> list[Answer]:
        done: SimpleQueue[Answer] = SimpleQueue()
        end = math.inf if self._timeout is None else time.monotonic() + self._timeout
        orders = self._orders
        for k, piece in enumerate(pieces):
            orders.put((k, job, problem, piece, done))
        answers = []
        for _ in pieces:
            try:
                answers.append(self._next(done, end))
            except BaseException:
                _drop(orders)
                raise
        return sorted(answers, key=lambda answer: answer[0])

    def _next(self, done: SimpleQueue[Answer], end: float) -> Answer:
        """Return the next answer. Raises EvaluationError after the time `end`."""
        while True:
            self._watch()
            left = end - time.monotonic()
            try:
                return done.get(timeout=max(min(left, LOOK_EVERY), 0.0))
            except Empty:
                if left <= 0:
                    raise overdue(self._timeout) from None


def _serve(orders: SimpleQueue[Order | None]) -> None:
    while (order := orders.get()) is not None:
        *work, done = order
        done.put(_answer(*work))
        del order, work, done  # nothing is held while it waits


def _drop(orders: SimpleQueue[Order | None]) -> None:
    """Empty a queue of what nobody waits for any more, but not of the call to end."""
    ends = 0
    try:
        while True:
            ends += orders.get_nowait() is None
    except Empty:
        for _ in range(ends):
            orders.put(None)


def _answer(k: int, job: Job, problem: Problem, piece: Any) -> Answer:
    try:
        return k, job(problem, piece), None
    except (Exception, SystemExit) as error:  # a task's exit would end the thread only
        return k, None, error
