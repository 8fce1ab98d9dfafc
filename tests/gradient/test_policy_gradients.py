"""Recurrent policy gradients: the gradient, what the baseline may see, a run, its state."""

from dataclasses import replace

import numpy as np
import pytest

import evolino
from evolino.environments import catalogue, reference
from evolino.environments.base import Episodes
from evolino.environments.rollouts import Rollouts, record
from evolino.gradient.reinforce import (
    Reinforce,
    advantages_of,
    perturbed,
    policy_gradient,
)
from evolino.network.acting_together import Together
from evolino.network.backward.matrices import matrices_of
from evolino.network.backward.sequences import drive_sequences, steps_of
from evolino.network.lstm import LSTM
from evolino.network.reference import run
from evolino.network.weights import output_weights
from evolino.training.policy_gradient import fresh_episodes
from evolino.training.presets import experiment_for
from evolino.training.problem import Problem
from evolino.training.run import Run
from evolino.training.workers.threads import ThreadWorkers

WORLDS = {"continuous": catalogue.cart_and_poles(1), "discrete": catalogue.t_maze(3, 0.3)}


def network_for(environment, **fields):
    return LSTM(
        cells=3,
        inputs=environment.observations,
        outputs=environment.actions,
        feedback=False,
        readout_inputs=False,
        readout_constant=False,
        evolved_outputs=True,
        **fields,
    )


def starts_in(environment, rng, number):
    starts = 0.1 * rng.normal(size=(number, environment.states))
    if environment.chooses:
        starts = np.stack([np.zeros(number), np.where(np.arange(number) % 2, -1.0, 1.0)], 1)
    return Episodes(starts, 25, rng.normal(size=(number, 25, environment.noise)))


def recorded(environment, architecture, genome, rng, number=6):
    together = Together(
        architecture, genome[None], output_weights(architecture, genome[None]), number
    )

    def act(seen):
        outputs = together.act(seen)
        return perturbed(outputs, rng, chooses=environment.chooses, deviation=0.4)

    return record(environment, starts_in(environment, rng, number), act)


def surrogate(architecture, genome, rollouts, advantages, environment, entropy):
    """-mean [A(t) log p(a(t)) + entropy H(t)], by the plain equations of the network."""
    sums = np.concatenate(
        [
            run(architecture, genome, rollouts.observations[:n, k]).outputs
            @ output_weights(architecture, genome[None])[0]
            for k, n in enumerate(rollouts.lengths)
        ]
    )
    given = rollouts.joined(rollouts.given)
    if environment.chooses:
        chosen = sums[np.arange(len(sums)), given.argmax(axis=1)]
        logs = chosen - np.log(np.exp(sums).sum(axis=1))
        shares = np.exp(sums) / np.exp(sums).sum(axis=1, keepdims=True)
        gain = advantages * logs - entropy * (shares * np.log(shares)).sum(axis=1)
        return -gain.mean()
    else:
        logs = -((given - sums) ** 2).sum(axis=1) / (2 * 0.4**2)
    return -(advantages * logs).mean()


@pytest.mark.parametrize("kind", WORLDS)
@pytest.mark.parametrize(("peepholes", "entropy"), [(False, 0.3), (True, 0.0)])
def test_the_gradient_is_that_of_finite_differences(kind, peepholes, entropy, rng):
    environment = WORLDS[kind]
    architecture = network_for(environment, peepholes=peepholes)
    genome = rng.normal(size=architecture.genome_shape)
    rollouts = recorded(environment, architecture, genome, rng)
    settings = Reinforce(deviation=0.4, entropy=entropy)
    found = policy_gradient(
        architecture, genome, rollouts, settings, chooses=environment.chooses
    )
    lived = [rollouts.observations[:n, k].copy() for k, n in enumerate(rollouts.lengths)]
    passed = drive_sequences(matrices_of(architecture, genome), steps_of(lived))
    advantages = advantages_of(rollouts, passed, settings)

    def loss(genes):
        return surrogate(architecture, genes, rollouts, advantages, environment, entropy)

    numeric = np.zeros_like(genome)
    for place in np.ndindex(genome.shape):
        step = np.zeros_like(genome)
        step[place] = 1e-5
        numeric[place] = (loss(genome + step) - loss(genome - step)) / 2e-5
    np.testing.assert_allclose(found, numeric, rtol=1e-5, atol=1e-8)


def test_its_mean_is_the_gradient_of_the_expected_reward(rng):
    """One step, one cell: E[a^2] falls by the known slope in the output weight."""
    architecture = LSTM(
        cells=1, inputs=1, feedback=False, readout_inputs=False, readout_constant=False,
        evolved_outputs=True,
    )  # fmt: skip
    genome = np.ones(architecture.genome_shape)
    count, seen = 100_000, np.ones((1, 1))
    output = float(run(architecture, genome, seen).outputs[0, 0])
    weight = float(genome[0, -1])
    given = output * weight + 0.4 * rng.normal(size=(1, count, 1))
    rollouts = Rollouts(
        np.ones((1, count, 1)), given, -(given[:, :, 0] ** 2), np.ones(count, np.int64)
    )
    found = policy_gradient(
        architecture, genome, rollouts, Reinforce(deviation=0.4), chooses=False
    )[0, -1]
    slope = 2 * output * output * weight / (given**2).std()
    np.testing.assert_allclose(found, slope, rtol=0.05)


@pytest.mark.parametrize("baseline", ["mean", "readout"])
def test_a_baseline_does_not_depend_on_the_episode_itself(baseline, rng):
    environment = WORLDS["continuous"]
    architecture = network_for(environment)
    genome = rng.normal(size=architecture.genome_shape)
    rollouts = recorded(environment, architecture, genome, rng)
    lived = [rollouts.observations[:n, k].copy() for k, n in enumerate(rollouts.lengths)]
    passed = drive_sequences(matrices_of(architecture, genome), steps_of(lived))
    settings = Reinforce(baseline=baseline)
    usual = advantages_of(rollouts, passed, settings)
    rollouts.rewards[0, 0] += 1.0  # of the first episode: only its first step has more
    raised = advantages_of(rollouts, passed, settings)
    own = slice(0, rollouts.lengths[0])
    scale = usual[own][1:] / raised[own][1:]  # both are divided by their deviations
    np.testing.assert_allclose(scale, scale[0], rtol=1e-6)


def test_recorded_episodes_are_those_of_the_plain_twin(rng):
    environment = WORLDS["continuous"]
    these = starts_in(environment, rng, 5)
    outcomes = reference.play(environment, these, lambda seen: 3 * seen[:, 1:])
    found = record(environment, these, lambda seen: 3 * seen[:, 1:])
    np.testing.assert_array_equal(found.lengths, outcomes.steps[0])
    np.testing.assert_array_equal(found.rewards.sum(axis=0), outcomes.returns[0])
    to_go = found.to_go(1.0)
    np.testing.assert_allclose(to_go[0], outcomes.returns[0])


def test_it_learns_to_answer_a_cue():
    result = evolino.train(
        evolino.Memory(length=1, noise=0.1),
        reinforce=Reinforce(episodes=20, rate=0.1, deviation=0.5),
        network=evolino.LSTM(
            cells=2, feedback=False, readout_inputs=False, readout_constant=False,
            evolved_outputs=True,
        ),
        initialiser=evolino.Policy(gate=0.3, output=1.0, forget=2.0),
        budget=evolino.Budget(evaluations=3000),
        seed=1,
    )  # fmt: skip
    assert result.metrics["solved"] == 1.0
    assert result.evaluations % 20 == 0


def short(**fields):
    return experiment_for(
        "memory", task_options={"length": 3}, train="reinforce",
        fields={"reinforce": fields}, budget_options={"evaluations": 45},
    )  # fmt: skip


def test_a_state_goes_on_to_the_same_bits_and_the_budget_is_kept():
    whole = Run(short())
    workers = ThreadWorkers(1)
    whole.step(workers)
    again = Run(short(), whole.state())
    for each in (whole, again):
        while not each.stop_reasons():
            each.step(workers)
    assert whole.progress.evaluations == again.progress.evaluations == 45
    np.testing.assert_array_equal(whole.progress.genome, again.progress.genome)


def grown(patience):
    """An experiment whose corridors grow: of 1 step, then of 3."""
    experiment = experiment_for(
        "t-maze", task_options={"length": 3, "noise": 0.0}, train="reinforce",
        fields={"reinforce": {"episodes": 4}}, budget_options={"evaluations": 100},
    )  # fmt: skip
    easier = evolino.Curriculum((evolino.TMaze(length=1, noise=0.0),), patience=patience)
    return replace(experiment, curriculum=easier)


def test_a_curriculum_goes_on_from_the_best_policy_of_the_variant_before():
    going_on, staying, workers = Run(grown(3)), Run(grown(100)), ThreadWorkers(1)
    for each in (going_on, staying) * 3:
        each.step(workers)
    assert (going_on.progress.variant, staying.progress.variant) == (0, 1)
    state = going_on.state()
    np.testing.assert_array_equal(state["search"]["genome"], staying.progress.genome)
    again = Run(grown(3), state)
    for each in (going_on, again):
        each.step(workers)
    assert not np.array_equal(going_on.state()["search"]["genome"], staying.progress.genome)
    np.testing.assert_array_equal(
        *(x.state()["search"]["genome"] for x in (going_on, again))
    )


def test_a_curriculum_that_begins_again_draws_anew_for_workers_elsewhere_too():
    whole = grown(100)
    run = Run(replace(whole, curriculum=replace(whole.curriculum, restart_after=2)))
    first, workers = run.state()["search"]["genome"], ThreadWorkers(1)
    for _ in range(2):
        run.step(workers)
    assert (run.progress.restarts, run.progress.variant) == (1, 1)
    assert not np.array_equal(run.state()["search"]["genome"], first)
    assert Problem.from_text(run._problem.text).begun == run._problem.begun == 3


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"episodes": 1}, "episodes must be >= 2"),
        ({"discount": 1.5}, "discount must be <= 1"),
        ({"deviation": 0.0}, "deviation must be > 0"),
        ({"baseline": "median"}, "baseline"),
        ({"entropy": -0.1}, "entropy must be >= 0"),
    ],
)
def test_settings_out_of_range_are_refused_by_name(fields, message):
    with pytest.raises(ValueError, match=message):
        Reinforce(**fields)


def test_tasks_with_targets_are_refused():
    with pytest.raises(ValueError, match="reinforce needs a task of control"):
        Run(experiment_for("mso", train="reinforce"))


def test_a_batch_repeats_the_tasks_episodes(rng):
    these = fresh_episodes(evolino.Pole(poles=1), rng, 7)
    assert these.number == 7
    np.testing.assert_array_equal(these.starts, np.tile(these.starts[:1], (7, 1)))
