"""What searches do faster than the libraries that they come from has the same bits."""

import numpy as np
import pytest

from evolino.search.cma_es import Strategy
from evolino.search.gaussian import _uniforms, legacy_normals


@pytest.mark.parametrize("count", [1, 2, 5, 1000, 20001])
def test_normal_numbers_are_those_of_numpys_legacy_generator(count):
    for seed in range(5):
        ours, library = (np.random.RandomState(seed) for _ in range(2))
        np.testing.assert_array_equal(legacy_normals(ours, count), library.randn(count))


@pytest.mark.parametrize("position", [0, 1, 300, 623, 624])
@pytest.mark.parametrize("count", [1, 311, 312, 20001])
def test_uniform_numbers_are_those_of_a_twister(position, count):
    library = np.random.RandomState(4)
    words = library.get_state()[1].copy()
    library.set_state(("MT19937", words, position, 0, 0.0))
    numbers = np.empty(count)
    end = _uniforms(words, position, numbers)
    np.testing.assert_array_equal(numbers, library.random_sample(count))
    _, wanted, position, *_ = library.get_state()
    assert end == position
    np.testing.assert_array_equal(words, wanted)


@pytest.mark.parametrize(("size", "population"), [(2, 4), (3, 5), (30, 13), (700, 50)])
def test_a_generation_changes_what_it_changes_in_the_library(size, population, rng):
    ours = Strategy(size, 0.3, population, diagonal=True)
    library = Strategy(size, 0.3, population, diagonal=True)
    for each in (ours, library):
        each._strategy._funhist_values[:] = 0.0  # the library leaves it as it comes
    for generation in range(25):
        points = ours.ask(np.random.default_rng(generation))
        np.testing.assert_array_equal(
            points, library.ask(np.random.default_rng(generation))
        )
        # Far points make long paths; some networks fail, and some are as good as others.
        points *= 1.0 + 3.0 * (generation % 5 == 4)
        losses = np.round(np.square(points - 0.5).sum(axis=1), 2)
        losses[rng.random(population) < 0.2] = 1e300
        ours.tell(points, losses)
        library._strategy.tell(list(zip(points, losses, strict=True)))
        wanted = library.state()
        for name, value in ours.state().items():
            np.testing.assert_array_equal(value, wanted[name], err_msg=name)
    assert (wanted["_p_sigma"] != 0).all()


def test_points_too_far_away_are_refused_as_by_the_library(rng):
    strategy = Strategy(3, 0.3, 4, diagonal=True)
    points = rng.normal(size=(4, 3))
    points[2, 1] = np.nan
    with pytest.raises(AssertionError, match="to avoid overflow"):
        strategy.tell(points, np.arange(4.0))


def test_diagonal_points_are_those_of_the_library(rng):
    ours = Strategy(30, 0.3, 12, diagonal=True)
    library = ours._strategy
    for seed in range(4):
        points = ours.ask(np.random.default_rng(seed))
        library.reseed_rng(int(np.random.default_rng(seed).integers(2**32)))
        wanted = [library.ask() for _ in range(12)]
        np.testing.assert_array_equal(points, wanted)
        ours.tell(points, rng.normal(size=12))
