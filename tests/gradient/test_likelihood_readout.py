"""Gradient through a readout of maximal likelihood: that of a plain twin's optimum."""

import numpy as np
import pytest

from evolino.gradient.likelihood import (
    LEAST_PENALTY,
    solve_likelihood,
    solve_likelihood_backward,
)
from evolino.readout.logistic import Logistic
from evolino.solvers.likelihood import Likelihood
from evolino.solvers.likelihood_columns import FREE

KINDS = {
    "units": Likelihood(exclusive=False),
    "classes": Likelihood(exclusive=True),
    "columns as they are": Likelihood(exclusive=False, unnormalised=True),
}


def chances_of(sums, exclusive):
    if not exclusive:
        return 1 / (1 + np.exp(-sums))
    e = np.exp(sums - sums.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def squared_scales(features, unnormalised, constant):
    """D^2 of the columns; `constant`: whether the last one is."""
    if unnormalised:
        squares = np.ones(features.shape[1], features.dtype)
    elif constant:
        squares = (features**2).mean(axis=0) - features.mean(axis=0) ** 2
    else:
        squares = (features**2).mean(axis=0)
    if constant:
        squares[-1] = (FREE * features[:, -1].mean()) ** 2
    return squares


def optimum(likelihood, features, targets, penalty, constant):
    """Newton's method with the whole Hessian (S K, S K), in extended precision but for the
    solution of each step."""
    rows, width = features.shape
    classes = targets.shape[1]
    x = features.astype(np.longdouble)
    pull = penalty * squared_scales(x, likelihood.unnormalised, constant)[:, None]
    v = np.zeros((width, classes), np.longdouble)
    for _ in range(40):
        p = chances_of(x @ v, likelihood.exclusive)
        slope = x.T @ (p - targets) / rows + pull * v
        each = np.einsum("tk,kl->tkl", p, np.eye(classes, dtype=np.longdouble))
        if likelihood.exclusive:
            curve = each - np.einsum("tk,tl->tkl", p, p)
        else:
            curve = np.einsum("tkl,tl->tkl", each, 1 - p)
        hessian = np.einsum("ti,tkl,tj->ikjl", x, curve, x) / rows
        hessian = hessian.reshape(width * classes, -1)
        hessian += np.diag(np.broadcast_to(pull, v.shape).reshape(-1))
        step = np.linalg.solve(hessian.astype(float), slope.astype(float).reshape(-1))
        v = v - step.reshape(v.shape)
    return v


class Example:
    """Features, targets, and a function of the weights: their sum with factors."""

    def __init__(self, likelihood, rng, penalty=0.03, constant=True):
        self.likelihood, self.penalty, self.constant = likelihood, penalty, constant
        self.features = rng.normal(size=(60, 5)) * [1, 3, 0.3, 1, 1] + [0, 1, 0, 0, 0]
        if constant:
            self.features[:, -1] = 1.0
        came = rng.integers(0, 3, 60)
        self.targets = np.eye(3)[came]
        self.back = rng.normal(size=(5, 3))
        self.along = rng.normal(size=self.features.shape)
        if constant:
            self.along[:, -1] = rng.normal()

    def at(self, step):
        moved = self.features + step * self.along.astype(np.longdouble)
        v = optimum(self.likelihood, moved, self.targets, self.penalty, self.constant)
        return (self.back * v).sum()


@pytest.mark.parametrize("constant", [True, False])
@pytest.mark.parametrize("likelihood", KINDS.values(), ids=KINDS)
def test_weights_and_their_gradient_are_those_of_the_twins_optimum(
    likelihood, constant, rng
):
    example = Example(likelihood, rng, constant=constant)
    solved = solve_likelihood(
        likelihood, example.features, example.targets, example.penalty
    )
    expected = optimum(
        likelihood, example.features, example.targets, example.penalty, constant
    )
    np.testing.assert_allclose(solved.weights, expected.astype(float), rtol=0, atol=1e-6)
    found = solve_likelihood_backward(solved, example.back)
    step = 1e-5
    # Central differences of the solution in extended precision: off by about step^2.
    slope = (example.at(step) - example.at(-step)) / (2 * step)
    assert (found * example.along).sum() == pytest.approx(float(slope), rel=1e-5)


@pytest.mark.parametrize("likelihood", KINDS.values(), ids=KINDS)
def test_the_weights_are_those_of_the_readout_itself(likelihood, rng):
    example = Example(likelihood, rng)
    readout = Logistic(0.03, likelihood.exclusive, likelihood.unnormalised)
    expected = readout.solve(example.features[None], example.targets)[0, 0]
    found = solve_likelihood(likelihood, example.features, example.targets, 0.03)
    np.testing.assert_allclose(found.weights, expected, atol=2e-3)


def test_from_a_start_close_by_the_optimum_is_the_same(rng):
    example = Example(KINDS["units"], rng)
    cold = solve_likelihood(KINDS["units"], example.features, example.targets, 0.03)
    near = solve_likelihood(
        KINDS["units"], example.features, example.targets, 0.03, cold.weights + 0.01
    )
    np.testing.assert_allclose(near.weights, cold.weights, atol=1e-6)


@pytest.mark.parametrize("likelihood", KINDS.values(), ids=KINDS)
def test_equal_columns_and_separable_classes_without_a_penalty_have_a_finite_gradient(
    likelihood, rng
):
    features = np.repeat(rng.normal(size=(30, 2)), 2, axis=1)
    features[:, 3] = 0.0
    targets = np.eye(2)[(features[:, 0] > 0).astype(int)]
    solved = solve_likelihood(likelihood, features, targets, 0.0)
    assert solved.penalty == LEAST_PENALTY
    assert np.isfinite(solved.weights).all()
    assert np.isfinite(solve_likelihood_backward(solved, np.ones((4, 2)))).all()


def test_what_is_not_finite_gives_nan(rng):
    example = Example(KINDS["units"], rng)
    example.features[3, 1] = np.inf
    solved = solve_likelihood(KINDS["units"], example.features, example.targets, 0.03)
    assert np.isnan(solved.weights).all()
    assert np.isnan(solve_likelihood_backward(solved, example.back)).all()
