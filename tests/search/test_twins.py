"""CMA-ES, diagonal CMA-ES and xNES do what the `cmaes` library's do.

In lockstep on the same normal numbers.
"""

import cmaes
import numpy as np
import pytest

from benchmarks.convergence import OBJECTIVES
from tests.search.distributions import KINDS, distribution

TWINS = {"cma-es": cmaes.CMA, "diagonal-cma-es": cmaes.SepCMA, "xnes": cmaes.XNES}


class LegacyNormals:
    """A generator whose normal numbers are those that a `cmaes` optimiser draws."""

    def __init__(self, seed):
        self.random = np.random.RandomState(seed)

    def standard_normal(self, shape):
        return self.random.standard_normal(shape)


@pytest.mark.parametrize("search", KINDS)
@pytest.mark.parametrize("name", ["ellipsoid", "rosenbrock"])
@pytest.mark.parametrize(("size", "population"), [(2, 4), (5, None), (8, 21)])
def test_points_are_those_of_the_library_generation_by_generation(
    search, name, size, population, monkeypatch
):
    from evolino.search import normals

    monkeypatch.setattr(
        normals, "standard_normals", lambda rng, *shape: rng.standard_normal(shape)
    )
    rng = LegacyNormals(3)
    ours = distribution(search, size, step=0.3, population=population)
    twin = TWINS[search](mean=np.zeros(size), sigma=0.3, seed=3, population_size=population)
    for _ in range(40):
        drawn = ours.normals(rng)
        points = ours.points(drawn)
        wanted = np.array([twin.ask() for _ in range(twin.population_size)])
        np.testing.assert_allclose(points, wanted, rtol=1e-6, atol=1e-6)
        losses = OBJECTIVES[name].losses(wanted - 1.0)
        ours.update(drawn, losses)
        twin.tell(list(zip(wanted, losses, strict=True)))
    assert np.abs(points).max() > 0.1
