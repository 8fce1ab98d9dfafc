"""Reproduce a table over seeds: run what is unfinished, write JSON, Markdown, pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evolino.reports.job_processes import Perform, in_processes
from evolino.reports.jobs import (
    FAILED,
    FINISHED,
    INTERRUPTED,
    Job,
    Outcome,
    Runner,
    Trainer,
    is_finished,
    perform,
    seed_places,
)
from evolino.reports.progress import Display
from evolino.reports.table_pictures import draw_table
from evolino.reports.table_record import (
    RowRecord,
    failed_entry,
    finished_entry,
    table_record,
    take_over,
)
from evolino.storage.files import replace_file, user_path
from evolino.storage.json_text import read_json, write_json
from evolino.training.interrupts import Interrupt, interruptible
from evolino.vocabulary import check_count

if TYPE_CHECKING:
    from evolino.plots.fitness_curves import Curve
    from evolino.training.history import Generation
    from evolino.training.tables import Table

RESULTS = Path("results")


def reproduce(
    table: str,
    *,
    seeds: int | range,
    workers: int,
    out: Path = RESULTS,
    first_seed: int = 0,
    quiet: bool = False,
    run: Runner | None = None,
    rows: Sequence[str] | None = None,
    baselines_only: bool = False,
) -> Path:
    """Run every row of a table over seeds, and write what came of it.

    table: a name, such as "mso-paper". seeds: how many from first_seed on, or which.
    workers: seeds that run at once, a process and a core each; where the table says so,
    seeds run one after another with that many threads. out: the folder of <table>.json,
    .md and .png; runs are in out/seeds. run: what does the work instead of the trainer.
    rows: labels of the rows to run, the others stay as they are; None: all. baselines_only:
    run no seed; measure the baselines that <table>.json lacks beside the seeds that it
    holds.

    A finished seed is not run again, an interrupted one goes on, and one that fails is
    counted. Other seeds that <table>.json holds stay in it while the settings are the same.
    Returns the path of <table>.json, which is written after each seed. Raises ValueError
    for an unknown table or a wrong count, and KeyboardInterrupt after Ctrl-C, when all is
    saved; the same call then goes on.
    """
    from evolino.training.tables import load_table

    if not isinstance(seeds, range):
        check_count("seeds", seeds)
        check_count("first_seed", first_seed, least=0, most=None)
        seeds = range(first_seed, first_seed + seeds)
    check_count("workers", workers)
    work = Reproduction(
        load_table(table), seeds, workers, user_path(out, "out"), run or Trainer(), rows
    )
    if baselines_only:
        work.keep_seeds()
    try:
        work.run_all(quiet=quiet)
    finally:
        if work.anything:
            work.write()
            work.draw()
    return work.path


class Reproduction:
    """A table that is being reproduced."""

    def __init__(
        self,
        table: Table,
        seeds: range,
        workers: int,
        out: Path,
        runner: Runner,
        chosen: Sequence[str] | None = None,
        command: str | None = None,
    ) -> None:
        """Take over what is recorded. command: that makes the table; None: of this table
        alone."""
        self._made_by = command
        self.table, self.seeds, self.workers, self.out = table, seeds, workers, out
        self.path = out / f"{table.name}.json"
        self.rows = [RowRecord(row, row.experiment(seeds[0])) for row in table.rows]
        self.places: list[Sequence[Path]] = [
            seed_places(out, table.name, r.label, seeds) for r in table.rows
        ]
        self._runner = runner
        self._perform: Perform = partial(perform, runner=runner)
        self._threads = 1 if table.seeds_in_parallel else workers
        self._chosen = [row.label for row in table.rows] if chosen is None else chosen
        self._earlier: Mapping[str, Any] | None = None
        take_over(self.path, self.rows)

    def keep_seeds(self) -> None:
        """Run no seed: the record keeps those that it has, and the command that made them.

        Raises ValueError where no record has a seed of these settings.
        """
        if not self.anything:
            raise ValueError(
                f"baselines alone need the seeds of a record of these settings, and "
                f"{self.path} has none"
            )
        self._earlier = read_json(self.path.read_bytes())
        self.places = [()] * len(self.rows)

    @property
    def anything(self) -> bool:
        """Whether there is a seed to write of."""
        return any(row.seeds for row in self.rows)

    @property
    def lacking(self) -> int:
        """How many of its rows lack baselines."""
        chosen = [row for row in self.rows if row.row.label in self._chosen]
        return sum(self._runner.lacking(row.first, row.baselines) for row in chosen)

    def run_all(self, *, quiet: bool) -> None:
        """Run what is not finished, then measure the baselines that are not known."""
        jobs = self.unfinished()
        total = len(jobs) + self.lacking
        known = sum(len(places) for places in self.places) - len(jobs)
        display = Display(self.table.name, total, quiet=quiet)
        with interruptible() as interrupt, display:
            if known:
                display.say(f"{self.table.name}: {known} seeds were finished before")
            self._work_through(jobs, interrupt, display)
            measuring = [self.baselines_of(number) for number in range(len(self.rows))]
            self._work_through([job for job in measuring if job], interrupt, display)
            if interrupt.requested:
                display.say("interrupted; the same command goes on")
                raise KeyboardInterrupt

    def write(self) -> None:
        """Write <table>.json and <table>.md."""
        from evolino.reports.markdown import render_markdown

        record = table_record(
            self.table, self.rows, command=self.command, workers=self._seed_threads
        )
        replace_file(self.path, write_json(record, indent=1))
        replace_file(self.path.with_suffix(".md"), render_markdown(record).encode())

    def draw(self) -> None:
        """Draw the fitness of every row over its seeds; of many rows their figures."""
        from evolino.plots import read_curve
        from evolino.training.run_files import HISTORY

        groups: dict[str, list[Curve]] = {
            row.row.label: [
                read_curve(place, "evaluations")
                for seed, place in zip(self.seeds, places, strict=False)
                if seed in row.seeds and (place / HISTORY).exists()
            ]
            for row, places in zip(self.rows, self.places, strict=True)
        }
        draw_table(read_json(self.path.read_bytes()), groups, self.path)
        if self.table.sweep:
            self._draw_sweep()

    def _draw_sweep(self) -> None:
        """Draw the metric against the number of cells and against seconds."""
        from evolino.plots import save, sweep_figure

        points = [row.sweep_point(self.table.metric) for row in self.rows if row.seeds]
        figure = sweep_figure(points, metric=self.table.metric)
        save(figure, self.path.with_name(f"{self.table.name}-sweep.png"))

    @property
    def command(self) -> str:
        """The command that makes the table, with all the seeds that it holds."""
        if self._made_by is not None:
            return self._made_by
        if self._earlier is not None:
            return str(self._earlier["command"])
        held = sorted({seed for row in self.rows for seed in row.seeds} | {*self.seeds})
        parts = [f"evolino reproduce {self.table.name} --seeds {held[-1] - held[0] + 1}"]
        parts.append(f"--workers {self.workers}")
        if held[0]:
            parts.append(f"--first-seed {held[0]}")
        if self.out != RESULTS:
            shown = self.out.name if self.out.is_absolute() else self.out
            parts.append(f"--out {shown}")
        return " ".join(parts)

    def unfinished(self) -> list[Job]:
        """Take the finished seeds into the record; return jobs for the others."""
        self.out.mkdir(parents=True, exist_ok=True)
        jobs = []
        for number, (row, places) in enumerate(zip(self.rows, self.places, strict=True)):
            for seed, place in zip(self.seeds[: len(places)], places, strict=True):
                experiment = row.row.experiment(seed)
                if is_finished(place, experiment):
                    row.seeds[seed] = finished_entry(seed, place)
                elif row.row.label in self._chosen:
                    label, threads = row.row.label, self._threads
                    jobs.append(
                        Job(label, number, seed, experiment, place, workers=threads)
                    )
        return jobs

    def baselines_of(self, number: int) -> Job | None:
        """Return the job that measures what a row's baselines lack; None for nothing, and
        as long as no seed of the row has finished."""
        row = self.rows[number]
        effort = row.baseline_effort(self._threads, self._seed_threads)
        if row.row.label not in self._chosen or effort is None:
            return None
        experiment = row.row.experiment(row.baselines_seed)
        known = tuple(row.baselines)
        if not self._runner.lacking(experiment, known):
            return None
        job = Job(row.row.label, number, row.baselines_seed, experiment, None)
        return replace(job, effort=effort, known=known)

    @property
    def _seed_threads(self) -> int:
        """Threads of each seed, as far as a record says it those of its seeds."""
        earlier = self._earlier or {}
        return int(earlier.get("workers_per_seed", self._threads))

    def _work_through(
        self, jobs: list[Job], interrupt: Interrupt, display: Display
    ) -> None:
        """Do jobs until they are done or Ctrl-C; write the record after each."""

        def stop() -> bool:
            return interrupt.requested

        for job, outcome in self._each(jobs, stop, display.report):
            display.end(job, outcome, self.take(job, outcome))
            if outcome.status == INTERRUPTED:
                interrupt.requested = True
            elif self.anything:
                self.write()

    def _each(
        self,
        jobs: list[Job],
        stop: Callable[[], bool],
        report: Callable[[Job, Generation | None], None],
    ) -> Iterator[tuple[Job, Outcome]]:
        """Yield jobs with their outcomes: in processes, or here one after another."""
        if self.workers > 1 and self.table.seeds_in_parallel:
            yield from in_processes(
                jobs, self.workers, self._perform, stop=stop, report=report
            )
            return
        for job in jobs:
            if stop():
                return
            report(job, None)
            yield job, self._perform(job, partial(report, job), stop)

    def take(self, job: Job, outcome: Outcome) -> str:
        """Take an outcome into the record; return its figures to show."""
        row = self.rows[job.row]
        if job.place is None:
            row.baselines |= outcome.content or {}
            row.baselines_error = outcome.error
            return f"measured, {outcome.cpu_seconds:.3g} CPU s"
        if outcome.status == FAILED:
            row.seeds[job.seed] = failed_entry(job.seed, outcome.error)
        if outcome.status != FINISHED:
            return ""
        entry = finished_entry(job.seed, job.place)
        row.seeds[job.seed] = entry
        figure = entry["metrics"].get(self.table.metric, float("inf"))
        return f"{self.table.metric} {figure:.3g}, {entry['seconds']:.3g} s"
