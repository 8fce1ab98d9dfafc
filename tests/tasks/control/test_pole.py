"""Pole balancing: protocol, and runs that solve it."""

import numpy as np
import pytest

import evolino
from evolino import Budget
from evolino.environments.base import Outcomes
from evolino.tasks.control.players import Scripted
from evolino.tasks.control.pole import Pole
from evolino.training.presets import experiment_for


def outcomes(steps, cost):
    return Outcomes(*(np.array([[float(x)]]) for x in (steps, steps, cost)))


def test_the_damping_fitness_is_the_published_one():
    task = Pole()
    for steps, cost in [(50, 1.0), (100, 2.0), (1000, 0.5), (1000, 30.0)]:
        damped = 0.75 / cost if steps >= 100 else 0.0
        fitness = 0.1 * steps / 1000 + 0.9 * damped
        assert task.outcome_loss(outcomes(steps, cost))[0] == pytest.approx(
            1 / (1 + fitness), rel=1e-12
        )


def test_the_fitness_of_steps_counts_steps_alone():
    task = Pole(fitness="steps")
    assert task.outcome_loss(outcomes(500, 9.0))[0] == 1 / 1.5


class Holds:
    """A player that holds for a share of the steps of its episodes."""

    def __init__(self, alone, of_many):
        self.alone, self.of_many = alone, of_many

    def play(self, environment, episodes):
        if episodes.number == 1:
            held = np.array([[float(self.alone)]])
        else:
            held = np.where(np.arange(episodes.number) < self.of_many, 1000.0, 999.0)[None]
        return Outcomes(held, held, held)


@pytest.mark.parametrize(
    ("alone", "of_many", "passes"),
    [(100_000, 200, True), (100_000, 199, False), (99_999, 625, False)],
)
def test_a_solution_holds_100_000_steps_and_200_of_625_starts(alone, of_many, passes):
    task, player = Pole(), Holds(alone, of_many)
    assert task.passes(player) is passes
    figures = task.measure(player, task.sequences(np.random.default_rng(0)))
    expected = {"solved": float(passes), "steps": alone, "generalisation": of_many}
    assert figures == expected


def test_without_damping_the_625_starts_are_reported_not_required():
    assert Pole(fitness="steps").passes(Holds(100_000, 0))


@pytest.mark.parametrize("seed", [0, 1])
def test_two_poles_without_velocities_are_balanced(seed):
    result = evolino.run(experiment_for("pole", seed=seed))
    assert result.metrics["solved"] == 1.0
    assert result.metrics["generalisation"] >= 200
    assert result.evaluations < 6_061  # CMA-ES, as published
    assert result.stopped == ["solved: a network passed the task's test"]


def test_a_resumed_run_is_the_run_that_was_never_interrupted(tmp_path):
    whole = evolino.run(experiment_for("pole", seed=0))
    part = experiment_for("pole", seed=0, budget_options={"evaluations": 300})
    evolino.run(part, out=tmp_path / "run")
    resumed = evolino.resume(tmp_path / "run", budget=Budget(evaluations=20_000))
    np.testing.assert_array_equal(whole.model.genome, resumed.model.genome)
    assert whole.evaluations == resumed.evaluations


def test_a_push_by_hand_falls_soon():
    player = Scripted(lambda seen: np.ones((len(seen), 1)))
    task = Pole()
    figures = task.measure(player, task.sequences(np.random.default_rng(0)))
    assert figures["steps"] < 100


@pytest.mark.parametrize(
    ("field", "value"),
    [("poles", 3), ("poles", 0), ("fitness", "best"), ("friction", -1.0)],
)
def test_wrong_parameters_name_the_field(field, value):
    with pytest.raises(ValueError, match=field):
        Pole(**{field: value})
