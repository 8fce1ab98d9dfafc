"""Trained networks that act: whole episodes, or a step at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evolino.environments.base import Environment, Episodes, Outcomes
from evolino.environments.reference import trajectories
from evolino.environments.stepped import AnyEnvironment
from evolino.network.base import Acts, Architecture
from evolino.network.kernel_expansion import Output
from evolino.vocabulary import Array


def play(
    architecture: Architecture,
    genome: Array,
    output: Output,
    environment: AnyEnvironment,
    episodes: Episodes,
) -> Outcomes:
    """Return what a network (C, G) with output weights (S, K) comes to in N episodes.

    Raises ValueError for an architecture that cannot act, an expansion as its readout, and
    an environment with other numbers of observations and actions.
    """
    driver = architecture.driver()
    if not isinstance(driver, Acts) or not isinstance(output, np.ndarray):
        raise ValueError("only networks with output weights act in episodes")
    check_fits(architecture, environment)
    return driver.play(genome[None], output[None], environment, episodes)


def check_fits(architecture: Architecture, environment: AnyEnvironment) -> None:
    """Raise ValueError for an environment that a network was not trained for."""
    wanted = environment.observations, environment.actions
    if (architecture.inputs, architecture.outputs) != wanted or architecture.feedback:
        raise ValueError(
            f"environment must have {architecture.inputs} observations and "
            f"{architecture.outputs} actions for this network, got {wanted[0]} and "
            f"{wanted[1]}"
        )


class Policy:
    """A policy: a network that acts, a step at a time, from rest.

    Raises ValueError for a network with feedback or an expansion as its readout.
    """

    def __init__(self, architecture: Architecture, genome: Array, output: Output) -> None:
        if not isinstance(output, np.ndarray) or architecture.feedback:
            raise ValueError("only networks with output weights, without feedback, act")
        self._architecture, self._genome, self._output = architecture, genome, output
        self.reset()

    def reset(self) -> None:
        """Begin an episode: cells at rest."""
        self._stepper = self._architecture.driver().stepper(self._genome)

    @property
    def cells(self) -> Array:
        """(S,): the features after the last step, the cell outputs among them."""
        return self._stepper.features()

    def act(self, observation: ArrayLike) -> Array:
        """Return the outputs (K,) for an observation (I,)."""
        u = np.asarray(observation, dtype=np.float64)
        if u.shape != (self._architecture.inputs,):
            raise ValueError(
                f"observation must have shape ({self._architecture.inputs},), got {u.shape}"
            )
        self._stepper.step(u)
        sums = self._stepper.features() @ self._output
        return self._architecture.outputs_of(sums)


@dataclass(frozen=True, slots=True, eq=False)
class Trajectory:
    """One episode. states: (T, S) of the environment before each step. observations:
    (T, I). outputs: (T, K). cells: (T, C), the outputs of the cells. returned: the sum of
    rewards. ended: whether it ended before its limit of steps."""

    states: Array
    observations: Array
    outputs: Array
    cells: Array
    returned: float
    ended: bool


def trajectory(
    policy: Policy, environment: Environment, episodes: Episodes, number: int
) -> Trajectory:
    """Return what a policy does in one of N episodes, step by step."""
    alone = Episodes(
        episodes.starts[number : number + 1],
        episodes.steps,
        episodes.noise[number : number + 1],
    )
    seen: list[Array] = []
    cells: list[Array] = []

    def act(observations: Array) -> Array:
        outputs = policy.act(observations[0])
        seen.append(observations[0])
        cells.append(policy.cells)
        return outputs[None]

    policy.reset()
    steps = list(trajectories(environment, alone, act))
    return Trajectory(
        np.concatenate([step[0] for step in steps]),
        np.array(seen),
        np.concatenate([step[1] for step in steps]),
        np.array(cells),
        float(sum(step[3][0] for step in steps)),
        bool(steps[-1][2][0] <= 0.5),
    )
