"""Players without a network: functions of what they see, for baselines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from evolino.environments.base import Environment, Episodes, Outcomes
from evolino.environments.reference import play
from evolino.environments.stepped import AnyEnvironment, play_together
from evolino.vocabulary import Array


@dataclass(frozen=True, slots=True, eq=False)
class Scripted:
    """A player that is a function of observations, (N, I) to outputs (N, K)."""

    act: Callable[[Array], Array]

    def play(self, environment: AnyEnvironment, episodes: Episodes) -> Outcomes:
        """Return what it comes to, (1, N)."""
        if isinstance(environment, Environment):
            return play(environment, episodes, self.act)
        return play_together(environment, episodes, 1, self.act)
