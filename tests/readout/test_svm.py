"""Linear support vector readouts against scikit-learn, ridge and what a minimum is."""

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies
from sklearn.svm import LinearSVC, LinearSVR
from threadpoolctl import threadpool_limits

from evolino.readout import primal
from evolino.readout.linear import Ridge
from evolino.readout.svm import SVM, SVR

SHAPES = [(175, 9, 4), (50, 3, 1), (2000, 3, 1), (30, 45, 2), (90, 181, 1)]
LIBLINEAR = {"fit_intercept": False, "dual": False, "tol": 1e-10, "max_iter": 10**6}


@pytest.fixture(params=["lanes", "LAPACK"])
def path(request, monkeypatch):
    """Both ways to solve, whatever the number of columns."""
    monkeypatch.setattr(primal, "COMPILED_COLUMNS", 1000 if request.param == "lanes" else 0)
    with threadpool_limits(1):  # as workers have it
        yield


def noisy(rng, rows=175, seen=9, outputs=4, count=2):
    """Classes that overlap; the last column is the constant."""
    states = rng.normal(size=(count, rows, seen))
    states[:, :, -1] = 1.0
    mean = states.mean(axis=0) @ rng.normal(size=(seen, outputs))
    return states, np.where(mean + rng.normal(0, 0.7, mean.shape) > 0.3, 1.0, -1.0)


def scaled(states):
    scales = np.sqrt(np.square(states).mean(axis=0))
    return states / scales, scales


@pytest.mark.parametrize("shape", SHAPES)
def test_the_classifier_equals_linear_svc(shape, rng, path):
    states, targets = noisy(rng, *shape)
    solved = SVM(capacity=3.0).solve(states, targets)[0]
    for x, weights in zip(states, solved, strict=True):
        own, scales = scaled(x)
        for k, y in enumerate(targets.T):
            peer = LinearSVC(C=3.0, loss="squared_hinge", **LIBLINEAR).fit(own, y)
            np.testing.assert_allclose(weights[:, k] * scales, peer.coef_[0], atol=1e-6)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_regression_equals_linear_svr(shape, rng, path):
    states, _ = noisy(rng, *shape)
    targets = np.sin(states[0, :, : shape[2]]) + rng.normal(0, 0.3, (shape[0], shape[2]))
    solved = SVR(capacity=3.0, epsilon=0.2).solve(states, targets)[0]
    for x, weights in zip(states, solved, strict=True):
        own, scales = scaled(x)
        for k, y in enumerate(targets.T):
            loss = "squared_epsilon_insensitive"
            peer = LinearSVR(C=3.0, epsilon=0.2, loss=loss, **LIBLINEAR).fit(own, y)
            np.testing.assert_allclose(weights[:, k] * scales, peer.coef_, atol=1e-6)


@pytest.mark.parametrize("readout", [SVM, SVR])
@pytest.mark.parametrize("fields", [{}, {"unnormalised": True}])
def test_liblinear_and_newton_agree(readout, fields, rng):
    states, targets = noisy(rng)
    states *= 10.0 ** rng.uniform(-1, 1, states.shape[2])
    if readout is SVM:
        fields = {**fields, "balanced": True}
    newton, liblinear = (
        readout(capacity=2.0, solver=solver, **fields).solve(states, targets)
        for solver in ("newton", "liblinear")
    )
    np.testing.assert_allclose(newton, liblinear, rtol=1e-4, atol=1e-6)


def test_without_epsilon_the_regression_is_ridge(rng, path):
    states, targets = rng.normal(size=(3, 90, 7)), rng.normal(size=(90, 2))
    for capacity in (1e-3, 1.0, 1e8):
        ridge = Ridge(penalty=1 / (2 * capacity * 90))
        np.testing.assert_allclose(
            SVR(capacity=capacity, epsilon=0.0).solve(states, targets),
            ridge.solve(states, targets),
            rtol=1e-9,
            atol=1e-12,
        )


@pytest.mark.parametrize("capacity", [1e-4, 1.0, 1e4, 1e10])
@pytest.mark.parametrize("balanced", [False, True])
def test_at_the_minimum_the_gradient_is_0(capacity, balanced, rng, path):
    states, targets = noisy(rng)
    states *= 10.0 ** rng.uniform(-9, 3, states.shape[2])
    states[:, :, -1] = 1.0
    readout = SVM(capacity=capacity, balanced=balanced)
    for x, weights in zip(states, readout.solve(states, targets)[0], strict=True):
        own, scales = scaled(x)
        z = weights * scales[:, None]
        counts = (targets > 0).mean(axis=0)
        shares = np.where(targets > 0, 0.5 / counts, 0.5 / (1 - counts))
        slack = np.maximum(0, 1 - targets * (own @ z)) * (shares if balanced else 1.0)
        pull = own.T @ (slack * targets) * 2 * capacity
        size = np.abs(own).T @ slack * 2 * capacity + np.abs(z)
        assert (np.abs(z - pull) / size).max() < 1e-11


@pytest.mark.parametrize("shape", [(175, 30), (500, 100), (100, 150)])
def test_nearly_hard_margins_are_found_as_well(shape, rng, path):
    rows, seen = shape
    x = rng.normal(size=(1, rows, seen))
    y = np.where(x[0] @ rng.normal(size=(seen, 1)) > 0, 1.0, -1.0)
    own, scales = scaled(x[0])
    z = SVM(capacity=1e6).solve(x, y)[0, 0] * scales[:, None]
    slack = np.maximum(0, 1 - y * (own @ z))
    assert slack.max() < 1e-3
    pull = own.T @ (slack * y) * 2e6
    assert np.abs(z - pull).max() < 1e-6 * np.abs(z).max()


@hypothesis.given(
    strategies.integers(0, 10**6),
    strategies.integers(1, 40),
    strategies.integers(1, 12),
    strategies.floats(-4, 12),
)
@hypothesis.settings(max_examples=60)
def test_no_neighbour_of_the_solution_is_better(seed, rows, seen, exponent):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(rows, seen)), rng.choice([-1.0, 1.0], size=(rows, 1))
    own, scales = scaled(x)
    z = SVM(capacity=10.0**exponent).solve(x[None], y)[0, 0] * scales[:, None]

    def cost(z):
        slack = np.maximum(0, 1 - y * (own @ z))
        return float(np.square(slack).sum() + np.square(z).sum() * 0.5 / 10.0**exponent)

    for _ in range(5):
        near = z + 1e-3 * rng.normal(size=z.shape) * np.abs(z).max()
        assert cost(z) <= cost(near) * (1 + 1e-12)


def test_a_condition_of_1e12_loses_no_figures(rng, path):
    u = np.linalg.qr(rng.normal(size=(1000, 20)))[0]
    v = np.linalg.qr(rng.normal(size=(20, 20)))[0]
    states = (u * np.logspace(0, -12, 20)) @ v.T
    targets = states @ rng.normal(size=(20, 1))
    targets /= np.abs(targets).max()
    solved = SVR(capacity=1e28, epsilon=0.0).solve(states[None], targets)[0, 0]
    residual = np.linalg.norm(states @ solved - targets) / np.linalg.norm(targets)
    assert residual < 1e-13


def test_of_targets_0_and_1_the_output_decides_at_one_half(rng, path):
    states, targets = noisy(rng)
    for fields in ({}, {"balanced": True}):
        signed = states @ SVM(**fields).solve(states, targets)[0]
        binary = states @ SVM(**fields).solve(states, (targets + 1) / 2)[0]
        np.testing.assert_allclose(binary, 0.5 + signed / 2, atol=1e-9)


def test_targets_0_and_1_need_a_constant(rng):
    states, targets = noisy(rng)
    with pytest.raises(
        ValueError, match="targets of 0 and 1 need a constant among the features"
    ):
        SVM().solve(states[:, :, :-1], (targets + 1) / 2)


@pytest.mark.parametrize("solver", ["newton", "liblinear"])
@pytest.mark.parametrize("levels", [(-1.0, 1.0), (0.0, 1.0)])
def test_a_column_of_one_class_is_given_that_class(levels, solver, rng):
    states, targets = noisy(rng)
    targets = np.where(targets > 0, levels[1], levels[0])
    targets[:, 1], targets[:, 2] = levels
    outputs = states @ SVM(solver=solver, balanced=True).solve(states, targets)[0]
    middle = (levels[0] + levels[1]) / 2
    assert (outputs[:, :, 1] < middle).all()
    assert (outputs[:, :, 2] > middle).all()


def test_balanced_classes_weigh_the_same(rng, path):
    # One row in ten is of the other class, on the same spot: the plain machine gives it up.
    states = np.ones((1, 200, 1))
    targets = np.where(np.arange(200) % 10 == 0, 1.0, -1.0)[:, None]
    np.testing.assert_allclose(SVM().solve(states, targets), -0.8, atol=1e-5)
    balanced = SVM(balanced=True).solve(states, targets)
    np.testing.assert_allclose(balanced, 0.0, atol=1e-5)


def test_several_capacities_equal_one_after_another(rng, path):
    states, targets = noisy(rng)
    capacities = (1e-2, 1.0, 1e6)
    for readout in (SVM, SVR):
        together = readout(capacity=capacities).solve(states, targets)
        for k, capacity in enumerate(capacities):
            alone = readout(capacity=capacity).solve(states, targets)[0]
            np.testing.assert_array_equal(together[k], alone)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SVM(capacity=0.0), "capacity must be > 0, got 0"),
        (lambda: SVM(capacity=(1.0, -2.0)), "capacity must be > 0, got -2"),
        (lambda: SVM(capacity=()), "capacity must be a number or several, got none"),
        (lambda: SVM(solver="smo"), "solver must be one of newton, liblinear, got 'smo'"),
        (lambda: SVR(epsilon=-0.1), "epsilon must be >= 0"),
        (lambda: SVM().check(np.arange(3.0)[:, None]), "two numbers.*, got 3 numbers"),
        (lambda: SVM().check(np.full((3, 1), 7.0)), "two numbers.*, got 7 only"),
    ],
)
def test_what_cannot_work_is_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()
