"""T-mazes whose tests are in longer corridors than networks evolve in."""

import numpy as np
import pytest

from evolino.environments.base import Outcomes
from evolino.tasks.control.cues import TMaze


class Turning:
    """A player that is right in a share of mazes; it counts them, and their lengths."""

    def __init__(self, share):
        self.share, self.mazes, self.lengths = share, 0, set()

    def play(self, environment, episodes):
        self.lengths.add(environment.constants[0])
        numbers = self.mazes + np.arange(episodes.number)
        self.mazes += episodes.number
        right = (numbers * self.share) % 1 < self.share
        returns = np.where(right, 4.0, -0.1)[None]
        return Outcomes(np.ones_like(returns), returns, np.zeros_like(returns))


def test_tests_are_in_the_longer_corridor_and_candidates_in_the_other():
    task, player = TMaze(10, tested_length=300), Turning(1.0)
    assert task.environment == TMaze(10).environment
    assert task.sequences(np.random.default_rng(0)).episodes.steps == TMaze(10).steps
    assert task.passes(player)
    assert task.measure(player, None)["right"] == 1.0
    assert player.lengths == {300.0}


def test_without_another_length_the_tests_are_as_long():
    player = Turning(1.0)
    assert TMaze(10).passes(player)
    assert player.lengths == {10.0} and player.mazes == 2000


def test_a_test_that_cannot_be_passed_any_more_ends():
    task, player = TMaze(10, tested_length=20_000), Turning(0.5)
    assert not task.passes(player)
    assert player.mazes == 20


def test_the_share_of_a_long_test_is_that_of_all_its_mazes():
    task, player = TMaze(10, tested_length=20_000), Turning(0.75)
    assert task.measure(player, None) == {"solved": 0.0, "right": 0.75}
    assert player.mazes == 1000


@pytest.mark.parametrize("length", [0, 1.5, 2_000_000])
def test_a_tested_length_out_of_range_is_refused_by_name(length):
    with pytest.raises((TypeError, ValueError), match="tested_length"):
        TMaze(10, tested_length=length)
