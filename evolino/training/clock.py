"""The seconds of a run: wall-clock time without interruptions and compilation.

Kernels are compiled once on a machine, which can take longer than a short run. A budget of
seconds is for the run.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from numba.core import event

from evolino.simd.compile_time import KIND, CompileTime


@dataclass(frozen=True, slots=True)
class Clock:
    """Counts seconds from `before` on, and those of the processor from `cpu_before` on.

    limit: of the budget, None for no end.
    """

    compiling: Compilation
    before: float = 0.0
    limit: float | None = None
    cpu_before: float = 0.0
    began: float = field(default_factory=time.monotonic)
    cpu_began: float = field(default_factory=time.process_time)

    def seconds(self) -> float:
        """Return the seconds of the run so far."""
        passed = time.monotonic() - self.began - self.compiling.seconds()
        return self.before + max(passed, 0.0)

    def cpu_seconds(self) -> float:
        """Return the CPU seconds of this process so far."""
        passed = time.process_time() - self.cpu_began - self.compiling.cpu_seconds()
        return self.cpu_before + max(passed, 0.0)

    def left(self) -> float:
        """Return the seconds until the limit, below 0 after it."""
        return math.inf if self.limit is None else self.limit - self.seconds()


class Compilation(CompileTime):
    """Counts the CPU seconds of this process beside the seconds, while it compiles."""

    def __init__(self) -> None:
        super().__init__()
        self._cpu_total = self._cpu_since = 0.0

    def on_start(self, event: Any) -> None:
        """Note that a kernel's compilation begins."""
        if not self._running:
            self._cpu_since = time.process_time()
        super().on_start(event)

    def on_end(self, event: Any) -> None:
        """Note that it has ended."""
        super().on_end(event)
        if not self._running:
            self._cpu_total += time.process_time() - self._cpu_since

    def cpu_seconds(self) -> float:
        """Return the CPU seconds so far."""
        now = time.process_time() - self._cpu_since if self._running else 0.0
        return self._cpu_total + now


@contextmanager
def started(before: float, limit: float | None, cpu_before: float = 0.0) -> Iterator[Clock]:
    """Yield a clock that starts now. before, cpu_before: of the run when it was
    interrupted."""
    compiling = Compilation()
    event.register(KIND, compiling)  # type: ignore[no-untyped-call]
    try:
        yield Clock(compiling, before, limit, cpu_before)
    finally:
        event.unregister(KIND, compiling)  # type: ignore[no-untyped-call]
