"""Pole balancing task: keep one pole or two upright on a cart, velocities shown or not.

A network is given the cart's position and the angles, each divided by what it may be, and
gives the force on the cart every 0.02 s. Without velocities it has to remember. The search
ends once the best network of a generation holds for 100,000 steps from the start, and, two
poles with the damping fitness, for 1,000 steps from at least 200 of 625 other starts; these
tests are no evaluations.

Source: Gomez, Schmidhuber & Miikkulainen 2008, JMLR 9, section 5 and table 4 (read second
hand); equations and constants of its reference code; the damping fitness is that of Gruau,
Whitley & Pyeatt 1996.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal, get_args

import numpy as np
from numpy.random import Generator

from evolino.environments.base import WINDOW, Environment, Episodes, Outcomes, episodes
from evolino.environments.catalogue import (
    DEGREE,
    cart_and_poles,
    generalisation_starts,
)
from evolino.task.control import Player
from evolino.task.protocol import Published
from evolino.task.series import Split
from evolino.tasks.control.players import Scripted
from evolino.vocabulary import Array, check_count, check_number, unknown_name

Fitness = Literal["damping", "steps"]
EVALUATED, LONG, ENOUGH = 1000, 100_000, 200
TINY = 1e-300


@dataclass(frozen=True, slots=True)
class Pole:
    """Balance poles on a cart.

    poles: 1 or 2. velocities: whether they are shown. fitness: "damping" rewards little
    movement in the last 100 of 1,000 steps, "steps" counts the steps only. start: angle of
    the long pole, in degrees. friction: of the cart on its track.

    Raises TypeError or ValueError, naming the field, for one out of its range.

    >>> import evolino
    >>> task = evolino.Pole(poles=1)
    >>> task.inputs, task.outputs
    (2, 1)
    """

    name: ClassVar[str] = "pole"
    generates: ClassVar[bool] = False
    outputs: ClassVar[int] = 1

    poles: int = field(default=2, metadata={"help": "1 or 2"})
    velocities: bool = field(default=False, metadata={"help": "show velocities"})
    fitness: Fitness = field(default="damping", metadata={"help": "damping or steps"})
    start: float = field(default=4.0, metadata={"help": "degrees, of the long pole"})
    friction: float = field(default=5e-4, metadata={"help": "of the cart on its track"})

    def __post_init__(self) -> None:
        """Check the parameters."""
        check_count("poles", self.poles, most=2)
        check_number("start", self.start)
        check_number("friction", self.friction, least=0)
        if self.fitness not in get_args(Fitness):
            raise unknown_name("fitness", self.fitness, get_args(Fitness))

    @property
    def environment(self) -> Environment:
        """The cart."""
        return cart_and_poles(
            self.poles, velocities=self.velocities, friction=self.friction
        )

    @property
    def inputs(self) -> int:
        """I: position and angles, with velocities if they are shown."""
        return self.environment.observations

    @property
    def tested_at(self) -> float:
        """Every best network is tested; one that falls soon costs next to nothing."""
        return float("inf")

    def sequences(self, rng: Generator) -> Split:
        """Return the split: the one start, 1,000 steps."""
        return Split((), (), (), episodes=self._from_start(EVALUATED))

    def loss(self, outputs: Array, targets: Array) -> Array:
        """Raise TypeError: there are no targets."""
        raise TypeError("a task of control has no targets: see outcome_loss")

    def outcome_loss(self, outcomes: Outcomes) -> Array:
        """Return (P,): 1 / (1 + fitness).

        The fitness of t steps is t / 1000; the damping fitness 0.1 t / 1000 + 0.9 f, with
        f = 0.75 divided by the sum of |x| + |x'| + |angle| + |angle'| over the last 100 of
        at least 100 steps.
        """
        held = outcomes.returns[:, 0]
        if self.fitness == "steps":
            return np.asarray(1.0 / (1.0 + held / EVALUATED))
        damped = np.where(held >= WINDOW, 0.75 / (outcomes.costs[:, 0] + TINY), 0.0)
        return np.asarray(1.0 / (1.0 + 0.1 * held / EVALUATED + 0.9 * damped))

    def shown(self, rng: Generator, count: int) -> Episodes:
        """Return the one start, then some of the 625 (one pole: the first four numbers)."""
        own = self._from_start(EVALUATED).starts
        others = rng.permutation(generalisation_starts())[:, : own.shape[1]]
        return episodes(self.environment, np.concatenate([own, others])[:count], EVALUATED)

    def passes(self, player: Player) -> bool:
        """Return whether a network holds as published."""
        if self._held(player, self._from_start(LONG))[0] < LONG:
            return False
        return not self._generalises or self._starts_held(player) >= ENOUGH

    def measure(self, model: Player, split: Split) -> dict[str, float]:
        """Return solved (1 or 0), steps held of 100,000, and with two poles generalisation,
        the starts held of 625."""
        steps = float(self._held(model, self._from_start(LONG))[0])
        figures = {"steps": steps}
        solved = steps >= LONG
        if self.poles == 2:
            figures["generalisation"] = float(self._starts_held(model))
            if self._generalises:
                solved = solved and figures["generalisation"] >= ENOUGH
        return {"solved": float(solved), **figures}

    def baselines(self, split: Split) -> dict[str, dict[str, float]]:
        """Return the figures of no force, and of a push to where the long pole leans."""
        lean = 2 if self.velocities else 1

        def catching(observations: Array) -> Array:
            return 100.0 * observations[:, lean : lean + 1]

        return {
            "no force": self.measure(
                Scripted(lambda seen: np.zeros((len(seen), 1))), split
            ),
            "push where it leans": self.measure(Scripted(catching), split),
        }

    def published(self) -> tuple[Published, ...]:
        """Return nothing: what is published are evaluations, which are no metric of a
        network. The table `pole-best` has them."""
        return ()

    @property
    def _generalises(self) -> bool:
        return self.poles == 2 and self.fitness == "damping"

    def _from_start(self, steps: int) -> Episodes:
        start = np.zeros((1, self.environment.states))
        start[0, 2] = self.start * DEGREE
        return episodes(self.environment, start, steps)

    def _held(self, player: Player, these: Episodes) -> Array:
        return np.asarray(player.play(self.environment, these).returns[0])

    def _starts_held(self, player: Player) -> int:
        starts = episodes(self.environment, generalisation_starts(), EVALUATED)
        return int((self._held(player, starts) >= EVALUATED).sum())
