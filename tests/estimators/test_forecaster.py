"""The forecaster: laws of its forecasts, of its choice, of dates and missing values."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from evolino import EvolinoForecaster
from evolino.estimators.candidate_forecasts import design_of
from evolino.estimators.candidate_forecasts import fitted as fitted_readouts
from evolino.estimators.forecast_model import Form
from evolino.estimators.forecast_networks import WindowNetworks
from evolino.estimators.forecast_runs import free_run, free_runs
from evolino.estimators.intervals import Residuals
from evolino.estimators.rolling_origins import Data
from evolino.estimators.transforms import transforms_for


def sales(months=120):
    """A year's season that grows with a trend, in noise."""
    rng = np.random.default_rng(1)
    t = np.arange(months)
    return np.exp(4 + 0.01 * t + 0.3 * np.sin(t * np.pi / 6) + rng.normal(0, 0.03, months))


def dated(values, freq="MS"):
    index = pd.date_range("2001-01-01", periods=len(values), freq=freq)
    return pd.Series(values, index=index, name="sales")


@pytest.fixture(scope="module")
def fitted():
    return EvolinoForecaster(12, networks=0).fit(dated(sales()[:96]))


def test_a_season_with_a_trend_is_forecast_better_than_by_repeating_it(fitted):
    found = fitted.evaluate(dated(sales()))
    rows = {name: errors.row()["mase"] for name, errors in found.errors.items()}
    assert rows["evolino"] < 0.7 * rows["seasonal naive"]
    assert {"last value", "autoregression", "exponential smoothing"} <= set(rows)
    assert list(rows.values()) == sorted(rows.values())


def test_the_report_says_first_what_is_better():
    walk = np.cumsum(np.random.default_rng(3).normal(size=200))
    forecaster = EvolinoForecaster(5, networks=0).fit(walk[:100])
    found = forecaster.evaluate(walk, origins=4)
    best = next(iter(found.errors))
    first = found.described().splitlines()[0]
    assert first == ("4 origins" if best == "evolino" else
                     f"{best} is better than evolino on this series")  # fmt: skip


def test_forecasts_carry_the_dates_and_the_name_on(fitted):
    forecast = fitted.predict()
    assert fitted.season_ == 12
    assert forecast.name == "sales"
    assert forecast.index[0] == pd.Timestamp("2009-01-01")
    assert len(fitted.predict(3)) == 3
    np.testing.assert_allclose(fitted.predict(3), forecast[:3])


def test_intervals_lie_around_the_forecast_and_grow_with_coverage(fitted):
    forecast = fitted.predict()
    narrow, wide = fitted.predict_interval(0.5), fitted.predict_interval(0.95)
    assert (wide[0] < narrow[0]).all()
    assert (narrow[0] < forecast).all()
    assert (forecast < narrow[1]).all()
    assert (narrow[1] < wide[1]).all()


def test_intervals_are_never_narrower_further_ahead():
    """Also where the errors further ahead happen to be smaller."""
    rng = np.random.default_rng(0)
    y = rng.normal(size=(40, 1))
    truth = rng.normal(size=(30, 6, 1)) * np.linspace(2, 1, 6)[:, None]
    transform = transforms_for(y)[0]
    residuals = Residuals.of(transform, np.zeros_like(truth), truth, 5.0)
    lower, upper = residuals.interval(np.zeros((1, 9, 1)), 0.8)
    widths = (upper - lower)[0, :, 0]
    assert (np.diff(widths) >= 0).all()
    assert widths[0] > 0


def test_readouts_that_run_side_by_side_do_what_each_does_alone():
    y = np.sin(0.7 * np.arange(80))[:, None] + 0.1 * np.arange(80)[:, None]
    data = Data((y,), (np.zeros((80, 0)),))
    transform = transforms_for(y)[0]
    networks = WindowNetworks.drawn(3, 4, 5, np.random.default_rng(0))
    for cells in (None, networks):
        form = Form("none", 1, 5, networks=cells is not None)
        design = design_of(data, form, transform, cells)
        prepared = design.prepare(y, np.zeros((90, 0)))
        readouts = fitted_readouts(design, [prepared], [(1e-4, 1e-3), (1e-2, 1e-1)])
        together = free_runs(design, readouts, prepared, [40, 60, 80], 8)
        for readout, z in zip(readouts, together, strict=True):
            alone = free_run(design, readout, prepared, [40, 60, 80], 8)
            np.testing.assert_allclose(z, alone, rtol=1e-5)
        assert not np.allclose(*together, rtol=1e-5)


UNITS = [(1e-12, 0.0), (300.0, 0.0), (1e6, 0.0), (1.0, 1e6), (1e6, 1e6)]


@pytest.mark.parametrize(("factor", "shift"), UNITS)
def test_neither_units_nor_an_offset_matter(factor, shift):
    """Roots and logarithms, a season and networks are among the candidates."""
    rng = np.random.default_rng(0)
    wave = np.sin(np.arange(150) * 0.7) + 0.1 * rng.normal(size=150) + 0.02 * np.arange(150)
    options = {"networks": 4, "cells": 8, "horizon": 6}
    plain = EvolinoForecaster(**options).fit(wave)
    moved = EvolinoForecaster(**options).fit(factor * wave + shift)
    assert moved.members_ == plain.members_
    np.testing.assert_allclose(
        (moved.predict() - shift) / factor, plain.predict(), atol=1e-6
    )
    for bound, same in zip(moved.predict_interval(), plain.predict_interval(), strict=True):
        np.testing.assert_allclose((bound - shift) / factor, same, atol=1e-6)


def test_columns_in_different_units_are_forecast_as_in_the_same():
    t = np.arange(120)
    waves = np.stack([np.exp(np.sin(0.4 * t)), np.cos(0.4 * t) + 0.01 * t], axis=1)
    units, offsets = np.array([1e-9, 1e6]), np.array([0.0, 1e6])
    plain = EvolinoForecaster(5, networks=0).fit(waves).predict()
    moved = EvolinoForecaster(5, networks=0).fit(waves * units + offsets).predict()
    np.testing.assert_allclose((moved - offsets) / units, plain, atol=1e-6)


@pytest.mark.parametrize(("factor", "shift"), UNITS)
def test_a_transform_is_undone_and_knows_no_units(factor, shift):
    values = np.array([[3.0], [1.0], [np.nan], [9.0], [4.0]])
    for plain, moved in zip(
        transforms_for(values), transforms_for(factor * values + shift), strict=True
    ):
        z, same = plain.forward(values), moved.forward(factor * values + shift)
        np.testing.assert_allclose(z, same, atol=1e-9)
        np.testing.assert_allclose(plain.back(z), values, atol=1e-12)


def test_networks_are_taken_where_a_law_is_not_linear():
    series = [0.3]
    for _ in range(399):
        series.append(3.9 * series[-1] * (1 - series[-1]))
    forecaster = EvolinoForecaster(1, networks=8, cells=8).fit(series[:300])
    assert forecaster.uses_networks_
    forecasts = forecaster.forecasts(series, range(300, 400))[:, 0, 0]
    errors = np.square(forecasts - series[300:])
    assert np.sqrt(errors.mean() / np.var(series[300:])) < 0.2


def test_no_networks_are_taken_for_noise():
    noise = np.random.default_rng(0).normal(size=200)
    forecaster = EvolinoForecaster(3, networks=8, cells=8).fit(noise)
    assert not forecaster.uses_networks_


def test_a_sum_of_sines_is_forecast_to_rounding():
    t = np.arange(300)
    wave = np.sin(0.3 * t) + np.sin(0.511 * t)
    forecast = EvolinoForecaster(50, networks=0).fit(wave[:250]).predict()
    np.testing.assert_allclose(forecast, wave[250:], atol=1e-3)


def test_a_free_run_stays_within_the_bounds_whatever_the_series_before():
    wave = np.sin(np.arange(200) * 0.9) ** 3
    forecaster = EvolinoForecaster(20, networks=4, cells=6).fit(wave)
    far = forecaster.predict(2000, y=1e3 * wave)
    assert np.isfinite(far).all()
    assert np.abs(far).max() < 10


def test_missing_values_are_left_out_of_the_fit_and_bridged():
    values = dated(sales())
    whole = EvolinoForecaster(12, networks=0).fit(values[:96]).predict()
    values.iloc[[40, 41, 90, 95]] = np.nan
    broken = EvolinoForecaster(12, networks=0).fit(values[:96]).predict()
    np.testing.assert_allclose(broken, whole, rtol=0.1)


def test_dates_left_out_are_missing_values_and_said():
    values = dated(sales()[:96])
    with pytest.warns(UserWarning, match="2 dates are left out, the first after 2004-04"):
        forecaster = EvolinoForecaster(3, networks=0).fit(
            values.drop(values.index[[40, 60]])
        )
    assert forecaster.predict().index[0] == pd.Timestamp("2009-01-01")


def test_inputs_known_in_the_future_are_used():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(220, 1))
    y = 2 * x[:, 0] + 0.1 * rng.normal(size=220)
    forecaster = EvolinoForecaster(10, networks=0).fit(y[:200], x[:200])
    forecast = forecaster.predict(X=x[200:210])
    assert np.corrcoef(forecast, y[200:210])[0, 1] > 0.98
    np.testing.assert_allclose(forecast, forecaster.predict(X=x[:210], y=y[:200]))
    with pytest.raises(ValueError, match="X must have the 1 inputs of fit, got none"):
        forecaster.predict()
    with pytest.raises(ValueError, match="X has 2 features"):
        forecaster.predict(X=np.zeros((10, 2)))


def test_several_series_and_several_columns():
    t = np.arange(100)[:, None]
    series = [
        np.concatenate([np.sin(0.5 * t + k), np.cos(0.5 * t + k)], 1) for k in (0, 1, 2)
    ]
    forecaster = EvolinoForecaster(4, networks=0).fit(series)
    forecasts = forecaster.predict()
    assert [each.shape for each in forecasts] == [(4, 2)] * 3
    after = np.arange(100, 104)
    np.testing.assert_allclose(forecasts[1][:, 0], np.sin(0.5 * after + 1), atol=0.05)


def test_the_same_seed_gives_the_same_bits_and_a_clone_too():
    wave = np.sin(np.arange(120) * 0.9) ** 3
    first = EvolinoForecaster(5, networks=3, cells=5, random_state=2).fit(wave)
    again = clone(first).fit(wave)
    assert (first.predict() == again.predict()).all()


BAD = {
    "short": (np.arange(5.0), None, ValueError, "5 steps are too short"),
    "inf": ([1.0, 2.0, np.inf, 4.0], None, ValueError, "infinity: row 2, column 0"),
    "nothing": (np.full(20, np.nan), None, ValueError, "no value at all in column 0"),
    "text": (["a", "b", "c"], None, ValueError, "could not convert"),
    "X": (np.arange(30.0), np.zeros((29, 1)), ValueError, "X must have 30 rows.*got 29"),
    "X nan": (np.arange(3.0), np.full((3, 1), np.nan), ValueError, "NaN: row 0, column 0"),
    "columns": ([np.zeros((20, 1)), np.zeros((20, 2))], None, ValueError, r"y\[1\] has 2"),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_series_is_refused_by_its_place(what):
    y, X, kind, message = BAD[what]
    with pytest.raises(kind, match=message):
        EvolinoForecaster(networks=0).fit(y, X)


@pytest.mark.parametrize("name", ["horizon", "season", "cells"])
def test_a_bad_setting_is_named(name):
    with pytest.raises(ValueError, match=f"{name} must be >= 1"):
        EvolinoForecaster(**{name: 0}).fit(np.arange(30.0))


def test_a_constant_series_is_forecast_as_it_is():
    forecast = EvolinoForecaster(4, networks=2, cells=3).fit(np.full(40, 7.0)).predict()
    np.testing.assert_allclose(forecast, 7.0, rtol=1e-6)
