"""Processes of this machine by loky, joblib's own backend."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from typing import Any

from evolino.training.workers.parent import serve_parent


class Loky:
    """`count` processes; with one the work is done in this process."""

    name = "loky"

    def __init__(self, count: int) -> None:
        self.count = count
        self._parallel: Any = None

    def parallel(self) -> Any:
        """Return the joblib.Parallel; the processes are reused from call to call."""
        from joblib import Parallel, parallel_config

        if self._parallel is None:
            with parallel_config(backend="loky", initializer=serve_parent):
                self._parallel = Parallel(
                    self.count, batch_size=1, pre_dispatch="all", max_nbytes=None
                )
        return self._parallel

    def check(self) -> None:
        """Nothing: joblib raises at once when a process dies."""

    def recover(self, error: Exception) -> bool:
        """A dead process breaks the pool; joblib makes another one for the next call."""
        from joblib.externals.loky.process_executor import BrokenProcessPool

        return isinstance(error, BrokenProcessPool)

    def kill(self) -> None:
        """Kill the processes that a call is using; with one worker there are none.

        Not by the pool's own shutdown, which can wait for what they are doing; and not by
        asking for the pool, which makes another one where it broke.
        """
        backend = getattr(self._parallel, "_backend", None)
        executor = getattr(backend, "_workers", None)
        for pid in list(getattr(executor, "_processes", None) or ()):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def close(self) -> None:
        """Leave the idle processes to joblib, which ends them at exit or after a while."""
