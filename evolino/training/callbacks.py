"""Callbacks: methods that are called at the events of a run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evolino.training.experiment import Experiment
    from evolino.training.history import Generation
    from evolino.training.refining import Round
    from evolino.training.result import Result
    from evolino.vocabulary import Array


class Callback:
    """Methods called during a run; each does nothing until it is overridden.

    A callback may raise: the run stops with its last checkpoint on disk.

    >>> import evolino
    >>> class Printed(evolino.Callback):
    ...     def on_generation(self, generation, seconds):
    ...         print(generation.generation, generation.evaluations)
    ...
    >>> _ = evolino.train("mso", callbacks=[Printed()], search=evolino.ESP(8, 2),
    ...     budget=evolino.Budget(generations=2))
    1 16
    2 32
    """

    def on_start(self, experiment: Experiment) -> None:
        """Called before the first generation (or the first after a resume)."""

    def on_generation(self, generation: Generation, seconds: float) -> None:
        """Called after a generation; seconds: of the whole run so far."""

    def on_improved(self, loss: float, genome: Array) -> None:
        """Called for a network better than any before; genome is (C, G)."""

    def on_refined(self, refined: Round, seconds: float) -> None:
        """Called after a round of refinement; seconds: of the whole run so far."""

    def on_message(self, message: str) -> None:
        """Called with a line on a problem, such as a worker that was lost and replaced, or
        a free run of the test that was lost."""

    def on_readouts(self, networks: int, seconds: float | None) -> None:
        """Called after evolution, before the readouts of an ensemble are solved;
        seconds: that this may take, None if it is not known."""

    def on_baselines(self) -> None:
        """Called before the baselines are measured, which takes as long again."""

    def on_stop(self, result: Result) -> None:
        """Called at the end."""


METHODS = tuple(name for name in vars(Callback) if name.startswith("on_"))


def check_callbacks(callbacks: Iterable[object]) -> None:
    """Raise TypeError, saying what a callback is, for whatever is none."""
    callback = f"an evolino.Callback, an object with the methods {', '.join(METHODS)}"
    if isinstance(callbacks, str) or not isinstance(callbacks, Iterable):
        raise TypeError(f"callbacks must be a list, each {callback}; got {callbacks!r}")
    for each in callbacks:
        if isinstance(each, type) or not all(
            callable(getattr(each, name, None)) for name in METHODS
        ):
            raise TypeError(f"callbacks must each be {callback}; got {each!r}")
