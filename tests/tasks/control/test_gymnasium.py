"""Environments of gymnasium: what is shown, what is refused; our twins of some."""

import sys

import gymnasium
import numpy as np
import pytest

import evolino
from evolino.environments import catalogue, reference
from evolino.environments.base import Episodes
from evolino.environments.gymnasium_worlds import GymnasiumEnvironment, facts
from evolino.environments.stepped import play_together
from evolino.environments.twins import twin_of
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


class Raising(Faulty):
    def step(self, action):
        raise ZeroDivisionError("no\nway")


class Narrow(Faulty):
    """Raises for actions out of its bounds."""

    action_space = gymnasium.spaces.Box(np.float32([-0.5, 2.0]), np.float32([0.25, 3.0]))

    def step(self, action):
        assert self.action_space.contains(action), action
        return super().step(action)


for each in (Faulty, Nested, Unbounded, Bits, Raising, Narrow):
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


def test_what_an_environment_raises_is_one_line_with_its_name(monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(Raising, "step", Faulty.step)
        environment = GymnasiumEnvironment("evolino/Raising-v0")
    with pytest.raises(ValueError, match="Raising-v0 raised ZeroDivisionError: no way"):
        play_together(environment, seeded([1.0]), 1, lambda seen: np.zeros((1, 2)))


def test_one_that_raises_in_random_play_is_refused():
    facts.cache_clear()
    with pytest.raises(ValueError, match="Raising-v0 raised ZeroDivisionError"):
        GymnasiumEnvironment("evolino/Raising-v0")


@pytest.mark.parametrize("value", [0.0, 1e300, -1e300, np.inf, np.nan])
def test_continuous_actions_never_leave_their_bounds(value):
    environment = GymnasiumEnvironment("evolino/Narrow-v0")
    found = play_together(
        environment, seeded([1.0], 3), 1, lambda seen: np.full((1, 2), value)
    )
    assert found.steps[0, 0] == 3


def test_without_the_extra_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "gymnasium", None)
    facts.cache_clear()
    with pytest.raises(ValueError, match=r"pip install 'evolino\[control\]'"):
        GymnasiumEnvironment("CartPole-v1")


def test_a_policy_is_refused_in_another_environment(rng):
    network = evolino.LSTM(
        cells=2, inputs=2, outputs=2, feedback=False, readout_inputs=False,
        readout_constant=False, evolved_outputs=True,
    )  # fmt: skip
    genome = rng.normal(size=network.genome_shape)
    model = evolino.Model(network, genome, genome[:, -2:])
    task = Gymnasium("Acrobot-v1", hide=(4, 5))
    with pytest.raises(ValueError, match="got 4 and 3"):
        model.play(task.environment, task.sequences(rng).episodes)


@pytest.mark.parametrize(
    ("env", "hide"),
    [
        ("MountainCar-v0", (1,)),
        ("Pendulum-v1", (2,)),
        ("Acrobot-v1", (4, 5)),
        ("CartPole-v1", (1, 3)),
        ("popgym:popgym-PositionOnlyCartPoleMedium-v0", ()),
    ],
)
def test_a_network_evolved_in_the_twin_does_the_same_in_gymnasiums_own(env, hide, rng):
    task = Gymnasium(env, hide=hide, threshold=-150.0, compiled=True)
    network = evolino.LSTM(
        cells=3, inputs=task.inputs, outputs=task.outputs, feedback=False,
        readout_inputs=False, readout_constant=False, evolved_outputs=True,
    )  # fmt: skip
    genome = rng.normal(size=network.genome_shape)
    model = evolino.Model(network, genome, 3 * genome[:, -task.outputs :])
    world = gymnasium.make(env)
    states = []
    for seed in range(3):
        world.reset(seed=seed)
        states.append(np.array(world.unwrapped.state, float))
    own = Episodes(np.array(states), 60, np.zeros((3, 60, 0)))
    compiled = model.play(task.environment, own)
    there = model.play(task.tested_in, seeded([0.0, 1.0, 2.0], 60))
    np.testing.assert_allclose(compiled.returns, there.returns, rtol=1e-4)


def test_an_environment_without_a_twin_is_refused():
    with pytest.raises(ValueError, match="compiled must be False for CartPole-v1"):
        Gymnasium("CartPole-v1", hide=(1,), compiled=True)


class Constantly:
    """In the place of an environment's random numbers: noise that is always 0.5."""

    def normal(self, mean, deviation):
        return 0.5 * np.asarray(deviation)


@pytest.mark.parametrize("level", ["Easy", "Medium", "Hard"])
def test_the_noisy_pendulums_twin_shows_and_rewards_as_popgyms_own(level, rng):
    env = f"popgym:popgym-NoisyPositionOnlyPendulum{level}-v0"
    world, twin = gymnasium.make(env), twin_of(env, ()).environment
    world.reset(seed=5)
    world.unwrapped._np_random = Constantly()
    state = np.array(world.unwrapped.state, float)[None]
    for _ in range(100):
        outputs = rng.normal(size=(1, 1))
        seen, reward, _, _, _ = world.step(2 * np.tanh(outputs[0]))
        state, _, mine, _ = reference.advance(twin, state, outputs)
        shown = reference.observe(twin, state, np.full((1, 2), 0.5))
        np.testing.assert_allclose(mine[0], reward, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(shown[0], seen, atol=1e-5)


@pytest.mark.parametrize("level", ["Easy", "Medium", "Hard"])
def test_the_game_of_cards_twin_is_popgyms_own_to_its_end(level, rng):
    env = f"popgym:popgym-RepeatPrevious{level}-v0"
    world, twin = gymnasium.make(env), twin_of(env, ())
    seen, _ = world.reset(seed=3)
    deck = world.unwrapped.deck
    suits = deck.suits_idx[[*deck["player"], *deck.idx[: len(deck)][::-1]]]
    state = np.concatenate([[0], suits]).astype(float)[None]
    right = 0.0
    for step in range(twin.steps):
        shown = reference.observe(twin.environment, state, np.zeros((1, 0)))
        assert shown[0].argmax() == seen and shown.sum() == 1
        asked = suits[max(step + 1 - int(twin.environment.constants[1]), 0)]
        answer = asked if rng.random() < 0.7 else rng.integers(4)
        seen, reward, ended, _, _ = world.step(answer)
        outputs = np.eye(4)[[answer]]
        state, goes_on, mine, _ = reference.advance(twin.environment, state, outputs)
        assert mine[0] == pytest.approx(reward) and ended == (goes_on[0] == 0)
        right += reward > 0
    assert ended and right > 10


def test_popgyms_environments_run_as_they_are():
    task = Gymnasium("popgym:popgym-PositionOnlyCartPoleEasy-v0", threshold=0.99)
    assert (task.inputs, task.outputs) == (2, 2)
    held = play_together(
        task.tested_in, task.sequences(np.random.default_rng(0)).episodes, 1,
        lambda seen: np.stack([0 * seen[:, 1], seen[:, 1]], 1),
    )  # fmt: skip
    np.testing.assert_allclose(held.returns, held.steps / 200)


@pytest.mark.parametrize(
    ("env", "twin"),
    [
        ("MountainCar-v0", catalogue.mountain_car()),
        ("Pendulum-v1", catalogue.pendulum()),
        ("Acrobot-v1", catalogue.acrobot()),
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
