"""`evolino show DIR...`: a run beside the published figures and the trivial methods."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evolino.cli.output import all_shown
from evolino.storage.plain_text import console as terminal

if TYPE_CHECKING:
    from evolino.training.run_folder import RunFolder

NOT_CHECKED = "recalled, not checked"
SHOWN = (  # of result.json
    *("task", "seed", "metrics", "published", "baselines", "stopped"),
    *("generations", "evaluations", "seconds", "version"),
)
PIPE_WIDTH = 110  # columns where no terminal says how wide it is
MOST_COLUMNS = 4  # metrics beside each other; more of them stand one below another


def show(
    folders: Annotated[
        list[Path], typer.Argument(metavar="DIR...", help="Folders of runs.")
    ],
) -> None:
    """Print runs beside published figures and baselines."""
    from evolino.training.run_folder import RunFolder

    for opened in [RunFolder.open(folder) for folder in folders]:
        print_run(opened)


def print_run(folder: RunFolder) -> None:
    """Print a run's table, or how far it is."""

    console = terminal()
    if not console.is_terminal:
        console.width = PIPE_WIDTH
    result = all_shown(folder.result())
    if result is None:
        _print_unfinished(folder)
        return
    missing = [key for key in SHOWN if key not in result]
    if missing:
        raise ValueError(
            f"{folder.path / 'result.json'} is damaged: it has no {missing[0]}"
        )
    what = " ".join(filter(None, (result["task"], result.get("preset"))))
    console.print(
        f"{what}, seed {result['seed']}: {result['generations']} generations, "
        f"{result['evaluations']} evaluations, {result['seconds']:.3g} s",
        f"\nstopped by {'; '.join(result['stopped'])}",
        sep="",
    )
    if len(result["metrics"]) > MOST_COLUMNS:
        console.print(_by_metric(result))
        if result["published"]:
            console.print(_published(result))
    else:
        console.print(_by_method(result))
    if not result["generations"]:
        console.print("no generation was finished: resume with more --seconds")
    elif not result["metrics"]:
        console.print("every network failed: no validation loss was finite")


def _print_unfinished(folder: RunFolder) -> None:
    history = folder.history()
    done = "no generation yet"
    if history:
        last = history[-1]
        done = (
            f"{last.generation} generations, {last.evaluations} evaluations, "
            f"best loss {last.best:.3g}"
        )
    typer.echo(f"not finished: {done}")
    typer.echo(f"go on with   {folder.resume_command}")


def _by_metric(result: dict[str, Any]) -> Any:
    """Return a table: a line for each metric, a column for ours and for each baseline."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("metric", no_wrap=True)
    table.add_column("this run", justify="right", no_wrap=True, style="bold")
    for method in result["baselines"]:
        table.add_column(Text(method), justify="right")
    for metric, ours in result["metrics"].items():
        others = [figures.get(metric) for figures in result["baselines"].values()]
        table.add_row(Text(metric), *(_figure(value) for value in (ours, *others)))
    return table


def _published(result: dict[str, Any]) -> Any:
    """Return a table: a line for each published figure."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD)
    for column in ("published", "metric", "", "source"):
        table.add_column(column, justify="left" if column else "right")
    for figure in result["published"]:
        cells = (
            figure["method"],
            figure["metric"],
            _figure(figure["value"]),
            _source(figure),
        )
        table.add_row(*(Text(cell) for cell in cells))
    return table


def _source(figure: dict[str, Any]) -> str:
    mark = "" if figure["checked"] else f" ({NOT_CHECKED})"
    return f"{figure['source']}{mark}"


def _by_method(result: dict[str, Any]) -> Any:
    """Return a table: a line for ours, each published figure and each baseline."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    published = result["published"]
    metrics = list(result["metrics"]) or sorted({figure["metric"] for figure in published})
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("method")
    for metric in metrics:
        table.add_column(metric, justify="right", no_wrap=True)
    table.add_column("source")

    def add(method: str, figures: dict[str, Any], source: str, style: str = "") -> None:
        cells = [_figure(figures.get(metric)) for metric in metrics]
        table.add_row(Text(method), *cells, Text(source), style=style)

    add("this run", result["metrics"], f"evolino {result['version']}", "bold")
    for figure in published:
        add(figure["method"], {figure["metric"]: figure["value"]}, _source(figure))
    for method, figures in result["baselines"].items():
        add(method, figures, "baseline, same data")
    return table


def _figure(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, int | float) else ""
