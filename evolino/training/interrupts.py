"""Interrupts of a run: Ctrl-C and other signals, and the seconds of its budget.

The run ends after its generation, or inside of one that takes longer than that: the work
is done in a thread, which the main one waits for and can leave behind.
"""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from types import FrameType
from typing import Any, TypeVar

GRACE = 0.15  # seconds that a generation may take to end, once the run is to end
LOOK_EVERY = 0.05  # seconds
SAME = 0.25  # seconds within which two signals are one: some senders repeat them
SIGNALS = {"SIGINT": "Ctrl-C", "SIGTERM": "SIGTERM", "SIGHUP": "SIGHUP"}

Value = TypeVar("Value")


def endless() -> float:
    """Return infinity."""
    return math.inf


class BrokenOff(Exception):
    """The run is to end and its work was left behind."""


@dataclass(slots=True)
class Interrupt:
    """Whether the run is to end.

    left: returns the seconds of the budget that are left, below 0 after it.
    requested: whether a signal came; by: what it is called; requested_at: when. catches:
    whether signals are caught. at_once: whether one raises KeyboardInterrupt.
    """

    left: Callable[[], float] = endless
    requested: bool = False
    by: str = "Ctrl-C"
    requested_at: float = math.inf
    catches: bool = False
    at_once: bool = False
    _worker: _Worker | None = None

    def check(self) -> None:
        """Raise BrokenOff if the run is to end and had its grace."""
        if time.monotonic() >= self.requested_at + GRACE or self.left() <= -GRACE:
            raise BrokenOff

    def attend(self, work: Callable[[], Value]) -> Value:
        """Return work(). Raises what it raises, and BrokenOff as `check` does; the work
        then goes on in a thread until it ends, and must change nothing that is still used.
        """
        if not self.catches and self.left() == math.inf:
            return work()
        if self._worker is None:
            self._worker = _Worker()
        answers = self._worker.begin(work)
        while True:
            try:
                done, value = answers.get(timeout=LOOK_EVERY)
            except Empty:
                try:
                    self.check()
                except BrokenOff:
                    self.close()
                    raise
                continue
            if not done:
                raise value
            result: Value = value
            return result

    @contextmanager
    def raising(self) -> Iterator[None]:
        """Have a signal raise KeyboardInterrupt: there is nothing to finish or to save."""
        self.at_once = True
        try:
            yield
        finally:
            self.at_once = False

    def close(self) -> None:
        """Let the thread end when its work does."""
        if self._worker is not None:
            self._worker.end()
            self._worker = None


class _Worker:
    """A thread that does one piece of work after another; a daemon, so that work that was
    left behind does not keep the process alive."""

    def __init__(self) -> None:
        self._work: SimpleQueue[Any] = SimpleQueue()
        threading.Thread(target=self._serve, name="evolino-work", daemon=True).start()

    def begin(self, work: Callable[[], Any]) -> SimpleQueue[tuple[bool, Any]]:
        """Return a queue for (True, what work gives) or (False, what it raises)."""
        answers: SimpleQueue[tuple[bool, Any]] = SimpleQueue()
        self._work.put((work, answers))
        return answers

    def end(self) -> None:
        """End the thread after its work."""
        self._work.put(None)

    def _serve(self) -> None:
        while (order := self._work.get()) is not None:
            work, answers = order
            try:
                answer = True, work()
            except BaseException as error:
                answer = False, error
            answers.put(answer)
            del order, work, answers, answer  # nothing is held while it waits


@contextmanager
def interruptible(left: Callable[[], float] = endless) -> Iterator[Interrupt]:
    """Catch Ctrl-C, SIGTERM and SIGHUP as a wish; Ctrl-C again raises KeyboardInterrupt.

    Outside the main thread signals cannot be caught and keep their usual meaning. A SIGHUP
    that is ignored, as by nohup, stays so.
    """
    interrupt = Interrupt(left)
    if threading.current_thread() is not threading.main_thread():
        try:
            yield interrupt
        finally:
            interrupt.close()
        return

    def handle(number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if interrupt.at_once:
            raise KeyboardInterrupt
        if not interrupt.requested:
            interrupt.requested, interrupt.requested_at = True, now
            interrupt.by = SIGNALS[signal.Signals(number).name]
        elif number == signal.SIGINT and now - interrupt.requested_at > SAME:
            raise KeyboardInterrupt

    interrupt.catches = True
    before = {number: signal.signal(number, handle) for number in _caught()}
    try:
        yield interrupt
    finally:
        for number, handler in before.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)
        interrupt.close()


def _caught() -> list[signal.Signals]:
    """Return the signals that end a run, of those that this system has."""
    there = [getattr(signal, name) for name in SIGNALS if hasattr(signal, name)]
    return [
        each
        for each in there
        if each == signal.SIGINT or signal.getsignal(each) is not signal.SIG_IGN
    ]


def briefly(work: Callable[[], Value], seconds: float) -> Value | None:
    """Return work(), None if it takes longer than so many seconds; it is then left behind.

    Raises what it raises.
    """
    worker = _Worker()
    answers = worker.begin(work)
    worker.end()
    try:
        done, value = answers.get(timeout=seconds)
    except Empty:
        return None
    if not done:
        raise value
    result: Value = value
    return result
