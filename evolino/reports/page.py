"""`evolino report`: one self-contained page of runs, without network and script.

All is in the file: styles, pictures, sound. A policy in its head forbids the browser to
load or to run anything else.
"""

from __future__ import annotations

import math
import pkgutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from evolino.reports.page_media import compared, media_of
from evolino.reports.run_page import (
    RunPage,
    Table,
    figures_of,
    lead_of,
    number_text,
    result_tables,
    settings_of,
)
from evolino.storage.files import replace_file, user_path
from evolino.task.protocol import name_of
from evolino.training.run_folder import RunFolder

LARGEST = 3_000_000  # bytes of a page
SOUND, ALL_SOUND = 20.0, 40.0  # seconds of a run, and of all of them
TEMPLATE = "page.html"


@dataclass(frozen=True, slots=True)
class Sorted:
    """The table of all runs, sorted by a column, ascending."""

    by: str
    table: Table


def write_page(
    folders: Sequence[str | Path],
    out: str | Path,
    *,
    title: str | None = None,
    trust: bool = False,
) -> Path:
    """Write the page of runs and return its path.

    folders: of runs. out: the page, .html. title: None is made of tasks and runs. trust:
    of `RunFolder.open`. Raises ValueError without a folder, for one that is no run, a page
    of another ending or of more than 3 MB, and without the package jinja2.
    """
    page = user_path(out, "out")
    if page.suffix.lower() not in (".html", ".htm"):
        raise ValueError(f"--out must end in .html, got {page}")
    content = render(folders, title=title, trust=trust).encode()
    if len(content) > LARGEST:
        raise ValueError(
            f"the page of {len(folders)} runs has {len(content) / 1e6:.1f} MB, more than "
            f"{LARGEST / 1e6:g}: give fewer runs"
        )
    page.parent.mkdir(parents=True, exist_ok=True)
    replace_file(page, content)
    return page


def render(
    folders: Sequence[str | Path], *, title: str | None = None, trust: bool = False
) -> str:
    """Return the page of runs, as `write_page` writes it."""
    try:
        from jinja2 import Environment, StrictUndefined
    except ImportError:
        raise ValueError('a page needs an extra: pip install "evolino[report]"') from None
    if not folders:
        raise ValueError("a page needs the folder of a run")
    opened = [RunFolder.open(folder, trust=trust) for folder in folders]
    names = _names([each.path for each in opened])
    seconds = min(SOUND, ALL_SOUND / len(opened))
    runs = [
        _run_page(folder, name, number, seconds, trust)
        for number, (folder, name) in enumerate(zip(opened, names, strict=True), start=1)
    ]
    several = len(runs) > 1
    tasks = ", ".join(dict.fromkeys(run.task for run in runs))
    text = pkgutil.get_data(__package__, TEMPLATE)
    assert text is not None  # package data
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(text.decode()).render(
        title=title
        or (f"{tasks}: {len(runs)} runs" if several else f"{tasks}: {names[0]}"),
        runs=runs,
        sorts=comparison(runs) if several else [],
        together=compared(opened, [run.task for run in runs], names, trust),
    )


def comparison(runs: Sequence[RunPage]) -> list[Sorted]:
    """Return the table of all runs, once for each column that it is sorted by.

    Its columns are the figures that two runs have at least.
    """
    every = [name for run in runs for name in run.figures]
    columns = [name for name in dict.fromkeys(every) if every.count(name) > 1]
    head = ("run", "task", *columns)

    def row(run: RunPage) -> tuple[str, ...]:
        figures = [number_text(run.figures.get(name, math.nan)) for name in columns]
        return run.name, run.task, *figures

    def sort(by: str) -> Sorted:
        def place(run: RunPage) -> tuple[bool, float]:
            value = run.figures.get(by, math.nan)
            return math.isnan(value), 0.0 if math.isnan(value) else value

        ordered = list(runs) if by == "run" else sorted(runs, key=place)
        caption = f"All runs, sorted by {by}" if by != "run" else "All runs, as given"
        return Sorted(by, Table(caption, head, [row(run) for run in ordered]))

    return [sort(by) for by in ("run", *columns)]


def _run_page(
    folder: RunFolder, name: str, number: int, seconds: float, trust: bool
) -> RunPage:
    experiment, result = folder.experiment(), folder.result()
    media = media_of(folder, experiment, seconds, trust)
    return RunPage(
        name=name,
        anchor=f"run-{number}",
        task=name_of(experiment.task),
        lead=lead_of(folder, result),
        figures=figures_of(folder, result),
        tables=result_tables(result),
        settings=settings_of(experiment),
        media=media,
    )


def _names(places: Sequence[Path]) -> list[str]:
    """Return the names of folders, with as many parents as tell them apart."""
    whole = [place.resolve().parts for place in places]
    for depth in range(1, max(map(len, whole)) + 1):
        names = ["/".join(parts[-depth:]) for parts in whole]
        if len(set(names)) == len(names):
            return names
    return [f"{'/'.join(parts[-1:])} ({k})" for k, parts in enumerate(whole, start=1)]
