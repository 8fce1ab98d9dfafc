"""`evolino plot DIR...`: pictures of runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from evolino.cli.task_options import TRUST
from evolino.storage.files import user_path

if TYPE_CHECKING:
    from evolino.plots.fitness_curves import Axis

KINDS = (
    "fitness",
    "run",
    "cells",
    "counters",
    "counting",
    "acceptance",
    "margins",
    "spikes",
    "reach",
    "agreement",
    "success",
    "course",
    "labels",
    "frames",
)
OF_SEVERAL = ("fitness", "success", "acceptance", "margins", "reach", "agreement")
AXES = ("generations", "evaluations", "seconds", "cpu-seconds")
SUFFIXES = (".png", ".svg")


def plot(
    folders: Annotated[
        list[Path], typer.Argument(metavar="DIR...", help="Folders of runs.")
    ],
    kind: Annotated[
        str,
        typer.Option(
            help="fitness: of all runs; run: target and free run; cells: one run's. Of "
            "languages, counters: one run's; counting: the same below its fitness; "
            "acceptance and margins: of all runs. Of "
            "timing, spikes: one run's cells; reach: success of all runs against F. Of "
            "blues, agreement: chords of all runs against bars. Of control, success: "
            "share of runs solved over evaluations. Of imitate, course: one run, played. "
            "Of labelling, labels: one run's outputs over time, and what they are read as. "
            "Of frames, frames: strips of target and prediction."
        ),
    ] = "fitness",
    out: Annotated[
        Path | None,
        typer.Option(help="Picture, .png or .svg.", show_default="KIND.png in the folder"),
    ] = None,
    against: Annotated[
        str,
        typer.Option(
            help="Axis of fitness: generations, evaluations, seconds, cpu-seconds."
        ),
    ] = "generations",
    n: Annotated[int, typer.Option("--n", help="Of the string of counters.")] = 12,
    trust: Annotated[bool, typer.Option("--trust", help=TRUST)] = False,
) -> None:
    """Draw the fitness of runs, or one run's network at work."""
    from evolino.training.run_folder import RunFolder
    from evolino.vocabulary import unknown_name

    if kind not in KINDS:
        raise unknown_name("kind of picture", kind, KINDS)
    if against not in AXES:
        raise unknown_name("axis", against, AXES)
    if kind not in OF_SEVERAL and len(folders) != 1:
        raise ValueError(f"--kind {kind} shows one run, got {len(folders)} folders")
    if out is not None and out.suffix not in SUFFIXES:
        raise ValueError(f"--out must end in .png or .svg, got {out}")
    places = [RunFolder.open(folder, trust=trust).path for folder in folders]
    in_folder = places[0] / f"{kind}.png" if len(places) == 1 else Path(f"{kind}.png")
    picture = in_folder if out is None else user_path(out, "out")
    _draw(kind, places, picture, against=against, n=n, trust=trust)
    typer.echo(picture)


def _draw(
    kind: str, runs: list[Path], picture: Path, *, against: str, n: int, trust: bool
) -> None:
    """Draw one of KINDS."""
    from evolino import plots

    if kind == "fitness":
        plots.fitness(runs, picture, against=cast("Axis", against), trust=trust)
    elif kind == "run":
        plots.free_run(runs[0], picture, trust=trust)
    elif kind == "cells":
        plots.cells(runs[0], picture, trust=trust)
    elif kind in ("counters", "counting", "acceptance", "margins"):
        from evolino.plots import languages

        if kind in ("counters", "counting"):
            with_fitness = kind == "counting"
            languages.counters(runs[0], picture, n=n, fitness=with_fitness, trust=trust)
        elif kind == "acceptance":
            languages.acceptance(runs, picture, trust=trust)
        else:
            languages.margins(runs, picture, trust=trust)
    elif kind == "success":
        from evolino.plots.success import success

        success(runs, picture, trust=trust)
    elif kind == "course":
        from evolino.plots.imitation import course

        course(runs[0], picture, trust=trust)
    elif kind == "agreement":
        from evolino.plots.agreement import agreement

        agreement(runs, picture, trust=trust)
    elif kind == "labels":
        from evolino.plots.labelling import labels

        labels(runs[0], picture, trust=trust)
    elif kind == "frames":
        from evolino.plots.film import frames

        frames(runs[0], picture, trust=trust)
    else:
        from evolino.plots import timing

        if kind == "spikes":
            timing.spikes(runs[0], picture, trust=trust)
        else:
            timing.reach(runs, picture, trust=trust)
