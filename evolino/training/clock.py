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

from evolino.simd.compile_time import CompileTime, compile_time


@dataclass(frozen=True, slots=True)
class Clock:
    """Counts seconds from `before` on, and those of the processor from `cpu_before` on.

    limit: of the budget, None for no end.
    """

    compiling: CompileTime
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
        """Return the CPU seconds of this process so far, compilation left out as if it had
        one core for itself."""
        passed = time.process_time() - self.cpu_began - self.compiling.seconds()
        return self.cpu_before + max(passed, 0.0)

    def left(self) -> float:
        """Return the seconds until the limit, below 0 after it."""
        return math.inf if self.limit is None else self.limit - self.seconds()


@contextmanager
def started(before: float, limit: float | None, cpu_before: float = 0.0) -> Iterator[Clock]:
    """Yield a clock that starts now. before, cpu_before: of the run when it was
    interrupted."""
    with compile_time() as compiling:
        yield Clock(compiling, before, limit, cpu_before)
