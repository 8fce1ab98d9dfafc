"""Threads of this process: the kernels release the interpreter lock.

They are daemons: one that hangs cannot be killed, but does not keep the process alive.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from evolino.training.workers.base import Job, overdue, raised

if TYPE_CHECKING:
    from evolino.training.problem import Problem

Order = tuple[int, Job, "Problem", Any, "SimpleQueue[Answer]"]
Answer = tuple[int, Any, BaseException | None]


class ThreadWorkers:
    """One worker without a timeout needs no thread and uses the caller's."""

    fine = True

    def __init__(self, count: int, timeout: float | None) -> None:
        self.count, self._timeout = count, timeout
        self._orders: SimpleQueue[Order | None] = SimpleQueue()
        self._threads = 0 if count == 1 and timeout is None else count
        for k in range(self._threads):
            threading.Thread(target=self._serve, name=f"evolino-{k}", daemon=True).start()

    def map(self, problem: Problem, job: Job, pieces: Sequence[Any]) -> list[Any]:
        """Return job(problem, piece) for every piece."""
        if not self._threads:
            answers = [_answer(k, job, problem, piece) for k, piece in enumerate(pieces)]
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

    def _answers(self, problem: Problem, job: Job, pieces: Sequence[Any]) -> list[Answer]:
        done: SimpleQueue[Answer] = SimpleQueue()
        end = None if self._timeout is None else time.monotonic() + self._timeout
        for k, piece in enumerate(pieces):
            self._orders.put((k, job, problem, piece, done))
        answers = []
        for _ in pieces:
            left = None if end is None else max(end - time.monotonic(), 0.0)
            try:
                answers.append(done.get(timeout=left))
            except Empty:
                raise overdue(self._timeout) from None
        return sorted(answers, key=lambda answer: answer[0])

    def _serve(self) -> None:
        while (order := self._orders.get()) is not None:
            *work, done = order
            done.put(_answer(*work))


def _answer(k: int, job: Job, problem: Problem, piece: Any) -> Answer:
    try:
        return k, job(problem, piece), None
    except (Exception, SystemExit) as error:  # a task's exit would end the thread only
        return k, None, error
