"""T-mazes whose tests are in other corridors than networks evolve in."""

import numpy as np
import pytest

from evolino.environments.base import Outcomes
from evolino.tasks.control.cues import TMaze
from evolino.training.presets import experiment_for


class Turning:
    """A player that is right in a share of mazes; it keeps their number and corridors."""

    def __init__(self, share):
        self.share, self.mazes, self.corridors = share, 0, set()

    def play(self, environment, episodes):
        self.corridors.add(environment.constants)
        numbers = self.mazes + np.arange(episodes.number)
        self.mazes += episodes.number
        right = (numbers * self.share) % 1 < self.share
        returns = np.where(right, 4.0, -0.1)[None]
        return Outcomes(np.ones_like(returns), returns, np.zeros_like(returns))


@pytest.mark.parametrize(
    ("tested", "corridors"),
    [
        ({"tested_length": 90}, {(90.0, 0.5)}),
        ({"tested_noise": 0.0}, {(10.0, 0.0)}),
        ({"tested_length": 300, "tested_noise": 0.1}, {(100.0, 0.1), (300.0, 0.1)}),
    ],
)
def test_tests_are_in_corridors_of_their_own_and_candidates_in_the_other(tested, corridors):
    task, player = TMaze(10, 0.5, **tested), Turning(1.0)
    assert task.environment == TMaze(10, 0.5).environment
    assert task.sequences(np.random.default_rng(0)).episodes.steps == TMaze(10).steps
    assert task.passes(player)
    assert task.measure(player, None)["right"] == 1.0
    assert player.corridors == corridors


def test_without_another_corridor_the_tests_are_in_the_same():
    player = Turning(1.0)
    assert TMaze(10).passes(player)
    assert player.corridors == {(10.0, 0.3)} and player.mazes == 2000


def test_a_test_that_cannot_be_passed_any_more_ends():
    task, player = TMaze(10, tested_length=20_000), Turning(0.5)
    assert not task.passes(player)
    assert player.mazes == 20


def test_the_share_of_a_long_test_is_that_of_all_its_mazes():
    task, player = TMaze(10, tested_length=20_000), Turning(0.75)
    assert task.measure(player, None) == {"solved": 0.0, "right": 0.75}
    assert player.mazes == 1000


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("tested_length", 0),
        ("tested_length", 1.5),
        ("tested_length", 2_000_000),
        ("tested_noise", -0.1),
    ],
)
def test_a_tested_corridor_out_of_range_is_refused_by_name(name, value):
    with pytest.raises((TypeError, ValueError), match=name):
        TMaze(10, **{name: value})


def test_a_presets_row_of_longer_tests_is_for_those_who_ask_for_them():
    plain = experiment_for("t-maze", task_options={"length": 10, "noise": 0.7})
    assert plain.task == TMaze(10, 0.7)
    long = experiment_for("t-maze", task_options={"tested_length": 100_000})
    assert long.task == TMaze(10, 0.7, tested_length=100_000, tested_noise=0.3)


def test_turning_always_north_is_right_in_half_whatever_the_noise():
    task = TMaze(length=200, noise=0.9)
    found = task.baselines(task.sequences(np.random.default_rng(0)))
    assert found["always north"]["right"] == 0.5
