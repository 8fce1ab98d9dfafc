"""The compiled environments against their plain twin, closed forms and gymnasium's code."""

import numpy as np
import pytest

from evolino.environments import catalogue, reference
from evolino.environments.base import Episodes, episodes
from evolino.network.kernels.acting import play_episodes
from evolino.network.kernels.networks import pack
from evolino.network.lstm import LSTM
from evolino.network.stepper import Stepper

DEGREE = np.pi / 180
ENVIRONMENTS = {
    "two poles": catalogue.cart_and_poles(2),
    "two poles, no friction": catalogue.cart_and_poles(2, friction=0.0),
    "two poles, velocities": catalogue.cart_and_poles(2, velocities=True),
    "one pole": catalogue.cart_and_poles(1),
    "a light cart": catalogue.cart_and_poles(1, friction=0.8),
    "memory": catalogue.memory(7, 0.3),
    "t-maze": catalogue.t_maze(6, 0.3),
    "pendulum": catalogue.pendulum(),
    "mountain car": catalogue.mountain_car(),
    "acrobot": catalogue.acrobot(),
    "pushed cart": catalogue.pushed_cart(0.1),
    "noisy pendulum": catalogue.noisy_pendulum(0.3, 8.0, 5.0),
    "repeat previous": catalogue.repeat_previous(52, 4),
}


@pytest.fixture(params=ENVIRONMENTS)
def environment(request):
    return ENVIRONMENTS[request.param]


def starts_of(environment, rng, number=20):
    starts = 0.05 * rng.normal(size=(number, environment.states))
    if environment in (ENVIRONMENTS["memory"], ENVIRONMENTS["t-maze"]):
        starts[:, 0], starts[:, 1] = 0.0, np.where(rng.random(number) < 0.5, -1.0, 1.0)
    if environment == ENVIRONMENTS["repeat previous"]:
        starts = np.concatenate([0 * starts[:, :1], rng.integers(0, 4, (number, 52))], 1)
    if environment in (ENVIRONMENTS["pendulum"], ENVIRONMENTS["noisy pendulum"]):
        starts = rng.uniform(-3, 3, (number, 2))
    if environment == ENVIRONMENTS["mountain car"]:
        starts = np.stack([rng.uniform(-0.6, -0.4, number), np.zeros(number)], 1)
    noise = rng.normal(size=(number, 60, environment.noise))
    return Episodes(starts, 60, noise)


def actors(environment, rng, count):
    architecture = LSTM(
        cells=3,
        inputs=environment.observations,
        outputs=environment.actions,
        feedback=False,
        readout_inputs=False,
        readout_constant=False,
    )
    genomes = rng.normal(size=(count, *architecture.genome_shape))
    return architecture, genomes, 3 * rng.normal(size=(count, 3, environment.actions))


def by_twin(architecture, genome, weights, environment, these):
    """Outcomes of one network in the plain environment, an episode after another."""
    results = []
    for n in range(these.number):
        stepper = Stepper(architecture, genome)

        def act(seen, stepper=stepper):
            stepper.step(seen[0])
            return (stepper.features() @ weights)[None]

        alone = Episodes(these.starts[n : n + 1], these.steps, these.noise[n : n + 1])
        results.append(reference.play(environment, alone, act))
    return [
        np.concatenate([getattr(each, name)[0] for each in results])
        for name in ("steps", "returns", "costs")
    ]


def test_kernels_do_what_the_plain_twin_does(environment, rng):
    architecture, genomes, weights = actors(environment, rng, 8)
    these = starts_of(environment, rng, 4)
    found = play_episodes(pack(architecture, genomes), weights, environment, these)
    for p in range(8):
        steps, returns, costs = by_twin(
            architecture, genomes[p], weights[p], environment, these
        )
        np.testing.assert_array_equal(found.steps[p], steps)
        np.testing.assert_allclose(found.returns[p], returns, rtol=1e-7, atol=1e-9)
        np.testing.assert_allclose(found.costs[p], costs, rtol=1e-7, atol=1e-9)


def test_lanes_of_episodes_have_the_bits_of_lanes_of_networks(environment, rng):
    architecture, genomes, weights = actors(environment, rng, 8)
    these = starts_of(environment, rng, 11)
    together = play_episodes(pack(architecture, genomes), weights, environment, these)
    for p in range(8):
        networks = pack(architecture, genomes[p : p + 1])
        alone = play_episodes(networks, weights[p : p + 1], environment, these)
        for a, b in zip(together.arrays, alone.arrays, strict=True):
            np.testing.assert_array_equal(a[p], b[0])


def energy(state):
    """Of a cart with one pole, in joules; frictionless motion keeps it."""
    _, v, angle, speed = state.T
    along = v + 0.5 * speed * np.cos(angle)
    up = -0.5 * speed * np.sin(angle)
    spin = 0.1 * 0.5**2 / 3 * speed**2
    return (
        0.5 * v**2
        + 0.05 * (along**2 + up**2)
        + 0.5 * spin
        + 0.1 * 9.8 * 0.5 * np.cos(angle)
    )


def test_a_cart_without_force_keeps_its_energy(monkeypatch):
    state = np.array([[0.0, 0.3, 0.2, -0.4]])
    before = energy(state)
    for _ in range(200):
        a = reference.cart_slope(state, np.zeros(1), 0.0)
        b = reference.cart_slope(state + 0.0005 * a, np.zeros(1), 0.0)
        state = state + 0.001 * b
    # Pole friction of 2e-6 takes less than the midpoint rule's error.
    np.testing.assert_allclose(energy(state), before, rtol=1e-5)


def test_small_swings_of_a_heavy_free_pendulum_have_the_period_of_its_length():
    """Hanging, with the cart nearly at rest: angles near pi follow a harmonic motion."""
    state = np.array([[0.0, 0.0, np.pi + 1e-4, 0.0]])
    slope = reference.cart_slope(state, np.zeros(1), 0.0)
    reduced = 9.8 / (0.5 * (4 / 3 - 0.1 / 1.1))
    np.testing.assert_allclose(slope[0, 3], -reduced * 1e-4, rtol=1e-4)


def test_the_625_starts_are_symmetric_and_inside_the_track():
    starts = catalogue.generalisation_starts()
    assert starts.shape == (625, 6)
    np.testing.assert_allclose(starts.sum(axis=0), 0.0, atol=1e-12)
    assert np.abs(starts[:, 0]).max() == pytest.approx(0.9 * 2.16)
    assert len(np.unique(starts, axis=0)) == 625


def test_a_network_that_diverges_falls_and_harms_nobody(rng):
    environment = ENVIRONMENTS["two poles"]
    architecture, genomes, weights = actors(environment, rng, 2)
    weights[0] = np.nan
    start = np.zeros((1, 6))
    start[0, 2] = 4 * DEGREE
    these = episodes(environment, start, 1000)
    found = play_episodes(pack(architecture, genomes), weights, environment, these)
    assert found.returns[0, 0] == 0
    alone = play_episodes(pack(architecture, genomes[1:]), weights[1:], environment, these)
    np.testing.assert_array_equal(found.steps[1], alone.steps[0])
