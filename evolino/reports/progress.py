"""Progress of a table: live lines on a terminal, else a plain line for each seed."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

from evolino.reports.jobs import FAILED, INTERRUPTED, Job, Outcome
from evolino.storage.plain_text import console, say

if TYPE_CHECKING:
    from types import TracebackType

    from evolino.training.history import Generation


class Display:
    """Shows jobs as they begin, go on and end. quiet: shows nothing."""

    def __init__(self, title: str, total: int, *, quiet: bool = False) -> None:
        self._title, self._total, self._quiet = title, total, quiet
        self._done = 0
        self._running: dict[str, str] = {}
        self._began = self._drawn = time.monotonic()
        self._live: Any = None

    def __enter__(self) -> Display:
        """Open the live lines, if there is a terminal."""
        if not self._quiet and sys.stdout.isatty():
            from rich.live import Live

            self._live = Live("", console=console(), auto_refresh=False)
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the terminal in order."""
        if self._live is not None:
            self._live.update("", refresh=True)
            self._live.stop()
            self._live = None

    def report(self, job: Job, generation: Generation | None) -> None:
        """Show that a job begins (None), or its generation."""
        text = "begins"
        if generation is not None:
            text = f"generation {generation.generation}, best {generation.best:.3g}"
        self._running[job.name] = text
        self._draw(every=0.0 if generation is None else 0.1)

    def end(self, job: Job, outcome: Outcome, text: str) -> None:
        """Show what became of a job. text: its figures."""
        self._running.pop(job.name, None)
        self._done += outcome.status != INTERRUPTED
        if outcome.status == FAILED:
            text = f"FAILED: {outcome.error}"
        elif outcome.status == INTERRUPTED:
            text = "interrupted"
        note = f" ({outcome.note})" if outcome.note else ""
        self.say(f"[{self._done}/{self._total}] {job.name}: {text}{note}")

    def say(self, line: str) -> None:
        """Print a line that stays."""
        if self._quiet:
            return
        if self._live is not None:
            from rich.text import Text

            self._live.console.print(Text(line))
            self._draw()
        else:
            say(line, sys.stdout)

    def _draw(self, every: float = 0.0) -> None:
        now = time.monotonic()
        if self._live is None or now - self._drawn < every:
            return
        from rich.text import Text

        lines = [self._headline(now - self._began)]
        lines += [f"  {name}: {text}" for name, text in self._running.items()]
        self._live.update(Text("\n".join(lines)), refresh=True)
        self._drawn = now

    def _headline(self, elapsed: float) -> str:
        left = ""
        if self._done:
            rest = elapsed / self._done * (self._total - self._done)
            minutes, seconds = divmod(round(rest), 60)
            left = f", about {minutes}:{seconds:02d} left"
        return f"{self._title}: {self._done} of {self._total}{left}"
