"""Processes of a Ray cluster: one that runs somewhere, or one started here."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from evolino.training.workers.base import EvaluationError, WorkerSettings

PATIENCE = 10.0  # seconds to reach a cluster
CLUSTER = "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"


class Ray:
    """Actors of a Ray cluster. A Ray that is running in this process is used as it is."""

    name = "ray"

    def __init__(self, settings: WorkerSettings) -> None:
        try:
            with _loopback(here=settings.scheduler is None):
                import ray
                from ray.util.joblib import register_ray
        except ImportError:
            raise ValueError('backend ray needs Ray: pip install "evolino[ray]"') from None
        self._ray, self._parallel = ray, None
        self._joined, self._gone = settings.scheduler, False
        self._ours = not ray.is_initialized()
        if self._ours:
            self._start(settings)
        register_ray()
        there = settings.scheduler is not None
        self.count = int(ray.cluster_resources()["CPU"]) if there else settings.count

    def parallel(self) -> Any:
        """Return the joblib.Parallel; its actors serve until they are lost."""
        from joblib import Parallel, parallel_config

        if self._parallel is None:
            with parallel_config(backend="ray"):
                parallel = Parallel(n_jobs=self.count, batch_size=1, pre_dispatch="all")
            self._parallel = parallel.__enter__()
        return self._parallel

    def check(self) -> None:
        """Raise EvaluationError if a cluster that was joined is gone.

        Ray itself would end the process, after a minute and in many lines.
        """
        if self._joined is None:
            return
        try:
            _knock(self._joined)
        except OSError:
            self._gone = True
            raise EvaluationError("the Ray cluster is gone") from None

    def recover(self, error: Exception) -> bool:
        """Lost actors are replaced by others."""
        self.check()
        if not isinstance(error, self._ray.exceptions.RayError):
            return False
        self._leave()
        return True

    def kill(self) -> None:
        """Kill the actors."""
        self.close()

    def close(self) -> None:
        """End the actors, and Ray if it was started here."""
        if self._gone:
            return
        self._leave()
        if self._ours:
            self._ray.shutdown()

    def _start(self, settings: WorkerSettings) -> None:
        common: dict[str, Any] = {
            "log_to_driver": False,
            "logging_level": logging.ERROR,
        }
        if settings.scheduler is None:
            with _loopback(here=True):
                self._ray.init(num_cpus=settings.count, include_dashboard=False, **common)
            return
        address = settings.scheduler
        try:
            _knock(address)
            self._ray.init(address=address, **common)
        except (OSError, RuntimeError, ValueError) as error:
            text = " ".join(str(error).split())
            raise ValueError(f"no Ray cluster at {address}: {text}") from None

    def _leave(self) -> None:
        parallel, self._parallel = self._parallel, None
        if parallel is not None:
            with suppress(Exception):
                parallel.__exit__(None, None, None)


@contextmanager
def _loopback(*, here: bool) -> Iterator[None]:
    """Have a Ray that is started here listen on the loopback address only.

    On Linux Ray does so where it is set to be no cluster, when it is imported and
    when it starts its processes; on other systems it always does.
    """
    if not here or CLUSTER in os.environ:
        yield
        return
    os.environ[CLUSTER] = "0"
    try:
        yield
    finally:
        del os.environ[CLUSTER]


def _knock(address: str) -> None:
    """Raise OSError or ValueError if nothing listens: Ray itself would try for a minute."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdigit():
        raise ValueError("the address must be host:port or ray://host:port")
    socket.create_connection((host, int(port)), timeout=PATIENCE).close()
