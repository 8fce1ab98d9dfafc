"""Recurrent policy gradients: REINFORCE through an LSTM, with a baseline.

Outputs become chances: of a discrete action the softmax of the outputs, drawn by adding
Gumbel noise and taking the largest; of a continuous one a normal distribution around the
output. With advantages A(t), the discounted rewards from step t on less a baseline that
depends on other episodes only, the gradient of -mean A(t) log p(a(t)) goes back through
output weights and cells.

Source: Williams 1992, Machine Learning 8 (REINFORCE); Wierstra, Förster, Peters &
Schmidhuber 2010, Recurrent policy gradients, Logic Journal of the IGPL 18(5) (recalled:
theirs has a second LSTM as its baseline; here it is a mean, or a readout that is solved).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

import numpy as np
from numpy.random import Generator

from evolino.environments.rollouts import Rollouts
from evolino.gradient.first_order import AdamStep
from evolino.network.backward.matrices import Gradient, matrices_of
from evolino.network.backward.sequences import (
    SequencesPass,
    drive_sequences,
    drive_sequences_backward,
    steps_of,
)
from evolino.network.lstm import LSTM
from evolino.network.weights import output_weights
from evolino.vocabulary import Array, IntArray, check_count, check_number, unknown_name

Baseline = Literal["readout", "mean", "none"]
TRIFLE = 1e-8  # so that equal advantages are not divided by 0
PENALTY = 1e-3  # of the solved baseline, as a share of each feature's mean square


@dataclass(frozen=True, slots=True)
class Reinforce:
    """Settings of training by recurrent policy gradients, in place of a search.

    episodes: of a gradient, at least 2. rate: learning rate of Adam. discount: of rewards a
    step later. deviation: of the noise on outputs that stand for continuous actions.
    baseline: what is taken from the rewards to come: "readout", a value that is solved by
    least squares from the cells' outputs and states, the observations and the time, on the
    other half of the episodes; "mean", that of the other episodes at the same step; "none".
    clip: a longer gradient is scaled down to this norm; 0 clips none. entropy: weight of
    the mean entropy of the choice among discrete actions, in nats, which is maximised
    beside the rewards, so that no action is given up early (Williams & Peng 1991,
    recalled). betas, epsilon: of Adam.

    Raises TypeError or ValueError, naming the field, for one out of its range.

    >>> import evolino
    >>> result = evolino.train("pole", reinforce=evolino.Reinforce(episodes=4),
    ...     budget=evolino.Budget(evaluations=8))
    >>> result.evaluations
    8
    """

    name: ClassVar[str] = "reinforce"

    episodes: int = 10
    rate: float = 0.03
    discount: float = 0.99
    deviation: float = 0.3
    baseline: Baseline = "mean"
    clip: float = 1.0
    entropy: float = 0.0
    betas: tuple[float, float] = (0.9, 0.999)
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        """Check every field."""
        check_count("episodes", self.episodes, least=2)
        object.__setattr__(self, "betas", tuple(self.betas))
        AdamStep(self.rate, self.betas, self.epsilon)
        check_number("discount", self.discount, least=0)
        if self.discount > 1:
            raise ValueError(f"discount must be <= 1, got {self.discount:g}")
        check_number("deviation", self.deviation, above=0)
        if self.baseline not in get_args(Baseline):
            raise unknown_name("baseline", self.baseline, get_args(Baseline))
        check_number("clip", self.clip, least=0)
        check_number("entropy", self.entropy, least=0)

    @property
    def step(self) -> AdamStep:
        """How Adam moves."""
        return AdamStep(self.rate, self.betas, self.epsilon)


def perturbed(outputs: Array, rng: Generator, *, chooses: bool, deviation: float) -> Array:
    """Return what the environment is given for outputs (N, K): a draw of each policy.

    chooses: whether the largest output is the action.
    """
    if chooses:
        return np.asarray(outputs + rng.gumbel(size=outputs.shape))
    return np.asarray(outputs + deviation * rng.normal(size=outputs.shape))


def policy_gradient(
    architecture: LSTM,
    genome: Array,
    rollouts: Rollouts,
    settings: Reinforce,
    *,
    chooses: bool,
) -> Array:
    """Return (C, G): the gradient of -mean [A(t) log p(a(t)) + entropy H(t)] over all steps
    of all episodes, with H(t) the entropy of the choice among discrete actions.

    genome: (C, G), output weights among its genes, that the rollouts were made with.
    """
    weights = output_weights(architecture, genome[None])[0]
    matrices = matrices_of(architecture, genome)
    lived = [
        np.ascontiguousarray(rollouts.observations[:n, k])
        for k, n in enumerate(rollouts.lengths)
    ]
    passed = drive_sequences(matrices, steps_of(lived))
    advantages = advantages_of(rollouts, passed, settings)
    outputs, states = passed.cells()
    sums = outputs @ weights
    given = rollouts.joined(rollouts.given)
    score = score_of(sums, given, chooses=chooses, deviation=settings.deviation)
    gain = advantages[:, None] * score
    if chooses and settings.entropy:
        gain += settings.entropy * entropy_slope(sums)
    to_sums = -gain / len(score)
    gradient = Gradient(matrices)
    drive_sequences_backward(passed, to_sums @ weights.T, np.zeros_like(states), gradient)
    to_genome = gradient.genome()
    to_genome[:, -architecture.outputs :] += outputs.T @ to_sums
    return to_genome


def score_of(sums: Array, given: Array, *, chooses: bool, deviation: float) -> Array:
    """Return (T, K): the gradient of log p(a) with respect to outputs (T, K).

    given: (T, K), what the environment was given.
    """
    if not chooses:
        return np.asarray((given - sums) / deviation**2)
    shares = np.exp(sums - sums.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    score = -shares
    score[np.arange(len(score)), given.argmax(axis=1)] += 1.0
    return np.asarray(score)


def entropy_slope(sums: Array) -> Array:
    """Return (T, K): the gradient of the softmax's entropy with respect to outputs
    (T, K)."""
    above = sums - sums.max(axis=1, keepdims=True)
    logs = above - np.log(np.exp(above).sum(axis=1, keepdims=True))
    shares = np.exp(logs)
    entropy = -(shares * logs).sum(axis=1, keepdims=True)
    return np.asarray(-shares * (logs + entropy))


def advantages_of(rollouts: Rollouts, passed: SequencesPass, settings: Reinforce) -> Array:
    """Return (sum of lengths,): the discounted rewards to come less the baseline, divided
    by their deviation."""
    to_go = rollouts.to_go(settings.discount)
    own = rollouts.joined(to_go)
    if settings.baseline == "mean" and to_go.shape[1] > 1:
        others = rollouts.joined(np.broadcast_to(to_go.sum(axis=1)[:, None], to_go.shape))
        advantages = own - (others - own) / (to_go.shape[1] - 1)
    elif settings.baseline == "readout":
        advantages = own - _solved_baseline(rollouts, passed, own)
    else:
        advantages = own
    return np.asarray(advantages / (advantages.std() + TRIFLE))


def _solved_baseline(rollouts: Rollouts, passed: SequencesPass, own: Array) -> Array:
    """Return values, each solved on the other half of the episodes."""
    episode, time = _places(rollouts.lengths)
    seen = passed.steps.vectors
    share = time / len(rollouts.rewards)
    features = np.column_stack(
        [*passed.cells(), seen, seen * seen, share, share * share, np.ones(len(own))]
    )
    values = np.zeros_like(own)
    for half in (0, 1):
        fitted = episode % 2 == half
        x = features[fitted]
        square = x.T @ x
        square[np.diag_indices_from(square)] += PENALTY * np.diag(square) + TRIFLE
        values[~fitted] = features[~fitted] @ np.linalg.solve(square, x.T @ own[fitted])
    return values


def _places(lengths: IntArray) -> tuple[IntArray, IntArray]:
    """Return the episode and the step of each row of the joined episodes."""
    episode = np.repeat(np.arange(len(lengths)), lengths)
    time = np.concatenate([np.arange(n) for n in lengths])
    return episode, time
