"""Progress bar while data are prepared: live on a terminal, else one line at the start."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from evolino.storage.plain_text import console, say


@contextmanager
def progress(title: str, total: int) -> Iterator[Callable[[], None]]:
    """Give a function to call after each of so many steps; all is printed to stderr."""
    if not sys.stderr.isatty():
        say(f"evolino: {title}", sys.stderr)
        yield lambda: None
        return
    from rich.progress import Progress

    with Progress(console=console(stderr=True)) as bar:
        task = bar.add_task(title, total=total)
        yield lambda: bar.advance(task)
