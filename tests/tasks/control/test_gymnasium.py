"""Environments of gymnasium: what is shown, what is refused; our twins of two of them."""

import gymnasium
import numpy as np
import pytest

import evolino
from evolino.environments import catalogue, reference
from evolino.environments.base import Episodes
from evolino.environments.gymnasium_worlds import GymnasiumEnvironment, facts
from evolino.environments.stepped import play_together
from evolino.tasks.control.gym import Gymnasium
from evolino.training.presets import experiment_for


class Faulty(gymnasium.Env):
    """An environment that does whatever it is told to do wrong."""

    observation_space = gymnasium.spaces.Box(-1, 1, (2,))
    action_space = gymnasium.spaces.Discrete(2)
    gives, rewards = 0.5, 1.0

    def reset(self, *, seed=None, options=None):
        return np.full(2, 0.5, np.float32), {}

    def step(self, action):
        return np.full(2, self.gives, np.float32), self.rewards, False, False, {}


class Nested(Faulty):
    observation_space = gymnasium.spaces.Dict(
        {"place": gymnasium.spaces.Box(-1, 1, (2,)), "kind": gymnasium.spaces.Discrete(3)}
    )

    def reset(self, *, seed=None, options=None):
        return {"place": np.full(2, 0.5, np.float32), "kind": np.int64(1)}, {}

    def step(self, action):
        return (
            {"place": np.full(2, 0.25, np.float32), "kind": np.int64(2)},
            1.0,
            False,
            False,
            {},
        )


class Unbounded(Faulty):
    action_space = gymnasium.spaces.Box(-np.inf, np.inf, (1,))


class Bits(Faulty):
    action_space = gymnasium.spaces.MultiBinary(3)


for each in (Faulty, Nested, Unbounded, Bits):
    gymnasium.register(f"evolino/{each.__name__}-v0", each, max_episode_steps=20)


def seeded(numbers, steps=20):
    starts = np.array(numbers, float)[:, None]
    return Episodes(starts, steps, np.zeros((len(numbers), steps, 0)))


def test_hidden_observations_are_not_shown():
    whole, part = (
        GymnasiumEnvironment("CartPole-v1"),
        GymnasiumEnvironment("CartPole-v1", (1, 3)),
    )
    first, some = (each.open(1).reset(np.array([3.0])) for each in (whole, part))
    np.testing.assert_array_equal(first[:, [0, 2]], some)


def test_dicts_are_flattened():
    environment = GymnasiumEnvironment("evolino/Nested-v0")
    assert environment.observations == 5
    assert (environment.open(1).reset(np.zeros(1)) != 0).sum() == 3


@pytest.mark.parametrize(
    ("env", "message"),
    [
        ("evolino/Unbounded-v0", "finite bounds"),
        ("evolino/Bits-v0", "discrete or a box"),
        ("NoSuchThing-v7", "cannot be made"),
    ],
)
def test_what_cannot_be_acted_in_is_refused_by_name(env, message):
    with pytest.raises(ValueError, match=message):
        Gymnasium(env, threshold=1.0)


def test_places_that_are_not_there_and_nothing_to_see_are_refused():
    with pytest.raises(ValueError, match="places 0 to 3"):
        Gymnasium("CartPole-v1", hide=(4,))
    with pytest.raises(ValueError, match="leaves nothing"):
        Gymnasium("CartPole-v1", hide=(0, 1, 2, 3))


def test_an_environment_without_a_threshold_needs_one():
    with pytest.raises(ValueError, match="threshold"):
        Gymnasium("Pendulum-v1")


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [("gives", np.nan, "observation that is not finite"), ("rewards", np.inf, "reward")],
)
def test_what_is_not_finite_ends_the_run_with_its_name(monkeypatch, field, value, message):
    facts("evolino/Faulty-v0")  # before anything goes wrong
    monkeypatch.setattr(Faulty, field, value)
    task = Gymnasium("evolino/Faulty-v0", threshold=100.0)
    with pytest.raises(ValueError, match=message):
        play_together(task.environment, seeded([1.0]), 1, lambda seen: np.zeros((1, 2)))


def test_an_environment_that_never_ends_is_cut_at_the_limit():
    environment = GymnasiumEnvironment("evolino/Faulty-v0")
    found = play_together(environment, seeded([1.0], 7), 1, lambda seen: np.zeros((1, 2)))
    assert found.steps[0, 0] == 7


@pytest.mark.parametrize(
    ("env", "twin"),
    [
        ("MountainCar-v0", catalogue.mountain_car()),
        ("Pendulum-v1", catalogue.pendulum()),
    ],
)
def test_our_twin_moves_as_gymnasiums_own(env, twin, rng):
    world = gymnasium.make(env)
    world.reset(seed=5)
    state = np.array(world.unwrapped.state, float)[None]
    for _ in range(150):
        outputs = rng.normal(size=(1, twin.actions))
        action = int(outputs.argmax()) if twin.actions == 3 else 2 * np.tanh(outputs[0])
        _, reward, _, _, _ = world.step(action)
        state, _, mine, _ = reference.advance(twin, state, outputs)
        np.testing.assert_allclose(state[0], world.unwrapped.state, atol=1e-5)
        np.testing.assert_allclose(mine[0], reward, rtol=1e-5, atol=1e-5)


def test_cartpole_from_positions_alone_is_solved():
    result = evolino.run(experiment_for("control", seed=0, task_options={"hide": (1, 3)}))
    assert result.metrics["solved"] == 1.0
    assert result.metrics["return_mean"] >= 475
