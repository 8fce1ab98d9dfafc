"""Progress display of a run: a live line on a terminal, else a line every few seconds."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Any

from evolino.storage.plain_text import console, say
from evolino.training.callbacks import Callback
from evolino.training.history import Generation

if TYPE_CHECKING:
    from evolino.training.experiment import Budget, Experiment
    from evolino.training.refining import Round
    from evolino.training.result import Result

LIVE_EVERY, PLAIN_EVERY = 0.1, 5.0  # seconds


class Progress(Callback):
    """Prints generation, evaluations per second, best loss and time left.

    In a script or a notebook: `evolino.train(task, callbacks=[evolino.Progress()])`. On a
    terminal use it in a `with` block, so that an error leaves that in order. quiet: print
    nothing at all.

    >>> import evolino
    >>> _ = evolino.train("mso", budget=evolino.Budget(generations=2),
    ...     callbacks=[evolino.Progress(quiet=True)])
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._live: Any = None
        self._budget: Budget | None = None
        self._anchor: tuple[int, float] | None = None
        self._last: tuple[Generation, float] | None = None
        self._printed = time.monotonic()

    def __enter__(self) -> Progress:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the terminal as it was, the last line on it."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def on_start(self, experiment: Experiment) -> None:
        """Open the live line, if there is a terminal."""
        self._budget = experiment.budget
        if self._quiet or not sys.stdout.isatty():
            return
        from rich.live import Live

        self._live = Live("", console=console(), auto_refresh=False)
        self._live.start()

    def on_generation(self, generation: Generation, seconds: float) -> None:
        """Renew the line if the last one is old."""
        if self._anchor is None:
            self._anchor = (generation.evaluations, seconds)
        self._last = (generation, seconds)
        every = LIVE_EVERY if self._live is not None else PLAIN_EVERY
        if not self._quiet and time.monotonic() - self._printed >= every:
            self._print()

    def on_refined(self, refined: Round, seconds: float) -> None:
        """Say how far the descent is."""
        best = min(refined.held_out)
        self._print_last(
            f"refined: {max(refined.gradients):,} gradients, loss {best:.4g}, "
            f"{_clock(seconds)}"
        )

    def on_message(self, message: str) -> None:
        """Print it beside the results, also if quiet: it tells of a fault."""
        say(f"evolino: {message}", sys.stderr)

    def on_readouts(self, networks: int, seconds: float | None) -> None:
        """Say what the time is now spent on, and how much of it."""
        about = "" if seconds is None else f", about {_clock(seconds)}"
        self._print_last(f"solving the readouts of {networks} networks{about}")

    def on_baselines(self) -> None:
        """Say what the time is now spent on."""
        self._print_last("measuring baselines: unevolved networks, random search")

    def _print_last(self, line: str) -> None:
        """End the live line and print another one below."""
        if self._quiet:
            return
        if self._last is not None:
            self._print()
        if self._live is not None:
            self._live.stop()
            self._live = None
        self._last = None
        say(line, sys.stdout)

    def on_stop(self, result: Result) -> None:
        """Print the last line."""
        if not self._quiet and self._last is not None:
            self._print()

    def _print(self) -> None:
        assert self._last is not None and self._anchor is not None
        text = progress_line(*self._last, anchor=self._anchor, budget=self._budget)
        if self._live is not None:
            from rich.text import Text

            self._live.update(Text(text), refresh=True)
        else:
            say(text, sys.stdout)
        self._printed = time.monotonic()


def progress_line(
    generation: Generation,
    seconds: float,
    *,
    anchor: tuple[int, float] = (0, 0.0),
    budget: Budget | None = None,
) -> str:
    """Return the line. anchor: (evaluations, seconds) from which the rate is counted."""
    evaluations, elapsed = generation.evaluations - anchor[0], seconds - anchor[1]
    if evaluations <= 0 or elapsed <= 0:
        evaluations, elapsed = generation.evaluations, max(seconds, 1e-9)
    rate = evaluations / elapsed
    variant = f" (variant {generation.variant})" if generation.variant else ""
    left = None if budget is None else seconds_left(budget, generation, seconds, rate)
    remaining = "" if left is None else f"  left {_clock(left)}"
    return (
        f"generation {generation.generation}{variant}  {rate:,.0f} evaluations/s  "
        f"best {generation.best:.3g}{remaining}"
    )


def seconds_left(
    budget: Budget, generation: Generation, seconds: float, rate: float
) -> float | None:
    """Return the seconds until the first limit of counts or time, None without one."""
    limits = []
    if budget.seconds is not None:
        limits.append(budget.seconds - seconds)
    if budget.evaluations is not None:
        limits.append((budget.evaluations - generation.evaluations) / rate)
    if budget.generations is not None:
        each = generation.evaluations / generation.generation / rate
        limits.append((budget.generations - generation.generation) * each)
    return max(min(limits), 0.0) if limits else None


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
