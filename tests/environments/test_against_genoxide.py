"""The cart and its poles beside genoxide's, written by others from the same equations."""

import numpy as np
import pytest
from genoxide.problems.control import CartPole, DoublePole

from evolino.environments import catalogue, reference
from evolino.environments.base import Episodes, episodes
from evolino.network.kernels.acting import play_episodes
from evolino.network.kernels.networks import pack
from evolino.network.lstm import LSTM
from evolino.network.stepper import Stepper

DEGREE = np.pi / 180


def start_of(environment, steps):
    starts = np.zeros((1, environment.states))
    starts[0, 2] = 4.0 * DEGREE
    return episodes(environment, starts, steps)


@pytest.mark.parametrize(
    ("task", "environment"),
    [
        (DoublePole(velocities=False), catalogue.cart_and_poles(2)),
        (CartPole(), catalogue.cart_and_poles(1)),
    ],
)
def test_the_states_of_an_episode_are_the_same(task, environment, rng):
    for _ in range(5):
        forces = np.tanh(rng.normal(0, 0.6, 60))
        forces[3], forces[7] = 0.0, 1e-3  # the least force
        told = iter(forces)

        def policy(observation, action, told=told):
            action[0] = next(told)

        theirs = task.episode(policy, len(forces))
        given = iter(np.arctanh(forces))

        def act(seen, given=given):
            return np.array([[next(given)]])

        steps = list(
            reference.trajectories(environment, start_of(environment, len(forces)), act)
        )
        ours = np.concatenate([state for state, *_ in steps])[1:]
        # Before each step here, after each there; the last one is after the fall.
        np.testing.assert_allclose(ours, theirs[: len(ours)], rtol=1e-9, atol=1e-10)
        assert len(steps) == len(theirs)


def network(environment):
    return LSTM(
        cells=2, inputs=environment.observations, feedback=False, readout_inputs=False,
        readout_constant=False, evolved_outputs=True,
    )  # fmt: skip


class Driven:
    """One of our networks as a policy of theirs; they begin every episode anew."""

    def __init__(self, architecture, genome, steps):
        self.architecture, self.genome, self.steps = architecture, genome, steps
        self.taken, self.ends = 0, ()

    def __call__(self, observation, action):
        if self.taken in self.ends or not self.taken:
            self.stepper = Stepper(self.architecture, self.genome)
        self.taken += 1
        self.stepper.step(np.array(observation))
        action[0] = np.tanh(self.stepper.features() @ self.genome[:, -1])


def test_networks_hold_as_long_and_are_damped_as_well(rng):
    environment, task = catalogue.cart_and_poles(2), DoublePole(velocities=False)
    architecture = network(environment)
    genomes = rng.normal(size=(8, *architecture.genome_shape))
    genomes[:, :, -1] *= 5.0
    mine = play_episodes(
        pack(architecture, genomes), genomes[:, :, -1:], environment,
        start_of(environment, 1000),
    )  # fmt: skip
    for p, genome in enumerate(genomes):
        held = task.run(Driven(architecture, genome, 1000), 1000)
        # They count the steps before the fall, as the returns do.
        assert held == mine.returns[p, 0]
    assert len(set(mine.returns[:, 0])) > 3
    assert isinstance(start_of(environment, 5), Episodes)
