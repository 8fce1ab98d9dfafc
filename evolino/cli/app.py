"""The `evolino` command. Each command's file imports what it needs when it runs."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from evolino.cli.anomalies import anomalies
from evolino.cli.certify import certify
from evolino.cli.diagnose import diagnose
from evolino.cli.export import export
from evolino.cli.forecast import forecast
from evolino.cli.generate import generate
from evolino.cli.output import fill_standard_files, safe_streams
from evolino.cli.play import play
from evolino.cli.plot import plot
from evolino.cli.predict import predict
from evolino.cli.refine import refine
from evolino.cli.report import report
from evolino.cli.reproduce import reproduce
from evolino.cli.resume import resume
from evolino.cli.run import run_app
from evolino.cli.show import show
from evolino.cli.tasks import tasks
from evolino.storage.plain_text import shown

STOPPED, USER_ERROR, INTERRUPTED = 1, 2, 130
DEBUG = "EVOLINO_DEBUG"


class Commands(TyperGroup):
    """The commands in the order that a newcomer needs them."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names, `run` and `tasks` first."""
        first = ["run", "tasks", "resume", "show", "plot", "report", "forecast", "predict"]
        first += ["anomalies", "diagnose"]
        first += ["refine", "generate", "play", "certify", "export", "reproduce"]
        return sorted(self.commands, key=first.index)


app = typer.Typer(
    name="evolino",
    help="Evolve the memory cells of an LSTM, solve its output layer.",
    epilog=f"Example: evolino run mso. With {DEBUG}=1 errors show where they arose.",
    cls=Commands,
    add_completion=False,
    rich_markup_mode=None,
)
app.add_typer(run_app, name="run")
EXAMPLES: dict[Callable[..., None], str] = {
    resume: "evolino resume runs/first --generations 500 --backend loky --timeout 600",
    refine: "evolino refine runs/first --steps 500 --starts 200",
    show: "evolino show runs/first runs/second",
    plot: "evolino plot runs/first runs/second --against evaluations --out both.png",
    report: "evolino report runs/first runs/second --out both.html",
    certify: "evolino certify runs/first; of several: evolino certify runs/*",
    generate: "evolino generate runs/blues --bars 24 --swing 0.67 --wav blues.wav",
    play: "evolino play runs/pole --episodes 5 --gif pole.gif",
    export: "evolino export runs/first --to c --precision float --name filter",
    forecast: "evolino forecast runs/sales --steps 24 --csv next.csv --png next.png",
    predict: "evolino predict runs/gestures new.csv --csv labels.csv",
    anomalies: "evolino anomalies runs/sales new.csv --threshold 8 --png scores.png",
    diagnose: "evolino diagnose runs/first --png limits.png",
    tasks: "evolino tasks",
    reproduce: "evolino reproduce mso-paper --seeds 20 --workers 2",
}
for command, example in EXAMPLES.items():
    app.command(epilog=f"Example: {example}")(command)


def _print_version(requested: bool) -> None:
    if requested:
        from importlib.metadata import version

        typer.echo(f"evolino {version('evolino')}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _evolino(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", callback=_print_version, is_eager=True
        ),
    ] = False,
) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit: 0; after a line, 2 for wrong input and 1 for a run
    that stopped and can be resumed; 130 for Ctrl-C."""
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    fill_standard_files()
    with safe_streams() as output, _signals_as_ctrl_c():
        status = _run(arguments)
        output.flush()
        if output.lost and not status:
            typer.echo(f"evolino: standard output: {output.lost}", err=True)
            status = STOPPED
    return status


def _run(arguments: Sequence[str] | None) -> int:
    command: Any = typer.main.get_command(app)
    given = None if arguments is None else list(arguments)
    try:
        code = command.main(given, prog_name="evolino", standalone_mode=False)
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except Exception as error:
        message = _message(error)
        if message is None or os.environ.get(DEBUG):
            raise
        typer.echo(f"evolino: {message}", err=True)
        return STOPPED if isinstance(error, RuntimeError) else USER_ERROR
    return code if isinstance(code, int) else 0


@contextmanager
def _signals_as_ctrl_c() -> Iterator[None]:
    """Have SIGTERM and SIGHUP end the program as Ctrl-C does."""

    def handle(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    names = [name for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    numbers = [getattr(signal, name) for name in names]
    if threading.current_thread() is not threading.main_thread():
        numbers = []
    # One that is ignored, as nohup has SIGHUP, or that somebody handles, stays so.
    free = [each for each in numbers if signal.getsignal(each) == signal.SIG_DFL]
    for number in free:
        signal.signal(number, handle)
    try:
        yield
    finally:
        for number in free:
            signal.signal(number, signal.SIG_DFL)


def _message(error: Exception) -> str | None:
    """Return a user's error in one line, None for an error of the program."""
    if hasattr(error, "format_message"):  # of the option parser
        text = str(error.format_message())
    elif isinstance(error, OSError) and error.strerror:
        text = f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    elif isinstance(error, MemoryError):
        text = f"not enough memory: {error or 'fewer cells or workers need less'}"
    elif isinstance(error, ValueError | TypeError | OSError) or _stopped(error):
        text = str(error) or type(error).__name__
    else:
        return None
    return shown(" ".join(text.split()))


def _stopped(error: Exception) -> bool:
    """Return whether a run stopped that can be resumed; nothing is imported for it."""
    places = {"workers.base": "EvaluationError", "stopping": "SavingError"}
    for place, name in places.items():
        module = sys.modules.get(f"evolino.training.{place}")
        if module is not None and isinstance(error, getattr(module, name)):
            return True
    return False


if __name__ == "__main__":
    main()
