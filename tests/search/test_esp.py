"""Enforced SubPopulations as the papers have it."""

import numpy as np
import pytest

from evolino.search.base import WeightSpace
from evolino.search.esp import ESP, credits_of
from evolino.search.mutation import cauchy_mutation


def space_of(cells, genes, draw=None):
    shape = (cells, genes)
    return WeightSpace(
        draw or (lambda rng, count: rng.normal(size=(count, *shape))), np.ones(shape)
    )


def labelled(cells):
    """A space whose first chromosomes are told apart: gene 0 of chromosome n is n."""

    def draw(rng, count):
        return np.tile(np.arange(float(count))[:, None, None], (1, cells, 1))

    return space_of(cells, 1, draw)


def test_every_chromosome_takes_part_in_as_many_networks_as_asked_for(rng):
    search = ESP(subpopulation=8, combinations=3).start(labelled(4), rng, None)
    genomes = search.ask()[:, :, 0]
    assert genomes.shape == (24, 4)
    for cell in range(4):
        _, counts = np.unique(genomes[:, cell], return_counts=True)
        assert counts.tolist() == [3] * 8


def test_networks_are_put_together_at_random(rng):
    search = ESP(subpopulation=8, combinations=3).start(labelled(4), rng, None)
    genomes = search.ask()[:, :, 0]
    assert (genomes[:, 0] != genomes[:, 1]).any()


@pytest.mark.parametrize(
    ("credit", "expected"),
    [
        ("best", [[1.0, 1.0], [2.0, 2.0]]),
        ("sum", [[5.0, 1.0 + 8.0], [2.0 + 8.0, 6.0]]),
        ("mean", [[2.5, 4.5], [5.0, 3.0]]),
    ],
)
def test_credit_by_hand(credit, expected):
    # Losses: (0,0) 1, (1,1) 2, (0,1) 4; (1,0) failed and counts twice the largest, 8.
    members = np.array([[0, 0], [1, 1], [0, 1], [1, 0]])
    losses = np.array([1.0, 2.0, 4.0, np.inf])
    found = credits_of(losses, members, ESP(subpopulation=2, combinations=2, credit=credit))
    np.testing.assert_array_equal(found, expected)


def test_the_top_quarter_breeds_and_the_lower_half_is_replaced(rng):
    settings = ESP(subpopulation=8, combinations=1, mutation=1e-9)
    search = settings.start(labelled(2), rng, None)
    genomes = search.ask()
    search.tell(genomes.sum(axis=(1, 2)))  # chromosome 0 of each cell is not always best
    subpopulations = search.state()["subpopulations"][:, :, 0]
    kept, copies = subpopulations[:4], subpopulations[4:]
    for cell in range(2):
        assert len(set(kept[:, cell])) == 4
        parents = kept[:2, cell]
        assert all(np.abs(parents - copy).min() < 1e-3 for copy in copies[:, cell])


def test_half_of_the_mutations_stay_within_their_strength(rng):
    space = space_of(1, 100_000)
    moved = cauchy_mutation(space, np.zeros((1, 100_000)), rng, 0.3, 1.0)
    assert abs((np.abs(moved) < 0.3).mean() - 0.5) < 0.01
    assert abs((np.abs(moved) < 0.6).mean() - 2 * np.arctan(2) / np.pi) < 0.01


def test_burst_mutation_after_stagnation_keeps_the_best_and_moves_the_rest(rng):
    settings = ESP(subpopulation=6, combinations=2, burst_after=3)
    search = settings.start(space_of(2, 5), rng, None)
    genomes = search.ask()
    losses = np.arange(len(genomes), dtype=float)
    search.tell(losses)
    best = genomes[0]
    for stagnant in range(3):
        assert search.state()["stagnant"] == stagnant
        search.tell(np.full(len(search.ask()), 5.0))
    subpopulations = search.state()["subpopulations"]
    np.testing.assert_array_equal(subpopulations[0], best)
    assert (subpopulations[1:] != best).all()
    assert search.state()["stagnant"] == 0


def test_an_origin_is_in_the_first_networks(rng):
    origin = rng.normal(size=(3, 4))
    search = ESP(subpopulation=5, combinations=1).start(space_of(3, 4), rng, origin)
    subpopulations = search.state()["subpopulations"]
    np.testing.assert_array_equal(subpopulations[0], origin)
    assert (subpopulations[1:] != origin).all()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"subpopulation": 1}, "subpopulation must be >= 2, got 1"),
        ({"combinations": 0}, "combinations must be >= 1, got 0"),
        ({"credit": "worst"}, "credit must be one of best, mean, sum, got 'worst'"),
        ({"parents": 1.5}, "parents must be <= 1, got 1.5"),
        ({"mutation": 0.0}, "mutation must be > 0, got 0"),
        ({"mutation": "much"}, "mutation must be a number, got 'much'"),
        ({"burst_after": -1}, "burst_after must be >= 0, got -1"),
    ],
)
def test_a_setting_out_of_range_is_named(fields, message):
    with pytest.raises((ValueError, TypeError), match=message):
        ESP(**fields)
