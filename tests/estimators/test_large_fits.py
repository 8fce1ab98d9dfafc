"""Long and many sequences: rows made in parts, memory estimated before a fit."""

import numpy as np
import pytest

from evolino import EvolinoClassifier, EvolinoForecaster, EvolinoRegressor
from evolino.estimators import fitted_forecaster, memory, per_step
from evolino.estimators.lagged_inputs import Lagged, column_of
from evolino.estimators.whole_sequences import delayed

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("lags", [0, 1, 5, 20])
def test_rows_with_lags_are_those_of_delayed_copies(lags):
    x = RNG.normal(size=(12, 2))
    whole = np.concatenate([delayed(x, lag) for lag in range(lags + 1)], axis=1)
    made = Lagged(x, lags)
    assert (len(made), made.width) == whole.shape
    for rows in (slice(None), slice(0, 3), slice(5, 9), slice(11, 12), slice(4, 4)):
        np.testing.assert_array_equal(made[rows], whole[rows])
    for k in range(made.width):
        np.testing.assert_array_equal(column_of([made], k), whole[:, k : k + 1])


def test_a_long_sequence_is_predicted_in_parts(monkeypatch):
    x = RNG.normal(size=(900, 1))
    fitted = EvolinoRegressor(cells=4, lags=2).fit(x, x[:, 0])
    whole = fitted.predict(x), fitted.transform(x)
    monkeypatch.setattr(per_step, "AT_ONCE", 200)
    assert len(per_step.parts_of(900)) == 5
    # A part is driven by rows before it, long enough for the cells to forget older ones.
    np.testing.assert_allclose(fitted.predict(x), whole[0], atol=1e-6)
    np.testing.assert_allclose(fitted.transform(x), whole[1], atol=1e-6)


def test_the_estimates_of_memory_cover_what_was_measured():
    """1.74 GB at 10^6 steps when copies were held; 1.6 GB at 2,000 sequences; 2.2 GB at
    10^7 steps, of which 0.5 GB are the user's own."""
    million = memory.bytes_of_steps(10**6, 5, 1, 50, 16, held=False)
    held = memory.bytes_of_steps(10**6, 5, 1, 50, 16, held=True)
    many = memory.bytes_of_steps(10**7, 5, 1, 50, 16, held=False)
    assert 0.3e9 < million < 1e9
    assert held > 1.7e9
    assert 1.7e9 < many < 2e9
    assert 1.5e9 < memory.bytes_of_sequences(2000, 400_000, 2, 32, 16) < 2e9


@pytest.mark.parametrize("readout", [None, "ridge"])
def test_a_fit_that_does_not_fit_into_memory_is_refused_before_it_begins(
    monkeypatch, readout
):
    monkeypatch.setattr(memory, "free_memory", lambda: 1e6)
    x = RNG.normal(size=(50, 1))
    with pytest.raises(ValueError, match=r"a fit to 50 steps needs about 0\.3 GB of mem"):
        EvolinoRegressor(cells=4, readout=readout).fit(x, x[:, 0])
    with pytest.raises(ValueError, match="a fit to 4 sequences needs about"):
        EvolinoClassifier(cells=2).fit(x[:48].reshape(4, 12, 1), ["a", "b"] * 2)


def test_where_nothing_tells_the_memory_nothing_is_refused(monkeypatch):
    monkeypatch.setattr(memory, "free_memory", lambda: None)
    memory.check_memory(1e30, "a fit", "take less")


def test_of_a_long_series_the_last_rows_are_taken_and_said(monkeypatch):
    monkeypatch.setattr(fitted_forecaster, "CHOSEN", 100)
    monkeypatch.setattr(fitted_forecaster, "FITTED", 150)
    wave = np.sin(np.arange(400.0))
    wave[:200] = 7.0
    with pytest.warns(
        UserWarning, match="y has 400 steps: candidates were compared on the"
    ):
        fitted = EvolinoForecaster(5, networks=0).fit(wave)
    np.testing.assert_allclose(fitted.predict(), np.sin(np.arange(400, 405)), atol=1e-4)
