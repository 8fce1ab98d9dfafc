"""Time that kernels took to compile, apart from the time that they took to run."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from numba.core import event

KIND = "numba:compile"  # loading a kernel from the cache is none


class CompileTime(event.Listener):
    """Counts the seconds in which at least one kernel is compiled, in any thread."""

    def __init__(self) -> None:
        self._total, self._running, self._since = 0.0, 0, 0.0

    def on_start(self, event: Any) -> None:
        """Note that a kernel begins to compile; Numba holds its lock meanwhile."""
        if not self._running:
            self._since = time.monotonic()
        self._running += 1

    def on_end(self, event: Any) -> None:
        """Note that it was compiled, and add the time to the total."""
        self._running = max(self._running - 1, 0)
        if not self._running:
            self._total += time.monotonic() - self._since

    def seconds(self) -> float:
        """Return the seconds so far."""
        return self._total + (time.monotonic() - self._since if self._running else 0.0)


@contextmanager
def compile_time() -> Iterator[CompileTime]:
    """Count from now on."""
    listener = CompileTime()
    event.register(KIND, listener)
    try:
        yield listener
    finally:
        event.unregister(KIND, listener)
