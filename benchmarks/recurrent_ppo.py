"""POPGym's environments by PPO: a GRU in PyTorch, beside the evolved networks' table.

`python -m benchmarks.recurrent_ppo --env popgym:popgym-RepeatPreviousEasy-v0 --seconds 60`
trains a policy and a value with one GRU by proximal policy optimisation (Schulman et al.
2017) and prints the mean return of 100 episodes of POPGym's own environment, on the way and
at the end. Whole episodes of 64 copies are played in the plain twins in NumPy, all a step
together, as POPGym's own steps would take most of the time. Not a subject of `python -m
benchmarks`: it compares returns, not times.
"""

from __future__ import annotations

import argparse
import json
import time
from typing import Any, NamedTuple

import numpy as np

from benchmarks.paired import one_core
from evolino import Gymnasium
from evolino.environments.rollouts import Rollouts, record
from evolino.vocabulary import Array

COPIES, HIDDEN, EPOCHS, BATCHES = 64, 64, 4, 4
DISCOUNT, TRACE, CLIP = 0.99, 0.95, 0.2  # TRACE: lambda of the advantages
ENTROPY, VALUE, LONGEST = 0.01, 0.5, 0.5  # weights of the loss; norm of a gradient
TESTED = (0.1, 0.25, 0.5)  # shares of the time after which the policy is tested too
TEST = 2_000_000  # first seed of the test, that of `Gymnasium.measure`


class Batch(NamedTuple):
    """Episodes, the longest of T steps. seen: (T, N, I). given: (T, N, K), what the
    environment was given. chances: (T, N), logarithms. advantages, returns: (T, N). lived:
    (T, N), 1 until an episode's end."""

    seen: Any
    given: Any
    chances: Any
    advantages: Any
    returns: Any
    lived: Any


def main() -> None:
    """Print the mean returns of a trained policy as JSON."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.recurrent_ppo", description=__doc__
    )
    parser.add_argument("--env", default="popgym:popgym-PositionOnlyCartPoleEasy-v0")
    parser.add_argument("--seconds", type=float, default=60.0, help="of the processor")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rate", type=float, default=1e-3, help="of Adam")
    given = parser.parse_args()
    task = Gymnasium(given.env, threshold=1.0, compiled=True)
    with one_core():
        print(json.dumps(trained(task, given.seconds, given.seed, given.rate), indent=1))


def trained(task: Gymnasium, seconds: float, seed: int, rate: float) -> dict[str, Any]:
    """Return the mean returns of a policy trained for so many seconds of the processor,
    which tests do not count."""
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(seed)
    rng, learner = np.random.default_rng(seed), Learner(task, rate)
    spent, steps, tested = 0.0, 0, dict.fromkeys(TESTED, np.nan)
    while spent < seconds:
        begin = time.process_time()
        steps += learner.improve(rng)
        spent += time.process_time() - begin
        for share in TESTED:
            if np.isnan(tested[share]) and spent >= share * seconds:
                tested[share] = learner.tested()
    on_the_way = {f"return, {share * seconds:g} s": x for share, x in tested.items()}
    return {**on_the_way, "return": learner.tested(), "steps": steps, "cpu_seconds": spent}


class Learner:
    """A policy and a value that share a GRU."""

    def __init__(self, task: Gymnasium, rate: float) -> None:
        import torch

        self._task, self._torch = task, torch
        self._chooses = bool(task.tested_in.chooses)
        self._inside = torch.nn.Linear(task.inputs, HIDDEN)
        self._gru = torch.nn.GRU(HIDDEN, HIDDEN)
        self._policy = torch.nn.Linear(HIDDEN, task.outputs)
        self._value = torch.nn.Linear(HIDDEN, 1)
        self._deviation = torch.nn.Parameter(torch.zeros(task.outputs))
        modules = (self._inside, self._gru, self._policy, self._value)
        self._parameters = [p for each in modules for p in each.parameters()]
        if not self._chooses:
            self._parameters.append(self._deviation)
        self._adam = torch.optim.Adam(self._parameters, lr=rate)

    def improve(self, rng: np.random.Generator) -> int:
        """Play episodes and learn from them; return their steps."""
        episodes = self._task.shown(rng, COPIES)
        rollouts = record(self._task.environment, episodes, self._acts(rng))
        batch = self._batch(rollouts, scale=0.1 * episodes.steps)
        for _ in range(EPOCHS):
            for some in np.array_split(rng.permutation(COPIES), BATCHES):
                part = Batch(*(each[:, some] for each in batch))
                self._adam.zero_grad()
                self._loss(part).backward()
                self._torch.nn.utils.clip_grad_norm_(self._parameters, LONGEST)
                self._adam.step()
        return int(rollouts.lengths.sum())

    def tested(self) -> float:
        """Return the mean return of 100 episodes of the environment's own, without noise
        on the actions."""
        seeds = (TEST + np.arange(100)).astype(np.float64)[:, None]
        steps = self._task.shown(np.random.default_rng(0), 1).steps
        episodes = self._task.shown(np.random.default_rng(0), 1)
        own = type(episodes)(seeds, steps, np.zeros((100, steps, 0)))
        found = record(self._task.tested_in, own, self._acts(None))
        return float(found.rewards.sum(axis=0).mean())

    def _acts(self, rng: np.random.Generator | None) -> Any:
        """Return a policy that acts in all episodes, a step at a time, from rest. rng: of
        the noise on its outputs; None: none."""
        torch = self._torch
        state: list[Any] = [None]

        def act(seen: Array) -> Array:
            with torch.no_grad():
                inside = torch.tanh(self._inside(torch.tensor(seen, dtype=torch.float32)))
                h, state[0] = self._gru(inside[None], state[0])
                outputs = self._policy(h[0]).double().numpy()
                deviation = self._deviation.exp().double().numpy()
            if rng is None:
                return np.asarray(outputs)
            if self._chooses:
                return np.asarray(outputs + rng.gumbel(size=outputs.shape))
            return np.asarray(outputs + deviation * rng.normal(size=outputs.shape))

        return act

    def _batch(self, rollouts: Rollouts, scale: float) -> Batch:
        """Return episodes with their generalised advantages. scale: of the rewards."""
        torch, rewards = self._torch, scale * rollouts.rewards
        lived = np.arange(len(rewards))[:, None] < rollouts.lengths
        seen, given = (
            torch.tensor(each, dtype=torch.float32)
            for each in (rollouts.observations, rollouts.given)
        )
        with torch.no_grad():
            chances, _, values = self._judged(seen, given)
        known = values.numpy() * lived
        advantages, after = np.zeros_like(rewards), np.zeros(rewards.shape[1])
        for t in reversed(range(len(rewards))):
            later = known[t + 1] if t + 1 < len(rewards) else 0.0
            surprise = rewards[t] + DISCOUNT * later - known[t]
            after = advantages[t] = lived[t] * (surprise + DISCOUNT * TRACE * after)
        returns = advantages + known
        some = advantages[lived]
        advantages = (advantages - some.mean()) / (some.std() + 1e-8)
        numbers = (
            torch.tensor(each, dtype=torch.float32) for each in (advantages, returns, lived)
        )
        return Batch(seen, given, chances, *numbers)

    def _judged(self, seen: Any, given: Any) -> tuple[Any, Any, Any]:
        """Return logarithms of the chances of what was done, entropies and values, each
        (T, N)."""
        torch = self._torch
        h, _ = self._gru(torch.tanh(self._inside(seen)))
        outputs, values = self._policy(h), self._value(h)[..., 0]
        if self._chooses:
            every = torch.log_softmax(outputs, -1)
            done = given.argmax(-1, keepdim=True)
            entropy = -(every.exp() * every).sum(-1)
            return every.gather(-1, done)[..., 0], entropy, values
        normal = torch.distributions.Normal(outputs, self._deviation.exp())
        return normal.log_prob(given).sum(-1), normal.entropy().sum(-1), values

    def _loss(self, batch: Batch) -> Any:
        """Return the clipped loss of a policy, a value and the entropy."""
        torch = self._torch
        chances, entropy, values = self._judged(batch.seen, batch.given)
        ratio = (chances - batch.chances).exp()
        clipped = ratio.clamp(1 - CLIP, 1 + CLIP)
        gain = torch.minimum(ratio * batch.advantages, clipped * batch.advantages)
        missed = torch.square(values - batch.returns)
        every = -gain + VALUE * missed - ENTROPY * entropy
        return (every * batch.lived).sum() / batch.lived.sum()


if __name__ == "__main__":
    main()
