"""Laws of the decoupled extended Kalman filter: recursive least squares, twin, failures."""

import numpy as np
import pytest

from evolino.solvers.kalman import correct, corrected, groups_of, workspace_for

PRIOR, MEASUREMENT = 50.0, 0.3


def random_groups(rng, sizes):
    parts = [rng.normal(size=size) for size in sizes]
    return groups_of(parts, [np.ones(size) for size in sizes], PRIOR)


def derivatives_for(groups, outputs, rng):
    number, widest = groups.weights.shape
    derivatives = rng.normal(size=(number, outputs, widest))
    for i, size in enumerate(groups.sizes):
        derivatives[i, :, size:] = 0.0
    return derivatives


def test_on_a_linear_problem_one_group_is_recursive_least_squares(rng):
    x, d = rng.normal(size=(40, 5)), rng.normal(size=40)
    groups = groups_of([np.zeros(5)], [np.ones(5)], PRIOR)
    work = workspace_for(groups, 1)
    for row, target in zip(x, d, strict=True):
        error = np.array([target - row @ groups.weights[0]])
        assert correct(groups, row[None, None], error, MEASUREMENT, 0.0, work)
    covariance = np.linalg.inv(x.T @ x / MEASUREMENT + np.eye(5) / PRIOR)
    np.testing.assert_allclose(groups.covariances[0], covariance, rtol=1e-10)
    closed_form = covariance @ x.T @ d / MEASUREMENT
    np.testing.assert_allclose(groups.weights[0], closed_form, rtol=1e-10)


def test_groups_of_different_outputs_are_filters_of_their_own(rng):
    x, d = rng.normal(size=(2, 30, 3, 4)), rng.normal(size=(30, 3))
    groups = groups_of([np.zeros(4)] * 3, [np.ones(4)] * 3, PRIOR)
    work = workspace_for(groups, 3)
    for row, target in zip(x[0], d, strict=True):
        derivatives = np.einsum("ik,kn->ikn", np.eye(3), row)
        error = target - np.einsum("kn,kn->k", row, groups.weights)
        assert correct(groups, derivatives, error, MEASUREMENT, 0.0, work)
    for k in range(3):
        own = x[0, :, k]
        covariance = np.linalg.inv(own.T @ own / MEASUREMENT + np.eye(4) / PRIOR)
        np.testing.assert_allclose(
            groups.weights[k], covariance @ own.T @ d[:, k] / MEASUREMENT, rtol=1e-9
        )


@pytest.mark.parametrize("sizes", [(4,), (5, 2, 3)])
def test_the_kernel_is_its_plain_twin(sizes, rng):
    groups = random_groups(rng, sizes)
    work = workspace_for(groups, 3)
    for _ in range(20):
        derivatives, error = derivatives_for(groups, 3, rng), rng.normal(size=3)
        expected = corrected(groups, derivatives, error, 0.5, 1e-3)
        assert correct(groups, derivatives, error, 0.5, 1e-3, work)
        np.testing.assert_allclose(groups.weights, expected.weights, rtol=1e-9)
        np.testing.assert_allclose(
            groups.covariances, expected.covariances, rtol=1e-8, atol=1e-10
        )


def test_covariances_stay_symmetric_to_the_last_bit(rng):
    groups = random_groups(rng, (6, 3))
    work = workspace_for(groups, 2)
    for _ in range(500):
        derivatives = derivatives_for(groups, 2, rng)
        assert correct(groups, derivatives, rng.normal(size=2), 1e-2, 1e-4, work)
    for covariance in groups.covariances:
        np.testing.assert_array_equal(covariance, covariance.T)
        assert np.linalg.eigvalsh(covariance).min() > -1e-12


def test_what_may_not_move_does_not(rng):
    movable = [np.array([1.0, 0.0, 1.0]), np.array([0.0])]
    parts = [rng.normal(size=3), rng.normal(size=1)]
    groups = groups_of(parts, movable, PRIOR)
    before = groups.weights.copy()
    work = workspace_for(groups, 2)
    for _ in range(10):
        derivatives = derivatives_for(groups, 2, rng)
        assert correct(groups, derivatives, rng.normal(size=2), 0.1, 0.1, work)
    still = groups.movable == 0
    np.testing.assert_array_equal(groups.weights[still], before[still])
    assert (groups.weights[~still] != before[~still]).all()


@pytest.mark.parametrize("derivative", [np.nan, np.inf, 1e200])
def test_a_correction_that_is_not_finite_is_said(derivative, rng):
    groups = random_groups(rng, (3,))
    derivatives = np.full((1, 1, 3), derivative)
    assert not correct(groups, derivatives, np.ones(1), 1.0, 0.0, workspace_for(groups, 1))


def test_a_covariance_that_is_not_positive_is_said(rng):
    groups = random_groups(rng, (3,))
    groups.covariances[0] = -np.eye(3)
    derivatives = np.ones((1, 1, 3))
    assert not correct(groups, derivatives, np.ones(1), 1.0, 0.0, workspace_for(groups, 1))
