"""Workers: many networks evaluated at once, with the same bits as one after another.

Threads of this process are the default and the fastest on one machine; processes of this
machine or of a cluster are reached through joblib.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from evolino.training.workers.base import Workers, WorkerSettings, nothing
from evolino.training.workers.threads import ThreadWorkers
from evolino.training.workers.through_joblib import Cluster, JoblibWorkers


@contextmanager
def open_workers(
    settings: int | WorkerSettings,
    say: Callable[[str], None] = print,
    watch: Callable[[], None] = nothing,
) -> Iterator[Workers]:
    """Open workers, each with one BLAS thread; a number is so many threads.

    say: called with a message of workers that were lost. watch: is called while they
    work; what it raises ends that. What is still running when an error ends the block is
    killed if it is a process, else left behind. Raises ValueError, saying what
    to install or what does not answer, for a backend that cannot be had.
    """
    from threadpoolctl import threadpool_limits

    if not isinstance(settings, WorkerSettings):
        settings = WorkerSettings(settings)
    with threadpool_limits(1):
        if settings.backend == "threads":
            threads = ThreadWorkers(settings.count, settings.timeout, watch)
            try:
                yield threads
            finally:
                threads.close()
            return
        workers = JoblibWorkers(_cluster(settings), settings.timeout, say, watch)
        try:
            yield workers
        except BaseException:
            workers.kill()
            raise
        finally:
            workers.close()


def _cluster(settings: WorkerSettings) -> Cluster:
    if settings.backend == "loky":
        from evolino.training.workers.loky import Loky

        return Loky(settings.count)
    if settings.backend == "dask":
        from evolino.training.workers.dask import Dask

        return Dask(settings)
    from evolino.training.workers.ray import Ray

    return Ray(settings)
