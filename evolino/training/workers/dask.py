"""Processes of a Dask cluster: one that runs somewhere, or one started here."""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from typing import Any

from evolino.training.workers.base import EvaluationError, WorkerSettings
from evolino.training.workers.parent import ignore_interrupts

PATIENCE = 10.0  # seconds to reach a scheduler
LONELY = 15.0  # seconds that a cluster may be without workers, which Dask may replace


class Dask:
    """A client of a Dask scheduler. Lost workers are Dask's to replace and to redo."""

    name = "dask"

    def __init__(self, settings: WorkerSettings) -> None:
        try:
            from distributed import Client, LocalCluster
        except ImportError:
            raise ValueError(
                'backend dask needs Dask: pip install "evolino[dask]"'
            ) from None
        self._cluster: Any = None
        self._lonely_since: float | None = None
        if settings.scheduler is None:
            self._cluster = LocalCluster(
                n_workers=settings.count,
                threads_per_worker=1,
                memory_limit=0,
                dashboard_address="127.0.0.1:0",
                silence_logs=logging.CRITICAL,
            )
        address = settings.scheduler
        try:
            self._client = Client(
                self._cluster or address, timeout=PATIENCE, set_as_default=False
            )
        except (OSError, ValueError) as error:
            raise ValueError(f"no Dask scheduler at {address}: {error}") from None
        if self._cluster is None:
            self.count = self._workers_there()
        else:
            self.count = settings.count
            self._shield_from_interrupts()

    def parallel(self) -> Any:
        """Return the joblib.Parallel."""
        from joblib import Parallel, parallel_config

        with parallel_config(backend="dask", client=self._client):
            return Parallel(n_jobs=-1, batch_size=1, pre_dispatch="all")

    def check(self) -> None:
        """Raise EvaluationError if the scheduler or all workers are gone.

        Dask itself would wait for them without end.
        """
        if self._client.status != "running":
            raise EvaluationError("the Dask scheduler is gone")
        try:
            workers = self._client.nthreads()
        except Exception as error:  # it went this very moment
            raise EvaluationError("the Dask scheduler is gone") from error
        if workers:
            self._lonely_since = None
        elif self._lonely_since is None:
            self._lonely_since = time.monotonic()
        elif time.monotonic() - self._lonely_since > LONELY:
            raise EvaluationError("the Dask cluster has no workers left")

    def recover(self, error: Exception) -> bool:
        """Dask redoes by itself what a lost worker was at; not what it alone knew of."""
        from concurrent.futures import CancelledError

        self.check()
        return isinstance(error, CancelledError)

    def kill(self) -> None:
        """End the cluster if it was started here; on another one, drop what waits."""
        self.close()

    def close(self) -> None:
        """Leave the cluster, or end it."""
        with suppress(Exception):  # of a scheduler that is gone
            self._client.close(timeout=2)
        if self._cluster is not None:
            with suppress(Exception):
                self._cluster.close(timeout=5)

    def _shield_from_interrupts(self) -> None:
        """Have our own workers, also those to come, leave Ctrl-C to the run."""
        from distributed import WorkerPlugin

        class Shield(WorkerPlugin):  # type: ignore[misc]
            def setup(self, worker: Any) -> None:
                ignore_interrupts()

        self._client.register_plugin(Shield())

    def _workers_there(self) -> int:
        try:
            self._client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError:
            self.close()
            raise ValueError("the Dask scheduler has no workers") from None
        return sum(self._client.nthreads().values())
