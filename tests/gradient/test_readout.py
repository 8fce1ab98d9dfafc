"""Gradient through a solved readout: equal to the complex step of its equation."""

import numpy as np
import pytest

from evolino.gradient.readout import (
    LEAST_PENALTY,
    adjoint,
    check_differentiable,
    solve,
    to_features,
)
from evolino.network.backward.matrices import Held
from evolino.readout.kernel import KernelSVM
from evolino.readout.linear import PseudoInverse, Ridge
from tests.support.complex_lstm import STEP


def by_equation(features, targets, penalty, scaled):
    """V of A V = X' Y, with a plain transpose, for complex features too."""
    rows, width = features.shape
    squares = np.eye(width)
    if scaled:
        squares = np.diag((features * features).mean(axis=0))
    a = features.T @ features + penalty * rows * squares
    return np.linalg.solve(a, features.T @ targets)


def solve_backward(solved, to_weights):
    """(T, S): what the gradient of output weights (S, K) passes on to all features."""
    return to_features(solved, adjoint(solved, to_weights), slice(None), Held())


@pytest.mark.parametrize("unnormalised", [False, True])
@pytest.mark.parametrize("penalty", [1e-6, 1e-2, 1.0])
def test_weights_and_their_gradient_are_those_of_the_equation(penalty, unnormalised, rng):
    features = rng.normal(size=(40, 6)) * [1, 10, 0.1, 1, 1, 1]
    targets, back = rng.normal(size=(40, 2)), rng.normal(size=(6, 2))
    solved = solve(Ridge(penalty, unnormalised), features, targets, penalty)
    expected = by_equation(features, targets, penalty, not unnormalised)
    np.testing.assert_allclose(solved.weights, expected, rtol=1e-9)
    along = rng.normal(size=features.shape)
    moved = by_equation(features + 1j * STEP * along, targets, penalty, not unnormalised)
    found = solve_backward(solved, back)
    assert (found * along).sum() == pytest.approx(
        (back * moved).sum().imag / STEP, rel=1e-8
    )


@pytest.mark.parametrize("readout", [PseudoInverse(), Ridge(1e-17)])
def test_the_weights_are_those_of_the_readout_itself(readout, rng):
    features, targets = rng.normal(size=(50, 4)), rng.normal(size=(50, 1))
    expected = readout.solve(features[None], targets)[0, 0]
    found = solve(readout, features, targets, 0.0)
    np.testing.assert_allclose(found.weights, expected, rtol=1e-9)
    assert found.penalty == LEAST_PENALTY


def test_columns_that_are_equal_or_0_have_a_finite_gradient(rng):
    features = np.repeat(rng.normal(size=(30, 2)), 2, axis=1)
    features[:, 3] = 0.0
    solved = solve(PseudoInverse(), features, rng.normal(size=(30, 1)), 0.0)
    assert np.isfinite(solve_backward(solved, np.ones((4, 1)))).all()


def test_a_readout_without_a_gradient_is_named():
    with pytest.raises(
        ValueError, match=r"pseudo-inverse, ridge or logistic.*got kernel-svm"
    ):
        check_differentiable(KernelSVM())
