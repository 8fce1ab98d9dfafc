"""Evolution inside the forecaster: its options, its bits, and when it is used."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from evolino import LBFGS, EvolinoForecaster, load_estimator
from evolino.estimators.evolving_forecasts import fed_back, over_windows
from evolino.estimators.forecast_networks import WindowNetworks
from evolino.network.base import ForcedRuns
from evolino.network.lstm import LSTM
from evolino.simd.workspace import Workspace


def henon(steps):
    """A series that goes by a law of two values, not a linear one."""
    values = [0.1, 0.2]
    for _ in range(steps - 2):
        values.append(1 - 1.4 * values[-1] ** 2 + 0.3 * values[-2])
    return np.array(values)


SERIES = henon(400)
SMALL = {"networks": 0, "cells": 6, "evaluations": 24, "search": "esp"}


@pytest.fixture(scope="module")
def evolved():
    return EvolinoForecaster(1, **SMALL, refine=LBFGS(steps=60)).fit(SERIES)


def test_networks_that_evolved_are_taken_where_they_are_better(evolved):
    assert evolved.evolved_
    assert evolved.uses_networks_
    assert "evolved networks" in " ".join(evolved.members_)
    assert evolved.errors_["taken"] < 0.2 * evolved.errors_["without networks"]
    assert evolved.history_[-1].evaluations == 24
    later = henon(460)
    made = evolved.forecasts(later, range(400, 460))[:, 0, 0]
    assert np.square(made - later[400:]).mean() < 0.05 * later.var()


def test_networks_that_evolved_on_noise_are_not_taken():
    noise = np.random.default_rng(0).normal(size=200)
    fitted = EvolinoForecaster(3, **SMALL).fit(noise)
    assert not fitted.evolved_
    assert len(fitted.history_) > 0
    plain = EvolinoForecaster(3, networks=0).fit(noise)
    np.testing.assert_array_equal(fitted.predict(), plain.predict())


@pytest.mark.parametrize("horizon", [1, 4])
def test_threads_do_not_change_a_bit(horizon):
    options = {**SMALL, "networks": 2, "refine": LBFGS(steps=20)}
    one, two = (
        EvolinoForecaster(horizon, **options, n_jobs=jobs).fit(SERIES) for jobs in (1, 2)
    )
    np.testing.assert_array_equal(one.predict(30), two.predict(30))
    assert one.history_ == two.history_
    assert one.errors_ == two.errors_


def test_saved_networks_that_evolved_forecast_the_same_bits(evolved, tmp_path):
    evolved.save(tmp_path)
    read = load_estimator(tmp_path)
    np.testing.assert_array_equal(read.predict(20), evolved.predict(20))
    assert read.get_params() == evolved.get_params()
    assert read.history_ == evolved.history_
    assert read.evolved_


def test_a_warm_start_goes_on_from_the_networks_of_the_last_fit(evolved, tmp_path):
    evolved.save(tmp_path)
    read = load_estimator(tmp_path).set_params(
        warm_start=True, evaluations=0, search=None, refine=None
    )
    before = read.errors_["taken"]
    read.fit(SERIES)
    assert read.evolved_  # without an evolution of its own
    assert read.history_ == []
    assert read.errors_["taken"] == pytest.approx(before)
    read.set_params(evaluations=8).fit(SERIES)
    assert read.errors_["taken"] <= 1.001 * before


def test_a_fit_ends_when_its_seconds_are_over():
    """A descent of a million steps would not end otherwise."""
    fitted = EvolinoForecaster(
        2, networks=4, cells=6, seconds=1.0, search="esp", refine=LBFGS(steps=10**6)
    ).fit(SERIES)
    assert np.isfinite(fitted.predict()).all()
    tiny = EvolinoForecaster(2, seconds=1e-9).fit(SERIES)
    assert np.isfinite(tiny.predict()).all()


def test_verbose_prints_how_candidates_do(capsys):
    EvolinoForecaster(1, **{**SMALL, "evaluations": 4}, verbose=1).fit(SERIES)
    lines = capsys.readouterr().out
    assert "without networks: error" in lines
    assert "with cells of evolved networks: error" in lines
    EvolinoForecaster(1, **{**SMALL, "evaluations": 4}).fit(SERIES)
    assert capsys.readouterr().out == ""


def test_parameters_are_those_of_the_constructor():
    given = {"evaluations": 5, "refine": LBFGS(steps=3), "n_jobs": 2, "warm_start": True}
    copied = clone(EvolinoForecaster(2, **given))
    assert {name: copied.get_params()[name] for name in given} == given


@pytest.mark.parametrize(
    ("setting", "kind", "message"),
    [
        ({"evaluations": -1}, ValueError, "evaluations"),
        ({"seconds": 0}, ValueError, "seconds"),
        ({"refine": "lbfgs", "evaluations": 9}, TypeError, "refine must be evolino.LBFGS"),
        ({"refine": LBFGS()}, ValueError, "refine is of an evolution: give evaluations"),
        ({"search": "esq", "evaluations": 9}, ValueError, "esp"),
        ({"search": LBFGS, "evaluations": 9}, TypeError, "search must be a name"),
        ({"n_jobs": 0}, ValueError, "n_jobs"),
        ({"n_jobs": 1.5}, TypeError, "n_jobs"),
        ({"verbose": "yes"}, TypeError, "verbose"),
        ({"warm_start": 1}, TypeError, "warm_start"),
        ({"initialiser": 3, "evaluations": 9}, TypeError, "initialiser must be a name"),
    ],
)
def test_a_bad_option_is_named_in_one_line(setting, kind, message):
    with pytest.raises(kind, match=message) as error:
        EvolinoForecaster(**setting).fit(SERIES)
    assert "\n" not in str(error.value)


def test_series_too_short_to_evolve_on_are_refused():
    with pytest.raises(ValueError, match="too short to evolve networks on"):
        EvolinoForecaster(1, **SMALL).fit(SERIES[:70])


def test_gaps_and_several_series_can_be_evolved_on():
    broken = SERIES.copy()
    broken[[20, 60, 150]] = np.nan
    fitted = EvolinoForecaster(3, **{**SMALL, "evaluations": 8}).fit([broken, henon(180)])
    assert all(np.isfinite(each).all() for each in fitted.predict())


def test_a_network_fed_its_outputs_is_one_over_windows():
    """Driven over a series, both have the same cells at each step."""
    rng = np.random.default_rng(0)
    cells, lags, columns, inputs, steps = 3, 4, 2, 1, 30
    fed = LSTM(cells, inputs=inputs, outputs=columns, feedback=True)
    genomes = rng.normal(size=(2, *fed.genome_shape))
    y, x = rng.normal(size=(steps, columns)), rng.normal(size=(steps, inputs))
    width = lags * columns + inputs
    moved = over_windows(genomes, cells, lags, columns, width)
    np.testing.assert_array_equal(fed_back(moved, cells, lags, columns, width), genomes)
    padded = np.concatenate([np.zeros((lags, columns)), y])
    windows = np.stack(
        [np.append(padded[t : t + lags][::-1].T.ravel(), x[t]) for t in range(steps)]
    )
    networks = WindowNetworks(
        LSTM(
            cells,
            inputs=width,
            feedback=False,
            readout_inputs=False,
            readout_constant=False,
        ),
        moved,
    )
    driven, _ = networks.drive(windows)
    before = np.concatenate([np.zeros((1, columns)), y[:-1]])
    vectors = np.concatenate([x, before], axis=1)
    driver = fed.driver()
    features, _ = driver.teacher_forcing(ForcedRuns((vectors,), (0,)))(
        driver.pack(genomes), Workspace()
    )
    both = np.moveaxis(features[..., :cells], 0, 1).reshape(steps, -1)
    np.testing.assert_allclose(driven, both, atol=1e-12)


def test_a_forecaster_that_is_not_fitted_says_so():
    with pytest.raises(NotFittedError):
        EvolinoForecaster().predict()
    with pytest.raises(NotFittedError):
        EvolinoForecaster().predict_interval()
