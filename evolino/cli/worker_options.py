"""The options that say who evaluates, shared by `run` and `resume`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, cast

import typer

if TYPE_CHECKING:
    from evolino.training.workers import base
    from evolino.training.workers.base import WorkerSettings

Workers = Annotated[
    int | None,
    typer.Option(
        help="How many at once; the result does not depend on them.", show_default="cores"
    ),
]
Backend = Annotated[str, typer.Option(help="threads, or processes by loky, dask or ray.")]
Scheduler = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS",
        help="Join a running cluster: tcp://host:8786 (dask), host:6379 or "
        "ray://host:10001 (ray).",
    ),
]
Timeout = Annotated[
    float | None,
    typer.Option(
        metavar="SECONDS",
        help="Stop, resumable, when evaluating a generation takes longer.",
    ),
]


def worker_settings(
    workers: int | None, backend: str, scheduler: str | None, timeout: float | None
) -> WorkerSettings:
    """Return the settings of the options. Raises ValueError for what cannot work."""
    from evolino.training.workers.base import WorkerSettings

    checked = cast("base.Backend", backend)  # by WorkerSettings
    return WorkerSettings(worker_count(workers), checked, scheduler, timeout)


def worker_count(workers: int | None) -> int:
    """Return workers, or the cores that this process may use. Raises ValueError below 1."""
    import os

    from evolino.vocabulary import check_count

    if workers is None:
        usable = getattr(os, "sched_getaffinity", None)
        return len(usable(0)) if usable else os.cpu_count() or 1
    check_count("workers", workers)
    return workers
