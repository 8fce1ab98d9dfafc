"""Memory tasks of control: a cue at the start, a decision long after.

`memory` shows a cue of -1 or 1, then noise; its sign is the answer `length` steps later.
`t-maze` is a corridor of `length` steps: the cue at its beginning says whether to turn
north or south at its end. Episodes of both cues with noise of their own give the loss, the
same for every network of a run.

Source: Bakker 2002, Reinforcement learning with long short-term memory, NIPS 14; Osband et
al. 2020, Behaviour suite for reinforcement learning, `memory_len` (both recalled). Noise,
reward and the limit of steps are chosen here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.random import Generator

from evolino.environments.base import Environment, Episodes, Outcomes
from evolino.environments.catalogue import memory, t_maze
from evolino.environments.kernels.cues import GOAL
from evolino.task.control import Player
from evolino.task.protocol import Published
from evolino.task.series import Split
from evolino.tasks.control.players import Scripted
from evolino.vocabulary import Array, check_count, check_number

TRIALS = 10  # episodes of each cue that a candidate plays
CHECKED, TESTED = 1000, 500  # of each cue: in the test that ends the search; reported
ENOUGH = 0.995  # right answers that end the search
SURE = 0.997  # right turns that do
MOST_NUMBERS = 50_000_000  # of noise
PART = 10  # trials that are tested together, where not all are
LONGEST = 1_000_000  # steps of a corridor
LONGER = 10  # times: from one corridor of a test to the next
MANY_STEPS = 20_000  # of longer corridors the tests have as many fewer
LEAST_TRIALS = 50  # of a test with one cue
TRIFLE = 1e-9  # so that a loss is 0 for a network that passes only


@dataclass(frozen=True, slots=True)
class Memory:
    """Remember a cue. length: steps until the question. noise: standard deviation of what
    comes in the place of the cue until then. seed: of the noise in the tests.

    Raises TypeError or ValueError, naming the field, for one out of its range.

    >>> import evolino
    >>> task = evolino.Memory(length=10)
    >>> task.inputs, task.outputs
    (2, 1)
    """

    name: ClassVar[str] = "memory"
    generates: ClassVar[bool] = False
    inputs: ClassVar[int] = 2
    outputs: ClassVar[int] = 1
    tested_at: ClassVar[float] = 0.1

    length: int = field(default=100, metadata={"help": "steps until the question"})
    noise: float = field(default=0.3, metadata={"help": "deviation of noise until then"})
    seed: int = field(default=0, metadata={"help": "of the noise in the tests"})

    def __post_init__(self) -> None:
        """Check the parameters."""
        _check(self.length, self.noise, self.seed)

    @property
    def environment(self) -> Environment:
        """What the network acts in."""
        return memory(self.length, self.noise)

    def sequences(self, rng: Generator) -> Split:
        """Return the split: episodes of both cues."""
        return Split((), (), (), episodes=self.episodes(rng, TRIALS))

    def loss(self, outputs: Array, targets: Array) -> Array:
        """Raise TypeError: there are no targets."""
        raise TypeError("a task of control has no targets: see outcome_loss")

    def outcome_loss(self, outcomes: Outcomes) -> Array:
        """Return (P,): half the mean of 1 - tanh(output) cue at the question."""
        return np.asarray(outcomes.costs.mean(axis=1) / 2 + TRIFLE)

    def passes(self, player: Player) -> bool:
        """Return whether 99.5 % of 2,000 answers on other noise are right."""
        return self._right(player, "check", CHECKED) >= ENOUGH

    def measure(self, model: Player, split: Split) -> dict[str, float]:
        """Return solved: whether 99 % are right on fresh noise, and that share."""
        right = self._right(model, "test", TESTED)
        return {"solved": float(right >= 0.99), "right": right}

    def baselines(self, split: Split) -> dict[str, dict[str, float]]:
        """Return the figures of always answering 1, and of the sign of what comes last."""
        always = Scripted(lambda seen: np.ones((len(seen), 1)))
        last = Scripted(lambda seen: seen[:, :1])
        return {
            "always 1": self.measure(always, split),
            "what comes last": self.measure(last, split),
        }

    def published(self) -> tuple[Published, ...]:
        """Return none: nothing was published for this noise."""
        return ()

    def episodes(self, rng: Generator, trials: int) -> Episodes:
        """Return episodes of both cues, so many of each."""
        return _cued(rng, trials, self.length + 2, 1)

    def shown(self, rng: Generator, count: int) -> Episodes:
        """Return episodes of both cues in turn."""
        return self.episodes(rng, -(-count // 2))

    def _right(self, player: Player, purpose: str, trials: int) -> float:
        shares = []
        for part in _parts(trials, self.length):
            rng = np.random.default_rng([self.seed, _PURPOSES[purpose], part.start])
            these = self.episodes(rng, len(part))
            answers = player.play(self.environment, these).returns[0]
            shares.append((answers > 0).sum())
        return float(sum(shares) / (2 * trials))


@dataclass(frozen=True, slots=True)
class TMaze:
    """Find the goal of a T-maze. length: of the corridor. noise: standard deviation of
    what is added to each observation in it. seed: of the noise in the tests. tested_length:
    of the corridor in the tests. tested_noise: its noise. None is the same; so networks may
    evolve in short corridors of more noise and must hold in long ones.

    Raises TypeError or ValueError, naming the field, for one out of its range.

    >>> import evolino
    >>> task = evolino.TMaze(length=10)
    >>> task.inputs, task.outputs
    (4, 4)
    """

    name: ClassVar[str] = "t-maze"
    generates: ClassVar[bool] = False
    inputs: ClassVar[int] = 4
    outputs: ClassVar[int] = 4
    tested_at: ClassVar[float] = 0.1
    chosen_by: ClassVar[tuple[str, ...]] = ("tested_length",)  # of a preset's rows

    length: int = field(default=100, metadata={"help": "steps of the corridor"})
    noise: float = field(default=0.3, metadata={"help": "deviation of noise in it"})
    seed: int = field(default=0, metadata={"help": "of the noise in the tests"})
    tested_length: int | None = field(
        default=None, metadata={"help": "of the corridor in the tests"}
    )
    tested_noise: float | None = field(
        default=None, metadata={"help": "of the noise in the tests"}
    )

    def __post_init__(self) -> None:
        """Check the parameters."""
        _check(self.length, self.noise, self.seed)
        if self.tested_length is not None:
            check_count("tested_length", self.tested_length, most=LONGEST)
        if self.tested_noise is not None:
            check_number("tested_noise", self.tested_noise, least=0)

    @property
    def environment(self) -> Environment:
        """What the network acts in."""
        return t_maze(self.length, self.noise)

    @property
    def steps(self) -> int:
        """Of an episode, at most: a half more than the corridor needs."""
        return 3 * self.length // 2 + 5

    def sequences(self, rng: Generator) -> Split:
        """Return the split: episodes of both cues."""
        return Split((), (), (), episodes=self.episodes(rng, TRIALS))

    def loss(self, outputs: Array, targets: Array) -> Array:
        """Raise TypeError: there are no targets."""
        raise TypeError("a task of control has no targets: see outcome_loss")

    def outcome_loss(self, outcomes: Outcomes) -> Array:
        """Return (P,): what the mean return lacks of 4, over 4."""
        return np.asarray(1.0 - outcomes.returns.mean(axis=1) / GOAL + TRIFLE)

    def passes(self, player: Player) -> bool:
        """Return whether 99.7 % of 2,000 turns with other noise are right; of so many
        fewer where corridors are longer than 20,000 steps, 400 at 100,000.

        Where tests are in longer corridors, 20 turns of 20 must be right before, in each
        that is ten times as long as the one before: most networks fail there already.
        """
        *shorter, last = self._corridors()
        short = all(each._right(player, "check", PART, SURE) >= SURE for each in shorter)
        return short and last._right(player, "check", CHECKED, SURE) >= SURE

    def measure(self, model: Player, split: Split) -> dict[str, float]:
        """Return solved: whether 99 % of turns are right with fresh noise, and that
        share."""
        right = self._corridors()[-1]._right(model, "test", TESTED)
        return {"solved": float(right >= 0.99), "right": right}

    def baselines(self, split: Split) -> dict[str, dict[str, float]]:
        """Return the figures of going east and always turning north."""

        def north_at_junction(seen: Array) -> Array:
            east = np.array([0.0, 1.0, 0.0, 0.0])
            there = seen[:, 3:] == 1.0  # only the junction is seen without noise
            return np.where(there, np.array([2.0, 0, 0, 0]), east)

        return {"always north": self.measure(Scripted(north_at_junction), split)}

    def published(self) -> tuple[Published, ...]:
        """Return none: Bakker's corridors of up to 70 steps are recalled only."""
        return ()

    def episodes(self, rng: Generator, trials: int) -> Episodes:
        """Return episodes of both cues, so many of each."""
        return _cued(rng, trials, self.steps, 4)

    def shown(self, rng: Generator, count: int) -> Episodes:
        """Return episodes of both cues in turn."""
        return self.episodes(rng, -(-count // 2))

    def _corridors(self) -> list[TMaze]:
        """Return those of the test that ends the search; the last is that of all tests."""
        last = self.length if self.tested_length is None else self.tested_length
        noise = self.noise if self.tested_noise is None else self.tested_noise
        lengths, length = [last], LONGER * self.length
        while length < last:
            lengths.insert(-1, length)
            length *= LONGER
        return [TMaze(length, noise, self.seed) for length in lengths]

    def _right(
        self, player: Player, purpose: str, trials: int, enough: float = 0.0
    ) -> float:
        """Return the share of episodes with a return above 0: a right turn after fewer than
        40 steps into walls; below `enough` once it cannot be reached."""
        fewer = max(trials * MANY_STEPS // self.length, LEAST_TRIALS)
        trials = min(trials, fewer)
        right, played = 0, 0
        for part in _parts(trials, 4 * self.steps):
            rng = np.random.default_rng([self.seed, _PURPOSES[purpose], part.start])
            returns = player.play(self.environment, self.episodes(rng, len(part))).returns
            right, played = right + int((returns[0] > 0).sum()), played + 2 * len(part)
            if right + 2 * trials - played < 2 * trials * enough:
                break
        return right / (2 * trials)


_PURPOSES = {"check": 1, "test": 2}


def _check(length: int, noise: float, seed: int) -> None:
    check_count("length", length, most=LONGEST)
    check_number("noise", noise, least=0)
    check_count("seed", seed, least=0, most=None)


def _cued(rng: Generator, trials: int, steps: int, columns: int) -> Episodes:
    """Return `trials` episodes of each cue, with standard normal noise."""
    cues = np.tile([1.0, -1.0], trials)
    starts = np.stack([np.zeros(2 * trials), cues], 1)
    noise = rng.standard_normal((2 * trials, steps, columns))
    return Episodes(starts, steps, noise)


def _parts(trials: int, numbers: int) -> list[range]:
    """Return trials in parts whose noise fits into memory; numbers: of noise for one.

    Several parts are small, so that a network that fails does so soon.
    """
    size = max(1, min(trials, MOST_NUMBERS // (2 * numbers)))
    if size < trials:
        size = min(size, PART)
    return [range(k, min(k + size, trials)) for k in range(0, trials, size)]
