"""What an environment is: its kind, its constants, and how many numbers go in and out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evolino.vocabulary import Array

# The kinds, as the kernels read them.
CART, MEMORY, MAZE, PENDULUM, MOUNTAIN_CAR, ACROBOT = range(6)
PUSHED_CART, NOISY_PENDULUM, REPEAT_PREVIOUS = range(6, 9)
CHOOSING = (MAZE, MOUNTAIN_CAR, ACROBOT, PUSHED_CART, REPEAT_PREVIOUS)
WINDOW = 100  # steps at the end of an episode whose costs are summed up


@dataclass(frozen=True, slots=True)
class Environment:
    """A compiled environment.

    kind: one of those above. constants: its numbers, in the order in which
    `evolino.environments.catalogue` says. states: S, numbers of its state. observations:
    I, what a network is given. actions: K, the outputs that it takes. noise: numbers of
    noise a step.
    """

    kind: int
    constants: tuple[float, ...]
    states: int
    observations: int
    actions: int
    noise: int = 0

    @property
    def chooses(self) -> bool:
        """Whether its action is the largest of the outputs; else they are continuous."""
        return self.kind in CHOOSING


@dataclass(frozen=True, slots=True, eq=False)
class Episodes:
    """N episodes of at most `steps` steps each.

    starts: (N, S), the states that they begin in. noise: (N, steps, M), standard normal
    numbers or whatever the environment says, the same for every network: common random
    numbers.
    """

    starts: Array
    steps: int
    noise: Array

    @property
    def number(self) -> int:
        """N."""
        return len(self.starts)


@dataclass(frozen=True, slots=True, eq=False)
class Outcomes:
    """What P networks came to in N episodes, each (P, N).

    steps: that were taken until the episode ended. returns: the sums of rewards. costs:
    the sums of costs over the last `WINDOW` steps that did not end the episode.
    """

    steps: Array
    returns: Array
    costs: Array

    def apart(self) -> list[Outcomes]:
        """Return the outcomes of each network, (1, N)."""
        return [
            Outcomes(*(np.ascontiguousarray(each[p])[None] for each in self.arrays))
            for p in range(len(self.steps))
        ]

    @property
    def arrays(self) -> tuple[Array, Array, Array]:
        """steps, returns, costs."""
        return self.steps, self.returns, self.costs


def episodes(environment: Environment, starts: Array, steps: int) -> Episodes:
    """Return episodes without noise, from starts (N, S)."""
    none = np.zeros((len(starts), steps, 0))
    return Episodes(np.ascontiguousarray(starts, np.float64), steps, none)
