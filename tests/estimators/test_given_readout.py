"""Readouts that a user names, and refinement, in the classifier and the regressor."""

import numpy as np
import pytest

from evolino import LBFGS, SVM, EvolinoClassifier, EvolinoRegressor, Ridge, load_estimator
from evolino.estimators.given_readout import solved_in_rows

RNG = np.random.default_rng(0)
SEQUENCES = [RNG.normal(size=(20, 1)) + (n % 3) * np.sin(np.arange(20.0))[:, None]
             for n in range(30)]  # fmt: skip
LABELS = [("a", "b", "c")[n % 3] for n in range(30)]
STEPS = RNG.normal(size=(300, 1))
SUMS = STEPS[:, 0] + np.append(STEPS[0, 0], STEPS[:-1, 0])
SMALL = {"cells": 6, "networks": 4}


@pytest.mark.parametrize("rows", [8, 60])
def test_in_the_space_of_the_rows_the_ridge_is_the_one_of_all_columns(rows):
    z, y = RNG.normal(size=(rows, 20)), RNG.normal(size=(rows, 2))
    weights, intercept, *_ = solved_in_rows(Ridge(1e-2), z, y)
    with_constant = np.concatenate([z, np.ones((rows, 1))], axis=1)
    penalised = with_constant.T @ with_constant + rows * 1e-2 * np.eye(21)
    expected = np.linalg.solve(penalised, with_constant.T @ y)
    np.testing.assert_allclose(weights, expected[:-1], atol=1e-9)
    np.testing.assert_allclose(intercept, expected[-1], atol=1e-9)


@pytest.mark.parametrize("readout", ["ridge", "pseudo-inverse", "svm", SVM(10.0)])
def test_labels_of_sequences_are_learnt_by_each_readout(readout, tmp_path):
    fitted = EvolinoClassifier(**SMALL, readout=readout).fit(SEQUENCES, LABELS)
    assert fitted.score(SEQUENCES, LABELS) == 1.0
    fitted.save(tmp_path)
    read = load_estimator(tmp_path)
    assert read.get_params() == fitted.get_params()
    np.testing.assert_array_equal(
        read.predict_proba(SEQUENCES), fitted.predict_proba(SEQUENCES)
    )


@pytest.mark.parametrize("readout", [None, "svr", Ridge((1e-8, 1e-2)), "kernel-svr"])
def test_numbers_of_steps_are_learnt_by_each_readout(readout):
    fitted = EvolinoRegressor(cells=8, lags=2, readout=readout).fit(STEPS[:200], SUMS[:200])
    assert fitted.score(STEPS, SUMS) > (0.9 if readout == "kernel-svr" else 0.999)


def test_labels_of_steps_are_learnt_with_a_margin():
    labels = np.where(SUMS > 0, "up", "down")
    fitted = EvolinoClassifier(cells=8, lags=2, readout="svm").fit(STEPS, labels)
    assert fitted.score(STEPS, labels) > 0.95


@pytest.mark.parametrize(
    ("kind", "readout", "message"),
    [
        (EvolinoRegressor, "svm", "readout svm learns labels, not numbers"),
        (EvolinoClassifier, "ctc", "readout must be one of ridge, .* got 'ctc'"),
        (EvolinoClassifier, "rigde", "ridge"),
        (EvolinoClassifier, "kernel-svm", "serves a target at every step"),
    ],
)
def test_a_readout_that_cannot_serve_is_refused_in_one_line(kind, readout, message):
    y = np.arange(30.0) if kind is EvolinoRegressor else LABELS
    with pytest.raises(ValueError, match=message) as error:
        kind(**SMALL, readout=readout).fit(SEQUENCES, y)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["search", "initialiser", "refine"])
@pytest.mark.parametrize("kind", [EvolinoClassifier, EvolinoRegressor])
def test_options_of_an_evolution_need_a_budget(kind, name):
    given = {"search": "esp", "initialiser": "uniform", "refine": LBFGS()}[name]
    with pytest.raises(ValueError, match=f"{name} is of an evolution: give evaluations"):
        kind(**{name: given}).fit(STEPS, SUMS > 0)


@pytest.mark.parametrize("pieces", [1, 7])
def test_a_refined_network_is_better_than_an_unevolved_one(pieces):
    """The product of two inputs, of one step and the one before, is no sum of theirs."""
    x = np.random.default_rng(1).normal(size=(700, 1))
    y = x[:, 0] * np.roll(x[:, 0], 1)
    X, Y = np.array_split(x, pieces), np.array_split(y, pieces)
    plain = EvolinoRegressor(cells=6, lags=1, targets="step").fit(X, Y)
    refined = EvolinoRegressor(
        cells=6, lags=1, targets="step", evaluations=8, search="random",
        refine=LBFGS(steps=60),
    ).fit(X, Y)  # fmt: skip
    assert refined.evolved_
    assert refined.score(X, Y) > plain.score(X, Y)
