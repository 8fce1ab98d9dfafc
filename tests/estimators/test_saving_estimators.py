"""Saved estimators predict the same bits; what a stranger's file holds is checked."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError

import evolino
from evolino import EvolinoClassifier, EvolinoForecaster, EvolinoRegressor
from evolino.estimators.saving import FILE
from evolino.storage.archive import load_state, save_state

SMALL = {"networks": 2, "cells": 4}


@pytest.fixture(scope="module")
def waves():
    rng = np.random.default_rng(0)
    t = np.arange(20)
    each = [np.sin((0.3, 1.1)[n % 2] * t + rng.uniform(0, 6))[:, None] for n in range(16)]
    return each, np.array(["slow", "fast"] * 8, dtype=object)


def monthly(steps):
    t = np.arange(steps)
    index = pd.date_range("2001-01", periods=steps, freq="MS")
    return pd.Series(50 + t + 5 * np.sin(t * np.pi / 6), index=index, name="sold")


@pytest.fixture(scope="module")
def fitted(waves):
    X, labels = waves
    steps = [np.arange(20.0)] * 16
    law = [0.3]
    for _ in range(199):
        law.append(3.9 * law[-1] * (1 - law[-1]))
    return {
        "classes": (EvolinoClassifier(**SMALL).fit(X, labels), X),
        "numbers": (EvolinoRegressor(**SMALL).fit(X, np.arange(16.0)), X),
        "steps": (EvolinoRegressor(cells=4).fit(X, steps), X),
        "labels a step": (
            EvolinoClassifier(cells=4).fit(X[0], np.arange(20) > 9),
            X[0],
        ),
        "forecast": (EvolinoForecaster(3, networks=0).fit(monthly(60)), None),
        "networks": (EvolinoForecaster(1, **SMALL, season=1).fit(law), None),
    }


def answers(estimator, X):
    if X is None:
        return [estimator.predict(), *estimator.predict_interval(0.8)]
    names = ("predict", "predict_proba", "transform")
    return [getattr(estimator, n)(X) for n in names if hasattr(estimator, n)]


@pytest.mark.parametrize(
    "what", ["classes", "numbers", "steps", "labels a step", "forecast", "networks"]
)
def test_a_loaded_estimator_predicts_the_same_bits(fitted, what, tmp_path):
    estimator, X = fitted[what]
    estimator.save(tmp_path / "saved")
    again = type(estimator).load(tmp_path / "saved")
    assert again.get_params() == estimator.get_params()
    for one, other in zip(answers(estimator, X), answers(again, X), strict=True):
        for a, b in zip(one, other, strict=True):
            np.testing.assert_array_equal(a, b)
    assert what != "networks" or estimator.uses_networks_


def test_a_loaded_forecaster_goes_on_with_the_dates(fitted, tmp_path):
    fitted["forecast"][0].save(tmp_path)
    ahead = evolino.load_estimator(tmp_path).predict(2)
    assert ahead.name == "sold"
    assert ahead.index.tolist() == [pd.Timestamp("2006-01-01"), pd.Timestamp("2006-02-01")]


@pytest.mark.parametrize(
    "index",
    [
        pd.period_range("2001-01", periods=40, freq="Q"),
        pd.date_range("2001-01-01", periods=40, freq="h", tz="Europe/Berlin"),
    ],
    ids=["periods", "zone"],
)
def test_every_kind_of_dates_comes_back(index, tmp_path):
    series = pd.Series(np.arange(40.0), index=index)
    forecaster = EvolinoForecaster(2, networks=0).fit(series)
    forecaster.save(tmp_path)
    again = EvolinoForecaster.load(tmp_path)
    assert again.predict().index.equals(forecaster.predict().index)


def test_settings_that_are_records_come_back(waves, tmp_path):
    X, labels = waves
    search = evolino.CMAES()
    classifier = EvolinoClassifier(**SMALL, search=search, evaluations=2).fit(X, labels)
    classifier.save(tmp_path)
    assert EvolinoClassifier.load(tmp_path).search == search


def test_what_is_not_fitted_or_of_another_class_is_refused(fitted, tmp_path):
    with pytest.raises(NotFittedError):
        EvolinoForecaster().save(tmp_path)
    fitted["forecast"][0].save(tmp_path)
    with pytest.raises(ValueError, match="holds EvolinoForecaster, not EvolinoRegressor"):
        EvolinoRegressor.load(tmp_path)
    with pytest.raises(ValueError, match=r"holds no estimator\.npz"):
        EvolinoRegressor.load(tmp_path / "..")
    with pytest.raises(ValueError, match="load_estimator"):
        evolino.load(tmp_path)


def places(state, path=()):
    """Yield the path to every value of a nest."""
    entries = state.items() if isinstance(state, dict) else enumerate(state)
    for key, value in entries:
        yield (*path, key)
        if isinstance(value, dict | list):
            yield from places(value, (*path, key))


def changed(state, path, make):
    """Return a copy of a nest with one value replaced; without it if make gives nothing."""
    copy = dict(state) if isinstance(state, dict) else list(state)
    if len(path) > 1:
        copy[path[0]] = changed(copy[path[0]], path[1:], make)
    else:
        copy[path[0]] = make(copy[path[0]])
    return copy


def shorter(value):
    return value[:-1] if isinstance(value, np.ndarray | list | str) and len(value) else -7


MUTANTS = {
    "nothing": lambda value: None,
    "text": lambda value: "text",
    "shorter": shorter,
    "huge": lambda value: 10**15 if isinstance(value, int) else [value, value],
}


@pytest.mark.parametrize("what", ["classes", "steps", "networks"])
def test_a_strangers_file_loads_and_predicts_or_gives_one_line(fitted, what, tmp_path):
    estimator, X = fitted[what]
    estimator.save(tmp_path)
    state = load_state(tmp_path / FILE, kind="estimator")
    paths = list(places(state))
    rng = np.random.default_rng(0)
    refused = 0
    for k in rng.permutation(len(paths))[:60]:
        for make in MUTANTS.values():
            save_state(tmp_path / FILE, changed(state, paths[k], make), kind="estimator")
            try:
                again = evolino.load_estimator(tmp_path)
            except ValueError as error:
                refused += 1
                assert "\n" not in str(error)
                continue
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                answers(again, X)
    assert refused > 100


@pytest.mark.parametrize("keep", [0, 10, 0.5, -1])
def test_a_truncated_file_gives_one_line(fitted, keep, tmp_path):
    fitted["forecast"][0].save(tmp_path)
    content = (tmp_path / FILE).read_bytes()
    stop = int(keep * len(content)) if isinstance(keep, float) else keep
    (tmp_path / FILE).write_bytes(content[:stop])
    with pytest.raises(ValueError, match=r"is damaged|is not an? estimator"):
        evolino.load_estimator(tmp_path)
