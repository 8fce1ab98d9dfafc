"""A call that is given up after a while."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from queue import Empty, SimpleQueue
from typing import NoReturn, TypeVar

LOOK_EVERY = 0.1  # seconds
LAST_WORDS = 5.0  # seconds that a call may take to end, once it is given up

Value = TypeVar("Value")


class Overdue(Exception):
    """The call took too long."""


def within(
    seconds: float | None,
    call: Callable[[], Value],
    *,
    watch: Callable[[], None],
    give_up: Callable[[], None],
) -> Value:
    """Return call(), made in a daemon thread so that it can be left behind.

    watch: is called ten times a second meanwhile; what it raises ends the wait. give_up: is
    called after `seconds`, then Overdue raised; it should make the call end. Raises what
    the call raises.
    """
    outcome: SimpleQueue[Callable[[], Value]] = SimpleQueue()

    def work() -> None:
        try:
            value = call()
        except BaseException as error:
            outcome.put(partial(_raise, error))
        else:
            outcome.put(lambda: value)

    thread = threading.Thread(target=work, name="evolino-call", daemon=True)
    thread.start()
    end = float("inf") if seconds is None else time.monotonic() + seconds
    while True:
        left = end - time.monotonic()
        if left <= 0:
            give_up()
            thread.join(LAST_WORDS)
            raise Overdue
        try:
            result = outcome.get(timeout=min(LOOK_EVERY, left))
        except Empty:
            watch()
            continue
        return result()


def _raise(error: BaseException) -> NoReturn:
    raise error
