"""`evolino run TASK`: a command for each task, its options the fields of the task."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup

from evolino.cli.baseline_options import check_all_baselines, with_trained_baselines
from evolino.cli.option_record import parameters_of, with_parameters
from evolino.cli.run_options import RunOptions, experiment_of
from evolino.cli.task_options import TaskOption, task_options
from evolino.cli.worker_options import worker_settings
from evolino.storage.plain_text import shown

if TYPE_CHECKING:
    from evolino.training.result import Result
    from evolino.training.run_folder import RunFolder


TABLES = "csv"


class TaskCommands(TyperGroup):
    """The tasks as commands; a task's module is imported when its command is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of the tasks, and `csv`, which is for tables of one's own."""
        from evolino.registry import names

        return [*names("task"), TABLES]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a task's command. Raises ValueError, naming the nearest, for others."""
        return tables_command() if cmd_name == TABLES else task_command(cmd_name)


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


def tables_command() -> Any:
    """Return the command for tables of one's own."""
    from evolino.cli.run_csv import run_csv

    single = typer.Typer(add_completion=False, rich_markup_mode=None)
    example = "evolino run csv sales.csv --target sales --time month --horizon 12"
    single.command(name=TABLES, epilog=f"Example: {example} --csv forecast.csv")(run_csv)
    return typer.main.get_command(single)


def task_command(name: str) -> Any:
    """Return the command that runs a task: its own options, then the general."""
    from evolino.registry import find

    task = find("task", name)
    own = task_options(task, {each.name for each in fields(RunOptions)})
    single = typer.Typer(add_completion=False, rich_markup_mode=None)
    first_line = (inspect.getdoc(task) or name).partition("\n")[0]
    single.command(name=name, help=first_line, epilog=_example(name, own))(
        _command(name, own)
    )
    return typer.main.get_command(single)


def _command(name: str, own: list[TaskOption]) -> Callable[..., None]:
    """Return a function whose signature holds all options, for typer to read."""

    def command(**given: Any) -> None:
        options = {option.field: option.read(given.pop(option.argument)) for option in own}
        known = {key: value for key, value in options.items() if value is not None}
        _run_task(name, known, RunOptions(**given))

    parameters = [option.parameter() for option in own]
    return with_parameters(command, [*parameters, *parameters_of(RunOptions)])


def _example(name: str, own: list[TaskOption]) -> str:
    shown = next((option.example for option in own if option.example), "")
    start = f"evolino run {name} {shown}"
    return (
        f"Example: {start}--seed 1 --out runs/first; in processes: {start}--islands 8 "
        f"--backend loky --workers 4; on a cluster: {start}--backend dask --scheduler "
        "tcp://host:8786"
    )


def _run_task(task: str, fields: dict[str, Any], options: RunOptions) -> None:
    """Run a task. fields: of the task, those that were given."""
    from evolino.training.progress import Progress
    from evolino.training.run_experiment import run_experiment
    from evolino.training.run_folder import RunFolder
    from evolino.training.stopping import SavingError
    from evolino.training.tracking import require, tracked
    from evolino.training.workers.base import EvaluationError

    pool = worker_settings(
        options.workers, options.backend, options.scheduler, options.timeout
    )
    if options.all_baselines:
        check_all_baselines(options.baselines, options.backend)
    experiment = experiment_of(task, fields, options)
    if options.track is not None:
        require(options.track)
    folder = RunFolder.create(options.out, experiment, force=options.force)
    try:
        with (
            resumable(folder, quiet=options.quiet),
            Progress(quiet=options.quiet) as bar,
            tracked(options.track, folder.path) as trackers,
        ):
            result = run_experiment(
                experiment,
                workers=pool,
                folder=folder,
                callbacks=[bar, *trackers],
                baselines=options.baselines,
            )
    except (EvaluationError, SavingError):
        raise
    except Exception:
        folder.discard_unless_begun()
        raise
    if options.all_baselines:
        result = with_trained_baselines(folder, result, pool.count, quiet=options.quiet)
    conclude(folder, result, quiet=options.quiet)


@contextmanager
def resumable(folder: RunFolder, *, quiet: bool) -> Iterator[None]:
    """Say how to go on, should a Ctrl-C end the run at once."""
    try:
        yield
    except KeyboardInterrupt:
        if not quiet:
            typer.echo(f"go on with   {folder.resume_command}")
        raise


def conclude(folder: RunFolder, result: Result, *, quiet: bool) -> None:
    """Draw the fitness, print the table and where all is. Exits with 130 if interrupted."""
    from evolino.cli.show import print_run

    picture = _fitness_picture(folder) if result.history else None
    if not quiet:
        print_run(folder)
        typer.echo(f"run      {shown(folder.path)}")
        if picture is not None:
            typer.echo(f"picture  {shown(picture)}")
    if result.interrupted:
        raise typer.Exit(130)


def _fitness_picture(folder: RunFolder) -> Path | None:
    """Draw the fitness of a run; a picture that fails is a line and no error."""
    picture = folder.path / "fitness.png"
    try:
        from evolino.plots import fitness

        if folder.refinement.times():
            fitness([folder.path], picture, against="cpu-seconds", trust=True)
        else:
            fitness([folder.path], picture, trust=True)
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        typer.echo(f"evolino: no picture: {shown(reason)}", err=True)
        return None
    return picture
