"""Process pool for jobs: one process each, so that none slows or crashes another.

Each process serves one job after another through a pipe. A process that dies costs the job
it was at; when the parent is gone, however it died, the process ends as well.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import TYPE_CHECKING

from evolino.reports.jobs import FAILED, INTERRUPTED, Job, Outcome
from evolino.training.workers.parent import serve_parent

if TYPE_CHECKING:
    from evolino.training.history import Generation

Perform = Callable[
    [Job, Callable[["Generation"], None], Callable[[], bool]],
    Outcome,
]
TICK = 0.1  # seconds between looks at whether to stop
REPORT_EVERY = 0.25  # seconds
PATIENCE = 20.0  # seconds that a generation may take once the table is to stop
STOP = "stop"
THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
)


def in_processes(
    jobs: list[Job],
    count: int,
    perform: Perform,
    *,
    stop: Callable[[], bool],
    report: Callable[[Job, Generation | None], None],
) -> Iterator[tuple[Job, Outcome]]:
    """Yield each job with its outcome, as they end; `count` at a time.

    jobs: the first is taken from the list each time; the caller may add to it until the
    last one has ended. perform: must be picklable. stop: looked at all the time; once it is
    true, running jobs get a request to stop and no other begins. report: called at a job's
    begin (with None) and with each of its generations.
    """
    servers = [Server(perform) for _ in range(min(count, len(jobs)))]
    deadline = float("inf")
    try:
        while True:
            if stop() and deadline == float("inf"):
                deadline = time.monotonic() + PATIENCE
                jobs.clear()
                for server in servers:
                    server.ask_to_stop()
            for server in servers:
                if server.job is None and jobs:
                    server.begin(jobs.pop(0))
                    report(server.at, None)
            busy = {s.pipe: s for s in servers if s.job is not None}
            if not busy:
                return
            for pipe in wait(list(busy), timeout=TICK):
                server = busy[pipe]  # type: ignore[index]
                job, message = server.at, server.receive()
                if isinstance(message, Outcome):
                    server.job = None
                    yield job, message
                else:
                    report(job, message)
            if time.monotonic() > deadline:
                for server in busy.values():
                    yield server.at, Outcome(INTERRUPTED)
                return
    finally:
        for server in servers:
            server.end()


@dataclass(slots=True)
class Server:
    """A process, and the job that it is at."""

    perform: Perform
    job: Job | None = None
    pipe: Connection = field(init=False)
    process: SpawnProcess = field(init=False)

    def __post_init__(self) -> None:
        """Start the process."""
        self._start()

    @property
    def at(self) -> Job:
        """The job; there must be one."""
        assert self.job is not None
        return self.job

    def begin(self, job: Job) -> None:
        """Hand it a job; a process that died while idle is replaced."""
        if not self.process.is_alive():
            self._start()
        self.job = job
        self.pipe.send(job)

    def receive(self) -> Outcome | Generation:
        """Return its message; if it died, the failure of its job, and start another."""
        try:
            message: Outcome | Generation = self.pipe.recv()
        except (EOFError, OSError):
            self.process.join()
            code = self.process.exitcode
            self._start()
            return Outcome(FAILED, error=f"its process died, exit code {code}")
        return message

    def ask_to_stop(self) -> None:
        """Ask it to stop after the generation that it is at."""
        if self.job is not None:
            with suppress(OSError):
                self.pipe.send(STOP)

    def end(self) -> None:
        """End the process, whatever it is at; checkpoints are whole at every moment."""
        self.pipe.close()
        if self.job is not None:
            self.process.kill()
        self.process.join()

    def _start(self) -> None:
        context = get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(
            target=_serve, args=(theirs, self.perform), daemon=True
        )
        # A Ctrl-C while the process is loaded would end it in many lines.
        with _interrupts_wait():
            self.process.start()
        theirs.close()


@contextmanager
def _interrupts_wait() -> Iterator[None]:
    """Have Ctrl-C wait; a process that is started meanwhile has it wait, too."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # whose start would end the waiting
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(pipe: Connection, perform: Perform) -> None:
    """Do jobs until the pipe closes. Signals are the parent's to pass on."""
    serve_parent()
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    os.environ.update(dict.fromkeys(THREADS, "1"))
    last = 0.0

    def report(generation: Generation) -> None:
        nonlocal last
        if time.monotonic() - last >= REPORT_EVERY:
            pipe.send(generation)
            last = time.monotonic()

    try:
        while True:
            job = pipe.recv()
            if job == STOP:
                continue
            pipe.send(perform(job, report, pipe.poll))
    except (EOFError, OSError):
        return
