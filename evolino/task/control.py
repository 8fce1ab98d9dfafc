"""Tasks of control: a network acts in an environment, and episodes give it its loss."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from numpy.random import Generator

from evolino.environments.base import Episodes, Outcomes
from evolino.environments.stepped import AnyEnvironment
from evolino.task.protocol import Task
from evolino.vocabulary import Array


class Player(Protocol):
    """A trained network that acts."""

    def play(self, environment: AnyEnvironment, episodes: Episodes) -> Outcomes:
        """Return what it comes to in N episodes, each (1, N)."""
        ...


@runtime_checkable
class ControlTask(Task, Protocol):
    """A task whose candidates act; its split holds the episodes and no segments.

    There is nothing to solve a readout for: output weights are genes
    (`LSTM.evolved_outputs`).
    """

    @property
    def environment(self) -> AnyEnvironment:
        """What the networks act in."""
        ...

    @property
    def tested_at(self) -> float:
        """The loss from which on the best network of a generation is put to the test."""
        ...

    def outcome_loss(self, outcomes: Outcomes) -> Array:
        """Return (P,): what evolution minimises, from the split's episodes; above 0 until
        the test is passed."""
        ...

    def shown(self, rng: Generator, count: int) -> Episodes:
        """Return episodes to look at, the task's own first."""
        ...

    def passes(self, player: Player) -> bool:
        """Return whether a network passes the test that ends the search.

        It is put to the best network of each generation whose loss is at most `tested_at`.
        One that passes has loss 0. What the test costs is no evaluation, as published.
        """
        ...


def is_control(task: object) -> bool:
    """Return whether candidates act in the task, as `ControlTask` says."""
    return hasattr(type(task), "outcome_loss")
