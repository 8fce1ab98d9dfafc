"""CMA-ES, diagonal CMA-ES and xNES: invariances, step floors, sizes, decompositions."""

import numpy as np
import pytest
from scipy.stats import ortho_group

from benchmarks.convergence import OBJECTIVES
from evolino.search.base import WeightSpace
from evolino.search.cma_es import CMAES, decompose
from evolino.search.diagonal_cma_es import DiagonalCMAES
from evolino.search.normals import standard_normals
from evolino.search.xnes import XNES
from tests.search.distributions import KINDS, distribution

SETTINGS = {"cma-es": CMAES, "diagonal-cma-es": DiagonalCMAES, "xnes": XNES}
SQUARE = ["cma-es", "xnes"]  # whose memory grows with the square of the weights


def space_of(cells=2, genes=4, scale=0.5, level=0.0):
    return WeightSpace(
        lambda rng, count: rng.normal(size=(count, cells, genes)),
        np.full((cells, genes), scale),
        level,
    )


def covariance(ours):
    """sigma^2 C of a distribution."""
    now = ours.now
    shape = now.B @ now.B.T if not hasattr(now, "C") else now.C
    return now.sigma**2 * (shape if shape.ndim == 2 else np.diag(shape))


def learn(ours, losses, count, rng):
    """Generations on a function of points."""
    for _ in range(count):
        normals = ours.normals(rng)
        ours.update(normals, losses(ours.points(normals)))


@pytest.mark.parametrize("search", KINDS)
def test_normals_of_points_are_those_that_gave_them(search, rng):
    ours = distribution(search, 6)
    learn(ours, OBJECTIVES["ellipsoid"].losses, 30, rng)
    normals = ours.normals(rng)
    for normal, point in zip(normals, ours.points(normals), strict=True):
        np.testing.assert_allclose(ours.normal_of(point), normal, atol=1e-8)


@pytest.mark.parametrize("search", KINDS)
def test_points_have_the_mean_and_the_covariance_of_the_distribution(search, rng):
    ours = distribution(search, 3, population=200_000)
    small = distribution(search, 3)
    learn(small, lambda points: OBJECTIVES["ellipsoid"].losses(points - 1), 20, rng)
    ours.restore(small.state())
    points = ours.points(ours.normals(rng))
    scale = np.sqrt(np.diag(covariance(ours)))
    # Standard errors of means are 0.0022 deviations, of covariances about 0.0032.
    np.testing.assert_allclose(points.mean(axis=0), ours.now.mean, atol=0.015 * scale.max())
    found = np.cov(points.T) / np.outer(scale, scale)
    np.testing.assert_allclose(found, covariance(ours) / np.outer(scale, scale), atol=0.02)


@pytest.mark.parametrize("search", KINDS)
def test_only_the_order_of_losses_counts(search):
    first, second = (distribution(search, 5) for _ in range(2))
    ellipsoid = OBJECTIVES["ellipsoid"].losses
    learn(first, lambda points: ellipsoid(points - 1), 25, np.random.default_rng(1))
    learn(
        second, lambda points: np.log(ellipsoid(points - 1)), 25, np.random.default_rng(1)
    )
    for name, value in first.state().items():
        np.testing.assert_array_equal(value, second.state()[name])


@pytest.mark.parametrize("search", SQUARE)
def test_a_rotated_space_is_searched_as_the_straight_one(search, rng):
    turn = ortho_group.rvs(5, random_state=rng)
    straight, rotated = (distribution(search, 5) for _ in range(2))
    for _ in range(30):
        normals = straight.normals(rng)
        points = straight.points(normals)
        losses = OBJECTIVES["rosenbrock"].losses(points)
        turned = np.array([rotated.normal_of(point) for point in points @ turn])
        straight.update(normals, losses)
        rotated.update(turned, losses)
    np.testing.assert_allclose(rotated.now.mean, straight.now.mean @ turn, atol=1e-7)
    wanted = turn.T @ covariance(straight) @ turn
    np.testing.assert_allclose(covariance(rotated), wanted, rtol=1e-6, atol=1e-9)


def test_diagonal_cma_es_searches_a_space_of_other_units_as_the_first(rng):
    units = np.array([1e-3, 1.0, 50.0])
    first, second = (distribution("diagonal-cma-es", 3) for _ in range(2))
    state = second.state()
    second.restore({**state, "C": state["C"] * units**2})
    for _ in range(30):
        normals = first.normals(rng)
        losses = OBJECTIVES["rosenbrock"].losses(first.points(normals))
        first.update(normals, losses)
        second.update(normals, losses)
    np.testing.assert_allclose(second.now.mean, first.now.mean * units, rtol=1e-9)
    np.testing.assert_allclose(second.now.C, first.now.C * units**2, rtol=1e-9)


@pytest.mark.parametrize("search", KINDS)
def test_deviations_shrink_to_the_step_floor_and_no_further(search, rng):
    free, held = distribution(search, 4), distribution(search, 4, step_floor=0.05)
    for ours in (free, held):
        learn(ours, OBJECTIVES["sphere"].losses, 300, rng)

    def size(ours):
        if search == "xnes":
            return np.linalg.det(covariance(ours)) ** (1 / 8)
        return np.sqrt(np.trace(covariance(ours)) / 4)

    assert size(free) < 1e-3
    assert 0.05 * (1 - 1e-9) <= size(held) < 0.2


def test_the_shape_of_xnes_keeps_its_volume(rng):
    ours = distribution("xnes", 6)
    learn(ours, OBJECTIVES["ellipsoid"].losses, 200, rng)
    assert abs(np.linalg.det(ours.now.B) - 1) < 1e-9
    assert np.linalg.cond(ours.now.B) > 2


@pytest.mark.parametrize("search", KINDS)
def test_a_slope_without_end_leaves_steps_finite(search, rng):
    ours = distribution(search, 3)
    learn(ours, lambda points: points[:, 0], 3000, rng)
    assert np.isfinite(ours.points(ours.normals(rng))).all()
    assert ours.now.sigma > 1e6


def test_the_covariance_is_decomposed_every_so_many_generations(rng):
    ours = distribution("cma-es", 100, population=6)
    assert ours.gap == 3
    changed = []
    for generation in range(1, 10):
        before = ours.now.B
        learn(ours, OBJECTIVES["sphere"].losses, 1, rng)
        if ours.now.B is not before:
            changed.append(generation)
            vectors, roots = decompose(ours.now.C)
            np.testing.assert_array_equal(ours.now.B, vectors)
            np.testing.assert_array_equal(ours.now.D, roots)
    assert changed == [3, 6, 9]


def test_a_covariance_that_rounding_made_indefinite_has_positive_roots():
    vectors, roots = decompose(np.diag([-1e-18, 1.0, 4.0]))
    np.testing.assert_allclose(roots, [2e-7, 1.0, 2.0])
    np.testing.assert_allclose(np.abs(vectors), np.eye(3), atol=1e-12)


@pytest.mark.parametrize("search", KINDS)
def test_a_state_names_its_fields(search):
    names = {
        "cma-es": "mean sigma p_sigma p_c C B D generation decomposed",
        "diagonal-cma-es": "mean sigma p_sigma p_c C generation",
        "xnes": "mean sigma B",
    }
    assert list(distribution(search, 3).state()) == names[search].split()


def test_compiled_normals_are_those_of_numpy_and_leave_its_state():
    ours, numpy = (np.random.default_rng(3) for _ in range(2))
    for shape in ((1, 1), (3, 5), (200, 500)):
        np.testing.assert_array_equal(
            standard_normals(ours, *shape), numpy.standard_normal(shape)
        )
    assert ours.bit_generator.state == numpy.bit_generator.state


@pytest.mark.parametrize(
    "settings", [CMAES(step=0.1), DiagonalCMAES(step=0.1), XNES(step=0.1)]
)
def test_the_mean_moves_to_the_optimum(settings, rng):
    origin = np.zeros((2, 4))
    search = settings.start(space_of(), rng, origin)
    for _ in range(600 if settings.name == "xnes" else 150):
        genomes = search.ask()
        search.tell(np.square(genomes - 1.0).sum(axis=(1, 2)))
    np.testing.assert_allclose(search.ask().mean(axis=0), 1.0, atol=1e-3)


@pytest.mark.parametrize("search", KINDS)
def test_ternary_weights_are_thresholds_of_the_points(search):
    settings = SETTINGS[search](step=0.4)
    searches = [
        settings.start(space_of(level=level, scale=1.0), np.random.default_rng(1), None)
        for level in (20.0, 0.0)
    ]
    state = searches[1].state()
    searches[1].restore({**state, "origin": np.zeros((2, 4))})
    searches[0].restore(searches[1].state())
    ternary, points = (each.ask() for each in searches)
    np.testing.assert_array_equal(ternary, 20.0 * np.clip(np.rint(points), -1, 1))


@pytest.mark.parametrize(("search", "memory"), [("cma-es", "14.9"), ("xnes", "17.9")])
def test_a_covariance_beyond_memory_is_refused_with_its_size(search, memory, rng):
    message = (
        f"{search} takes at most 10,000 free weights, got 20,000, whose covariance needs "
        f"{memory} GiB: use diagonal-cma-es"
    )
    with pytest.raises(ValueError, match=message):
        SETTINGS[search]().start(space_of(200, 100), rng, np.zeros((200, 100)))
    genomes = DiagonalCMAES().start(space_of(200, 100), rng, np.zeros((200, 100))).ask()
    assert genomes.shape[1:] == (200, 100)


@pytest.mark.parametrize("search", KINDS)
def test_two_free_weights_are_needed(search, rng):
    with pytest.raises(ValueError, match=f"{search} needs at least 2 free weights, got 0"):
        SETTINGS[search]().start(space_of(scale=0.0), rng, None)
