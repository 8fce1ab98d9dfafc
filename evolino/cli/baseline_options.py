"""Options: what a result is compared with; shared by `run`, `resume` and `refine`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from evolino.storage.plain_text import shown

if TYPE_CHECKING:
    from evolino.training.result import Result
    from evolino.training.run_folder import RunFolder

Baselines = Annotated[
    bool, typer.Option(help="Measure what an unevolved network and random search reach.")
]
AllBaselines = Annotated[
    bool,
    typer.Option(
        "--all-baselines",
        help="Measure trained baselines too, as tables do: a tuned reservoir, a genetic "
        "algorithm without a solved readout, a gradient LSTM at equal CPU seconds.",
    ),
]


def check_all_baselines(baselines: bool, backend: str) -> None:
    """Raise ValueError where --all-baselines has nothing to compare with."""
    if not baselines:
        raise ValueError("--all-baselines and --no-baselines exclude each other")
    if backend != "threads":
        raise ValueError(
            "--all-baselines needs --backend threads, which says how many CPU seconds a "
            f"run took, got {backend}"
        )


def with_trained_baselines(
    folder: RunFolder, result: Result, workers: int, *, quiet: bool
) -> Result:
    """Measure the trained baselines of a run into its result, saying which."""
    from evolino.baselines.of_run import add_trained_baselines

    def say(line: str) -> None:
        if not quiet:
            typer.echo(shown(line))

    return add_trained_baselines(folder, result, workers, say)
