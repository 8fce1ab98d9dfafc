"""Anomalies are the steps that were planted, and none where nothing was."""

import numpy as np
import pytest

from evolino import EvolinoForecaster

PLANTED = {70: 3.0, 71: -3.0, 120: 2.5, 163: -2.5}


def wave(steps=200, seed=0):
    t = np.arange(steps)
    noise = np.random.default_rng(seed).normal(0.0, 0.1, steps)
    return 10 + np.sin(0.3 * t) + 0.5 * np.sin(0.77 * t) + noise


def spoilt(series):
    found = series.copy()
    for row, change in PLANTED.items():
        found[row] += change
    return found


@pytest.fixture(scope="module")
def forecaster():
    return EvolinoForecaster(1, networks=0).fit(spoilt(wave()))


def test_planted_anomalies_of_the_training_series_are_found_and_nothing_else(forecaster):
    found = forecaster.anomalies()
    assert found.rows.tolist() == list(PLANTED)
    np.testing.assert_allclose(found.expected[120, 0], wave()[120], atol=0.5)
    assert "4 of " in found.described() and "step 70" in found.described()


def test_planted_anomalies_of_another_series_are_found():
    clean = EvolinoForecaster(1, networks=0).fit(wave(seed=1))
    assert clean.anomalies(spoilt(wave())).rows.tolist() == list(PLANTED)
    assert clean.anomalies(wave()).rows.tolist() == []


def test_with_networks_the_rows_are_forecast_by_readouts_that_did_not_have_them():
    law = [0.3]
    for _ in range(299):
        law.append(3.9 * law[-1] * (1 - law[-1]))
    forecaster = EvolinoForecaster(1, networks=16, cells=12, season=1).fit(law)
    assert forecaster.uses_networks_
    left_out, inside = (forecaster.anomalies(y) for y in (None, law))
    errors = [
        np.sqrt(np.nanmean(np.square(each.values - each.expected)))
        for each in (left_out, inside)
    ]
    assert errors[0] > 1.2 * errors[1]


def test_scores_do_not_depend_on_the_units(forecaster):
    scores = forecaster.anomalies().scores
    again = EvolinoForecaster(1, networks=0).fit(1024.0 * spoilt(wave())).anomalies()
    np.testing.assert_allclose(again.scores, scores, rtol=1e-6, equal_nan=True)


def test_a_step_after_missing_values_has_no_score_but_by_those_that_know_enough():
    series = spoilt(wave())
    series[100] = np.nan
    found = EvolinoForecaster(1, networks=0).fit(series).anomalies()
    assert np.isnan(found.scores[100])
    assert np.isfinite(found.scores[140:]).all()
    assert set(PLANTED) == set(found.rows.tolist())


def test_a_bad_series_or_threshold_is_refused(forecaster):
    with pytest.raises(ValueError, match="threshold must be > 0"):
        forecaster.anomalies(threshold=0)
    with pytest.raises(ValueError, match="y must have 1 columns as in fit, got 2"):
        forecaster.anomalies(np.zeros((30, 2)))


@pytest.mark.parametrize("rows", [[60], [60, 61, 130], [20, 60, 61, 130]])
def test_values_far_out_are_found_and_spoil_no_others(rows):
    series = wave()
    series[rows] = 290.0
    found = EvolinoForecaster(1, networks=0).fit(series).anomalies()
    assert found.rows.tolist() == rows
    later = EvolinoForecaster(1, networks=0).fit(series).anomalies(spoilt(wave(seed=2)))
    assert later.rows.tolist() == list(PLANTED)


def test_values_far_out_of_a_later_series_are_found():
    later = wave(seed=1)
    later[[50, 51, 120]] = -1e6
    found = EvolinoForecaster(1, networks=0).fit(wave()).anomalies(later)
    assert found.rows.tolist() == [50, 51, 120]
