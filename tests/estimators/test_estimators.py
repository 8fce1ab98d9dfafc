"""Classifier and regressor: scikit-learn's own checks, shapes, labels, composition."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from evolino import EvolinoClassifier, EvolinoRegressor
from evolino.estimators.base import EXPECTED_FAILED_CHECKS

SMALL = {"cells": 6, "networks": 2}


def waves(rng, count, lengths=(20, 31)):
    """Sequences of two classes: slow and fast waves, of random phase, in noise."""
    labels = np.arange(count) % 2
    sequences = []
    for label in labels:
        t = np.arange(rng.integers(*lengths))
        wave = np.sin((0.3, 0.9)[label] * t + rng.uniform(0, 6))
        sequences.append(
            np.stack([wave, 0 * wave], axis=1) + rng.normal(0, 0.2, (len(t), 2))
        )
    return sequences, labels


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.mark.parametrize("kind", [EvolinoClassifier, EvolinoRegressor])
def test_estimators_pass_the_checks_of_scikit_learn_but_those_that_permute_rows(kind):
    results = check_estimator(
        kind(cells=8, lags=0),
        expected_failed_checks=EXPECTED_FAILED_CHECKS,
        on_fail=None,
        on_skip=None,
    )
    passed = [each for each in results if each["status"] in ("passed", "skipped")]
    others = {each["check_name"] for each in results if each not in passed}
    assert others == set(EXPECTED_FAILED_CHECKS)
    assert len(passed) > 40


@pytest.mark.parametrize("names", [["slow", "fast"], [7, -3], [True, False], [0.0, 1.0]])
def test_labels_of_any_type_come_back_and_change_nothing_else(rng, names):
    sequences, labels = waves(rng, 24)
    named = [names[label] for label in labels]
    fitted = EvolinoClassifier(**SMALL).fit(sequences, named)
    plain = EvolinoClassifier(**SMALL).fit(sequences, labels)
    assert set(fitted.classes_) == set(names)
    assert [names[k] for k in plain.predict(sequences)] == fitted.predict(
        sequences
    ).tolist()
    assert fitted.score(sequences, named) == 1.0


def test_unseen_sequences_are_classified_and_probabilities_agree(rng):
    sequences, labels = waves(rng, 60)
    fitted = EvolinoClassifier(**SMALL).fit(sequences[:40], labels[:40])
    assert fitted.score(sequences[40:], labels[40:]) >= 0.95
    shares = fitted.predict_proba(sequences[40:])
    np.testing.assert_allclose(shares.sum(axis=1), 1.0)
    np.testing.assert_array_equal(shares.argmax(axis=1), fitted.predict(sequences[40:]))
    decisions = fitted.decision_function(sequences[40:])
    np.testing.assert_array_equal(decisions > 0, fitted.predict(sequences[40:]) == 1)


def test_a_label_for_every_step_keeps_the_form_of_X(rng):
    X = rng.normal(size=(6, 40, 1))
    y = (np.cumsum(X, axis=1)[..., 0] > 0).astype(int)
    fitted = EvolinoClassifier(cells=8).fit(X, y)
    assert fitted.per_step_
    assert fitted.predict(X).shape == (6, 40)
    assert fitted.predict_proba(list(X))[2].shape == (40, 2)
    assert fitted.predict(X[0]).shape == (40,)
    np.testing.assert_array_equal(fitted.predict(X[0]), fitted.predict(X)[0])
    assert fitted.transform(X[0]).shape == (40, 8 + (fitted.lags_ + 1) + 1)
    assert fitted.score(X, y) > 0.8


def test_a_regressor_of_steps_remembers_what_a_static_model_cannot(rng):
    x = rng.normal(size=(600, 1))
    y = np.concatenate([[0.0], x[:-1, 0]])
    fitted = EvolinoRegressor(cells=20).fit(x[:400], y[:400])
    predicted = fitted.predict(x)[400:]
    assert 1 - np.square(predicted - y[400:]).mean() / y[400:].var() > 0.9


def test_a_regressor_of_sequences_gives_numbers_in_the_units_of_y(rng):
    frequencies = rng.uniform(0.2, 1.0, 60)
    sequences = [np.sin(f * np.arange(40))[:, None] for f in frequencies]
    y = np.stack([1e6 * frequencies, -frequencies], axis=1)
    fitted = EvolinoRegressor(**SMALL).fit(sequences[:40], y[:40])
    assert fitted.predict(sequences[40:]).shape == (20, 2)
    assert fitted.score(sequences[40:], y[40:]) > 0.9


@pytest.mark.parametrize("factor", [1e-12, 300.0, 1e6])
def test_units_of_inputs_do_not_matter(rng, factor):
    sequences, labels = waves(rng, 30)
    plain = EvolinoClassifier(**SMALL).fit(sequences, labels)
    scaled = [factor * x for x in sequences]
    other = EvolinoClassifier(**SMALL).fit(scaled, labels)
    np.testing.assert_allclose(
        other.decision_function(scaled), plain.decision_function(sequences), atol=1e-2
    )


@pytest.mark.parametrize("jobs", [2, -1])
def test_results_have_the_same_bits_whatever_the_number_of_threads(rng, jobs):
    sequences, labels = waves(rng, 20)
    one = EvolinoClassifier(**SMALL).fit(sequences, labels)
    more = EvolinoClassifier(**SMALL, n_jobs=jobs).fit(sequences, labels)
    assert (one.decision_function(sequences) == more.decision_function(sequences)).all()


def test_random_state_decides_the_networks(rng):
    sequences, labels = waves(rng, 20)
    features = [
        EvolinoClassifier(**SMALL, random_state=seed)
        .fit(sequences, labels)
        .transform(sequences)
        for seed in (1, 1, 2)
    ]
    assert (features[0] == features[1]).all()
    assert (features[0] != features[2]).any()


def test_pooled_features_stand_before_any_model_in_a_pipeline(rng):
    sequences, labels = waves(rng, 60)
    pipeline = make_pipeline(
        EvolinoClassifier(**SMALL), StandardScaler(), LogisticRegression(max_iter=500)
    )
    pipeline.fit(sequences[:40], labels[:40])
    assert pipeline.score(sequences[40:], labels[40:]) > 0.9


def test_grid_search_and_cross_validation_take_the_estimators(rng):
    sequences, labels = waves(rng, 24, lengths=(20, 21))
    X = np.stack(sequences)
    grid = GridSearchCV(EvolinoClassifier(networks=2), {"cells": [2, 6]}, cv=2)
    assert grid.fit(X, labels).best_score_ > 0.7
    x = rng.normal(size=(300, 2))
    scores = cross_val_score(
        EvolinoRegressor(cells=8), x, x @ [1.0, 2.0], cv=TimeSeriesSplit(3)
    )
    assert (scores > 0.95).all()


def test_pandas_names_are_kept_and_held_to(rng):
    frame = pd.DataFrame(rng.normal(size=(50, 2)), columns=["load", "wind"])
    fitted = EvolinoRegressor(cells=4).fit(frame, frame["load"])
    assert fitted.feature_names_in_.tolist() == ["load", "wind"]
    with pytest.raises(ValueError, match="same order"):
        fitted.predict(frame[["wind", "load"]])
    long = pd.concat(dict.fromkeys("abc", frame))
    found = EvolinoClassifier(**SMALL).fit(long, ["x", "y", "x"])
    assert found.predict(long).shape == (3,)


def test_evolution_is_taken_only_where_it_is_better_on_held_out_steps(rng):
    x = rng.normal(size=(400, 1))
    noise = rng.normal(size=400)
    small = {"cells": 4, "lags": 0}
    fitted = EvolinoRegressor(**small, evaluations=60, search="genetic").fit(x, noise)
    assert fitted.history_[-1].evaluations == 60
    plain = EvolinoRegressor(**small).fit(x, noise)
    assert fitted.evolved_ or (fitted.predict(x) == plain.predict(x)).all()


def test_the_distribution_of_networks_evolves_within_its_budget(rng):
    sequences, labels = waves(rng, 20)
    fitted = EvolinoClassifier(cells=3, networks=1, evaluations=12).fit(sequences, labels)
    assert fitted.history_[-1].evaluations == 12
    best = [each.best for each in fitted.history_]
    assert best == sorted(best, reverse=True)


def test_warm_start_goes_on_with_the_networks_of_the_last_fit(rng):
    x = rng.normal(size=(100, 1))
    warm = EvolinoRegressor(cells=4, lags=0, random_state=1, warm_start=True).fit(
        x, x[:, 0]
    )
    genome = warm.model_.genome
    warm.set_params(random_state=2).fit(x[:80], x[:80, 0])
    assert (warm.model_.genome == genome).all()
    cold = clone(warm).fit(x, x[:, 0])
    assert (cold.model_.genome != genome).any()
