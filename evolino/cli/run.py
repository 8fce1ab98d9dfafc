"""`evolino run TASK`: a command for each task, its options the fields of the task."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from evolino.cli.assignments import read_assignments
from evolino.cli.task_options import TaskOption, task_options
from evolino.cli.worker_options import Backend, Scheduler, Timeout, Workers, worker_settings

if TYPE_CHECKING:
    from evolino.training.experiment import Islands
    from evolino.training.result import Result
    from evolino.training.run_folder import RunFolder

LIMITS = ("generations", "evaluations", "seconds", "target", "stagnation")


class TaskCommands(TyperGroup):
    """The tasks as commands; a task's module is imported when its command is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of the tasks."""
        from evolino.registry import names

        return names("task")

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a task's command. Raises ValueError, naming the nearest, for others."""
        return task_command(cmd_name)


run_app = typer.Typer(
    cls=TaskCommands,
    help="Evolve a network for a task.",
    epilog="'evolino run TASK --help' shows a task's own options.",
    rich_markup_mode=None,
    subcommand_metavar="TASK [OPTIONS]",
)


@run_app.callback(invoke_without_command=True)
def _run(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def task_command(name: str) -> Any:
    """Return the command that runs a task: its own options, then the general."""
    from evolino.registry import find

    task = find("task", name)
    taken = set(inspect.signature(_general).parameters)
    own = task_options(task, taken)
    single = typer.Typer(add_completion=False, rich_markup_mode=None)
    first_line = (inspect.getdoc(task) or name).partition("\n")[0]
    single.command(name=name, help=first_line, epilog=_example(name, own))(
        _command(name, own)
    )
    return typer.main.get_command(single)


def _command(name: str, own: list[TaskOption]) -> Callable[..., None]:
    """Return a function whose signature holds all options, for typer to read."""
    general = inspect.signature(_general, eval_str=True).parameters

    def command(**given: Any) -> None:
        options = {option.field: option.read(given.pop(option.argument)) for option in own}
        known = {key: value for key, value in options.items() if value is not None}
        _general(name, known, **given)

    parameters = [option.parameter() for option in own]
    parameters += [p for p in general.values() if p.name not in ("task", "options")]
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {p.name: p.annotation for p in parameters}
    return command


def _example(name: str, own: list[TaskOption]) -> str:
    shown = next((option.example for option in own if option.example), "")
    start = f"evolino run {name} {shown}"
    return (
        f"Example: {start}--seed 1 --out runs/first; in processes: {start}--islands 8 "
        f"--backend loky --workers 4; on a cluster: {start}--backend dask --scheduler "
        "tcp://host:8786"
    )


def _general(
    task: str,
    options: dict[str, Any],
    *,
    preset: Annotated[
        str | None, typer.Option(help="Settings to start from.", show_default="best")
    ] = None,
    cells: Annotated[int | None, typer.Option(help="Memory cells.")] = None,
    precision: Annotated[
        str | None,
        typer.Option(
            help="float64, or float32: twice as fast, accurate to 1e-6.",
            show_default="float64",
        ),
    ] = None,
    search: Annotated[
        str | None,
        typer.Option(help="Search over weights: esp, genetic, cma-es, random, .."),
    ] = None,
    readout: Annotated[
        str | None,
        typer.Option(
            help="How outputs are solved: pseudo-inverse, ridge, svm, kernel-svm, .."
        ),
    ] = None,
    initialiser: Annotated[
        str | None, typer.Option(help="How the first weights are drawn.")
    ] = None,
    islands: Annotated[
        int | None,
        typer.Option(help="Searches that evolve apart and exchange their best in a ring."),
    ] = None,
    migrate_every: Annotated[
        int | None,
        typer.Option(help="Generations between exchanges.", show_default="10"),
    ] = None,
    assignments: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="Any field of network, initialiser, search or readout, "
            "readout.capacity=100; or ensemble=4, fit_weight=1; several times.",
        ),
    ] = None,
    robust: Annotated[
        float | None,
        typer.Option(help="Noise on all cells in the free runs that select, such as 1e-4."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of all randomness.")] = 0,
    workers: Workers = None,
    backend: Backend = "threads",
    scheduler: Scheduler = None,
    timeout: Timeout = None,
    generations: Annotated[int | None, typer.Option(help="Stop after so many.")] = None,
    evaluations: Annotated[
        int | None, typer.Option(help="Stop after so many networks.")
    ] = None,
    seconds: Annotated[float | None, typer.Option(help="Stop after so long.")] = None,
    target: Annotated[float | None, typer.Option(help="Stop at this loss.")] = None,
    stagnation: Annotated[
        int | None, typer.Option(help="Stop after so many generations without progress.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the run.", show_default="results/runs/..")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Use --out even if it holds an earlier run.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing.")] = False,
    baselines: Annotated[
        bool,
        typer.Option(help="Measure what an unevolved network and random search reach."),
    ] = True,
) -> None:
    """Run a task; options: fields of the task that were given."""
    from dataclasses import replace

    from evolino.cli.progress import Progress
    from evolino.training.presets import experiment_for
    from evolino.training.run_folder import RunFolder
    from evolino.training.trainer import run_experiment

    limits = dict(
        zip(LIMITS, (generations, evaluations, seconds, target, stagnation), strict=True)
    )
    pool = worker_settings(workers, backend, scheduler, timeout)
    experiment = experiment_for(
        task,
        preset,
        task_options=options,
        cells=cells,
        precision=precision,
        search=search,
        readout=readout,
        initialiser=initialiser,
        fields=read_assignments(assignments or ()),
        seed=seed,
        budget_options=limits,
    )
    if islands is not None or migrate_every is not None:
        experiment = replace(experiment, islands=_islands(islands, migrate_every))
    if robust is not None:
        experiment = replace(experiment, robust=robust)
    folder = RunFolder.create(out, experiment, force=force)
    try:
        with resumable(folder, quiet=quiet), Progress(quiet=quiet) as progress:
            result = run_experiment(
                experiment,
                workers=pool,
                folder=folder,
                callbacks=[progress],
                baselines=baselines,
            )
    except (ValueError, TypeError, MemoryError):
        folder.discard_unless_begun()
        raise
    conclude(folder, result, quiet=quiet)


@contextmanager
def resumable(folder: RunFolder, *, quiet: bool) -> Iterator[None]:
    """Say how to go on, should a Ctrl-C end the run at once."""
    try:
        yield
    except KeyboardInterrupt:
        if not quiet:
            typer.echo(f"go on with   {folder.resume_command}")
        raise


def _islands(count: int | None, migrate_every: int | None) -> Islands:
    from evolino.training.experiment import Islands

    if count is None:
        raise ValueError("migrate_every needs islands")
    return Islands(count) if migrate_every is None else Islands(count, migrate_every)


def conclude(folder: RunFolder, result: Result, *, quiet: bool) -> None:
    """Draw the fitness, print the table and where all is. Exits with 130 if interrupted."""
    from evolino.cli.show import print_run

    picture = None
    if result.history:
        from evolino.plots import fitness

        picture = folder.path / "fitness.png"
        fitness([folder.path], picture, trust=True)
    if not quiet:
        print_run(folder)
        typer.echo(f"run      {folder.path}")
        if picture is not None:
            typer.echo(f"picture  {picture}")
    if result.interrupted:
        raise typer.Exit(130)
