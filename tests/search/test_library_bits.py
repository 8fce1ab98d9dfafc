"""What searches do faster than the libraries that they come from has the same bits."""

import random

import numpy as np
import pytest

from evolino.search.cma_es import Strategy
from evolino.search.gaussian import legacy_normals, mutate_gaussian


@pytest.mark.parametrize("chance", [0.0, 0.1, 1.0])
def test_gaussian_mutation_is_that_of_deap(rng, chance):
    from deap import tools

    genes, deviations = rng.normal(size=(7, 50)), np.abs(rng.normal(size=50))
    wanted = genes.tolist()
    before = random.getstate()
    try:
        random.seed(3)
        for child in wanted:
            tools.mutGaussian(child, 0.0, deviations.tolist(), chance)
        random.seed(3)
        mutate_gaussian(genes, deviations, chance)
    finally:
        random.setstate(before)
    np.testing.assert_array_equal(genes, wanted)


@pytest.mark.parametrize("count", [1, 2, 5, 1000, 20001])
def test_normal_numbers_are_those_of_numpys_legacy_generator(count):
    for seed in range(5):
        ours, library = (np.random.RandomState(seed) for _ in range(2))
        np.testing.assert_array_equal(legacy_normals(ours, count), library.randn(count))


def test_diagonal_points_are_those_of_the_library(rng):
    ours = Strategy(30, 0.3, 12, diagonal=True)
    library = ours._strategy
    for seed in range(4):
        points = ours.ask(np.random.default_rng(seed))
        library.reseed_rng(int(np.random.default_rng(seed).integers(2**32)))
        wanted = [library.ask() for _ in range(12)]
        np.testing.assert_array_equal(points, wanted)
        ours.tell(points, rng.normal(size=12))
