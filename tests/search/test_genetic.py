"""Laws of the genetic search's own noise."""

import numpy as np
import pytest
from scipy import stats

from evolino.search.genetic import add_noise, places_drawn


@pytest.mark.parametrize("chance", [0.0, 0.1, 1.0])
def test_a_gene_is_mutated_with_its_chance(rng, chance):
    genes = np.zeros((200, 500))
    add_noise(genes, np.ones(500), chance, rng)
    mutated = int(np.count_nonzero(genes))
    if chance in (0.0, 1.0):
        assert mutated == chance * genes.size
    else:
        assert stats.binomtest(mutated, genes.size, chance).pvalue > 1e-6


def test_noise_is_normal_with_the_deviation_of_its_gene(rng):
    deviations = np.array([0.0, 1e-3, 1.0, 40.0])
    genes = np.zeros((5000, 4))
    add_noise(genes, deviations, 0.5, rng)
    assert not genes[:, 0].any()
    for column, deviation in zip(genes.T[1:], deviations[1:], strict=True):
        mutated = column[column != 0.0]
        assert stats.kstest(mutated / deviation, "norm").pvalue > 1e-6


def test_noise_is_added_to_what_is_there_and_follows_the_generator():
    genes = np.arange(12.0).reshape(3, 4)
    again = genes.copy()
    for each in (genes, again):
        add_noise(each, np.ones(4), 1.0, np.random.default_rng(3))
    np.testing.assert_array_equal(genes, again)
    noise = np.random.default_rng(3)
    places_drawn(12, 1.0, noise)
    np.testing.assert_array_equal(
        genes, np.arange(12.0).reshape(3, 4) + noise.standard_normal(12).reshape(3, 4)
    )


@pytest.mark.parametrize("chance", [1e-300, 1e-9, 1e-3, 0.3, 1.0])
@pytest.mark.parametrize("count", [1, 2, 1000])
def test_places_ascend_within_their_range(rng, count, chance):
    places = places_drawn(count, chance, rng)
    assert (np.diff(places) > 0).all()
    assert ((places >= 0) & (places < count)).all()
    assert len(places) == count or chance < 1


def test_every_place_is_as_likely_as_the_others(rng):
    drawn = np.zeros(10)
    for _ in range(4000):
        drawn[places_drawn(10, 0.2, rng)] += 1
    assert stats.chisquare(drawn).pvalue > 1e-6
    assert stats.binomtest(int(drawn.sum()), 40_000, 0.2).pvalue > 1e-6
