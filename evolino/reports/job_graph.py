"""Job graph of several tables: all their seeds and baselines by one pool of processes.

The baselines of a row become a job once all its seeds have ended. Of the jobs that wait,
the one of the highest priority comes first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from evolino.reports.job_processes import in_processes
from evolino.reports.jobs import FINISHED, INTERRUPTED, Job, Outcome, Runner, perform
from evolino.reports.progress import Display
from evolino.reports.reproduce import Reproduction
from evolino.training.interrupts import interruptible

Priority = Callable[[Job], float]


class JobGraph:
    """Tables that are made together.

    tables: each with its own files. runner: what does the work. priority: of a job, the
    highest is next. workers: processes.
    """

    def __init__(
        self,
        tables: Sequence[Reproduction],
        runner: Runner,
        priority: Priority,
        workers: int,
    ) -> None:
        self._tables = {each.table.name: each for each in tables}
        self._runner, self._priority, self._workers = runner, priority, workers
        self._jobs: list[Job] = []  # that wait, in order
        self._seeds: dict[tuple[str, int], int] = {}  # of a row, that have not ended
        self._open: dict[str, int] = {}  # jobs of a table, that have not ended

    def run(self, title: str, *, quiet: bool) -> None:
        """Do all jobs; write a table after each of its jobs, draw it after the last.

        title: of the display. Raises KeyboardInterrupt after Ctrl-C, when all is saved;
        another run goes on.
        """
        for table in self._tables.values():
            self._begin(table)
        self._sort()
        finished = sum(len(row.seeds) for t in self._tables.values() for row in t.rows)
        total = sum(self._seeds.values()) + sum(t.lacking for t in self._tables.values())
        with interruptible() as interrupt, Display(title, total, quiet=quiet) as display:
            if finished:
                display.say(f"{title}: {finished} seeds were finished before")
            working = in_processes(
                self._jobs,
                self._workers,
                partial(perform, runner=self._runner),
                stop=lambda: interrupt.requested,
                report=display.report,
            )
            for job, outcome in working:
                display.end(job, outcome, self._take(job, outcome))
                if outcome.status == INTERRUPTED:
                    interrupt.requested = True
                else:
                    self._ended(job)
            if interrupt.requested:
                display.say("interrupted; the same command goes on")
                raise KeyboardInterrupt

    def _begin(self, table: Reproduction) -> None:
        """Queue the seeds of a table that are not finished, and the baselines of rows that
        have no such seeds."""
        name = table.table.name
        self._open[name] = 0
        for job in table.unfinished():
            self._queue(replace(job, table=name))
            self._seeds[name, job.row] = self._seeds.get((name, job.row), 0) + 1
        for number in range(len(table.rows)):
            if (name, number) not in self._seeds:
                self._queue_baselines(table, number)

    def _queue(self, job: Job) -> None:
        self._jobs.append(job)
        self._open[job.table] += 1

    def _sort(self) -> None:
        self._jobs.sort(key=self._priority, reverse=True)

    def _queue_baselines(self, table: Reproduction, number: int) -> None:
        job = table.baselines_of(number)
        if job is not None:
            self._queue(replace(job, table=table.table.name))

    def _take(self, job: Job, outcome: Outcome) -> str:
        """Take an outcome into its table; return its figures to show."""
        table = self._tables[job.table]
        text = table.take(job, outcome)
        if job.place is not None and outcome.status == FINISHED:
            entry = table.rows[job.row].seeds[job.seed]
            entry["job_cpu_seconds"] = round(outcome.cpu_seconds, 3)
        return text

    def _ended(self, job: Job) -> None:
        """Queue what the end of a job makes possible; write its table."""
        table = self._tables[job.table]
        self._open[job.table] -= 1
        if job.place is not None:
            self._seeds[job.table, job.row] -= 1
            if not self._seeds[job.table, job.row]:
                self._queue_baselines(table, job.row)
                self._sort()
        if table.anything:
            table.write()
            if not self._open[job.table]:
                table.draw()
