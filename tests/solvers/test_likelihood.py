"""Laws of maximum likelihood: the optimum, by other means."""

import numpy as np
import pytest
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression

from evolino.solvers.likelihood import Likelihood, maximise, probabilities
from evolino.solvers.likelihood_columns import FREE


def drawn(rng, rows=400, seen=9, outputs=3):
    x = rng.normal(size=(rows, seen)) @ rng.normal(size=(seen, seen))
    x[:, -1] = 1.0
    sums = x @ rng.normal(0, 0.4, (seen, outputs))
    units = (rng.random(sums.shape) < probabilities(sums, False)).astype(float)
    classes = np.eye(outputs)[(sums + rng.gumbel(size=sums.shape)).argmax(axis=1)]
    return x, units, classes


@pytest.mark.parametrize("penalty", [1e-1, 1e-3, 1e-6])
def test_units_have_the_optimum_of_scikit_learn(rng, penalty):
    x, units, _ = drawn(rng)
    (found,) = maximise(Likelihood(False, unnormalised=True), x, units, (penalty,))
    scaled = x.copy()
    scaled[:, -1] /= FREE
    for k in range(3):
        other = LogisticRegression(
            C=1 / (penalty * len(x)), fit_intercept=False, tol=1e-10, max_iter=10_000
        ).fit(scaled, units[:, k])
        wanted = other.coef_[0] / [*[1.0] * 8, FREE]
        np.testing.assert_allclose(found[:, k], wanted, rtol=1e-4, atol=1e-5)


def test_no_weights_of_classes_are_better(rng):
    x, _, classes = drawn(rng)
    scales = x.std(axis=0)
    scales[-1] = FREE

    def loss(w):
        w = w.reshape(9, 3)
        nats = -np.log(probabilities(x @ (w / scales[:, None]), True)[classes > 0.5])
        return nats.mean() + 0.5e-3 * np.square(w).sum()

    (found,) = maximise(Likelihood(True), x, classes, (1e-3,))
    ours = loss((found * scales[:, None]).ravel())
    other = minimize(loss, np.zeros(27), method="BFGS", options={"gtol": 1e-7})
    assert ours <= other.fun + 1e-9
    theirs = x @ (other.x.reshape(9, 3) / scales[:, None])
    np.testing.assert_allclose(
        probabilities(x @ found, True), probabilities(theirs, True), atol=1e-4
    )


@pytest.mark.parametrize("classes", [2, 5, 30])
def test_the_optimum_of_classes_has_no_slope_and_nothing_that_all_share(rng, classes):
    x, _, wanted = drawn(rng, rows=600, seen=20, outputs=classes)
    (found,) = maximise(Likelihood(True, unnormalised=True), x, wanted, (1e-4,))
    pull = np.ones((20, 1))
    pull[-1] = FREE**2
    slope = x.T @ (probabilities(x @ found, True) - wanted) / len(x) + 1e-4 * pull * found
    assert np.abs(slope).max() < 1e-5
    assert np.abs(found.sum(axis=1)).max() < 1e-9 * np.abs(found).max()


def test_penalties_are_solved_as_if_alone(rng):
    x, units, classes = drawn(rng)
    for likelihood, wanted in ((Likelihood(False), units), (Likelihood(True), classes)):
        together = maximise(likelihood, x, wanted, (1e-4, 1e-1, 1e-2))
        for k, penalty in enumerate((1e-4, 1e-1, 1e-2)):
            (alone,) = maximise(likelihood, x, wanted, (penalty,))
            np.testing.assert_allclose(together[k], alone, rtol=1e-3, atol=1e-4)


def test_few_steps_come_near_and_more_of_them_nearer(rng):
    x, units, _ = drawn(rng)
    (best,) = maximise(Likelihood(False), x, units, (1e-3,))
    apart = [
        np.abs(maximise(Likelihood(False, steps=n), x, units, (1e-3,))[0] - best).max()
        for n in (1, 3, 6)
    ]
    assert apart[0] > 2 * apart[1] > 4 * apart[2]


def test_units_that_never_come_have_small_chances(rng):
    x, units, _ = drawn(rng)
    units[:, 1] = 0.0
    (found,) = maximise(Likelihood(False), x, units, (1e-3,))
    assert probabilities(x @ found, False)[:, 1].max() < 0.01


def test_probabilities_of_large_sums_are_finite():
    sums = np.array([[-1e4, 0.0, 1e4]])
    np.testing.assert_array_equal(probabilities(sums, False), [[0.0, 0.5, 1.0]])
    np.testing.assert_array_equal(probabilities(sums, True), [[0.0, 0.0, 1.0]])


def test_what_is_not_finite_gives_nan(rng):
    x, units, _ = drawn(rng)
    x[3, 2] = np.nan
    assert np.isnan(maximise(Likelihood(False), x, units, (1e-3, 1e-2))).all()
