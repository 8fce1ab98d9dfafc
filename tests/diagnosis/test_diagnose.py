"""Each finding fires where its fault was planted, and does not where it was not."""

import numpy as np
import pytest

import evolino
from evolino import LSTM, EvolinoClassifier, EvolinoForecaster, EvolinoRegressor, Model
from evolino.diagnosis.findings import (
    exploding_free_run,
    ill_conditioned,
    overfitting,
    saturated_cells,
    short_washout,
    simpler_method,
)
from evolino.task.scaling import Scaling

T = np.arange(400)
WAVE = (np.sin(0.2 * T) + np.sin(0.311 * T))[:, None]


def network(cells=8, *, weights=0.3, forget=0.0, penalty=1e-6, series=WAVE):
    """A network with feedback, drawn, whose readout is solved on a series."""
    architecture = LSTM(cells)
    rng = np.random.default_rng(1)
    genome = rng.normal(0.0, weights, architecture.genome_shape)
    genome[:, architecture.genes_of("bias", "forget")] += forget
    scaling = Scaling.of(np.zeros((len(series), 0)), series).with_bounds(series, 1e9)
    empty = np.zeros((architecture.readout_width, 1))
    model = Model(architecture, genome, empty, scaling)
    from evolino.diagnosis.of_network import _features

    features = _features(model, series, None)[40:]
    aims = scaling.outputs(series[40:])
    squares = features.T @ features + penalty * len(aims) * np.eye(features.shape[1])
    return Model(architecture, genome, np.linalg.solve(squares, features.T @ aims), scaling)


def findings(model, *arguments, **options):
    found = evolino.diagnose(model, *arguments, **options)
    return {each.name: each for each in found.findings}


def fires(model, name, *arguments, **options):
    return findings(model, *arguments, **options)[name].fires


def test_saturated_cells():
    assert fires(network(weights=1.0, forget=9.0), "saturated cells", WAVE)
    assert not fires(network(), "saturated cells", WAVE)


def test_an_exploding_free_run():
    model = network()
    loud = Model(model.architecture, model.genome, 3 * model.output_weights, model.scaling)
    assert fires(loud, "exploding free run", WAVE)
    assert not fires(network(penalty=1e-2), "exploding free run", WAVE)


def test_a_washout_that_is_too_short():
    slow = network(forget=7.0, weights=0.1)
    assert fires(slow, "washout too short", WAVE, washout=5)
    assert not fires(network(forget=-2.0), "washout too short", WAVE, washout=60)


def test_ill_conditioned_features():
    assert fires(network(40, weights=1e-4, penalty=1e-30), "ill-conditioned features", WAVE)
    assert not fires(network(penalty=1e-3), "ill-conditioned features", WAVE)


def test_overfitting():
    noise = np.random.default_rng(0).normal(size=(120, 1))
    assert fires(network(60, series=noise), "overfitting", noise)
    assert not fires(network(4, series=WAVE), "overfitting", WAVE)


def test_a_simpler_method_that_is_as_good():
    assert fires(network(4, penalty=1.0), "simpler method as good", WAVE)
    law = [0.3]
    for _ in range(399):
        law.append(3.9 * law[-1] * (1 - law[-1]))
    series = np.array(law)[:, None]
    model = network(30, weights=1.0, forget=-2.0, series=series)
    assert not fires(model, "simpler method as good", series)


def test_a_forecaster_of_a_law_that_is_not_linear_beats_simple_methods():
    law = [0.3]
    for _ in range(299):
        law.append(3.9 * law[-1] * (1 - law[-1]))
    forecaster = EvolinoForecaster(1, networks=16, cells=12, season=1).fit(law[:250])
    found = findings(forecaster, np.array(law))
    assert not found["simpler method as good"].fires
    assert {"saturated cells", "exploding free run", "overfitting"} <= set(found)


def test_for_a_forecaster_of_a_walk_the_last_value_is_as_good():
    walk = np.cumsum(np.random.default_rng(0).normal(size=150))
    assert fires(EvolinoForecaster(3, networks=0).fit(walk), "simpler method as good")


def sequences(kind):
    """Twenty waves, fast and slow ones; or noise whose level is the label."""
    rng = np.random.default_rng(0)
    t = np.arange(30)
    if kind == "waves":
        each = [np.sin((0.3, 1.1)[n % 2] * t + rng.uniform(0, 6)) for n in range(20)]
    else:
        each = [n % 2 + 0.1 * rng.normal(size=30) for n in range(20)]
    return [x[:, None] for x in each], np.array(["a", "b"] * 10)


def test_a_classifier_and_the_summaries_that_are_as_good_or_not():
    X, y = sequences("level")
    classifier = EvolinoClassifier(networks=2, cells=4).fit(X, y)
    found = findings(classifier, X, y)
    assert found["simpler method as good"].fires
    assert not found["overfitting"].fires
    noise = np.random.default_rng(1).permutation(y)
    guesser = EvolinoClassifier(networks=8, cells=8).fit(X, noise)
    assert fires(guesser, "overfitting", X, noise)


def test_a_regressor_of_steps_is_diagnosed_as_a_network():
    x = np.random.default_rng(0).normal(size=(300, 1))
    regressor = EvolinoRegressor(cells=6, lags=0).fit(x, np.cumsum(x[:, 0]))
    assert "washout too short" in findings(regressor, x, np.cumsum(x[:, 0]))


LIMITS = {
    "saturated": (saturated_cells, (np.full((9, 2), 4.0),), (np.zeros((9, 2)),)),
    "range": (exploding_free_run, ([[np.inf]], WAVE), (WAVE, WAVE)),
    "washout": (short_washout, (np.ones(9), 3), (np.r_[1.0, np.zeros(8)], 3)),
    "fit": (overfitting, (2.1, 1.0), (1.9, 1.0)),
    "peer": (simpler_method, (1.0, {"it": 1.0}), (0.5, {"it": 1.0})),
    "weights": (
        ill_conditioned,
        (np.c_[WAVE, WAVE + 1e-6 * np.cos(WAVE)], np.array([[1e6], [-1e6]])),
        (WAVE, np.ones((1, 1))),
    ),
}


@pytest.mark.parametrize("name", LIMITS)
def test_every_check_fires_above_its_limit_alone(name):
    check, fault, sound = LIMITS[name]
    assert check(*map(np.asarray, fault[:1]), *fault[1:]).fires
    assert not check(*map(np.asarray, sound[:1]), *sound[1:]).fires


def test_what_fires_comes_first_in_words_and_is_drawn(tmp_path):
    found = evolino.diagnose(network(weights=1.0, forget=9.0), WAVE)
    assert found.findings[0].fires and not found.findings[-1].fires
    assert found.described().splitlines()[1].startswith("! ")
    picture = found.draw(tmp_path / "limits.png")
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_data_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="data is missing"):
        evolino.diagnose(network())
    with pytest.raises(ValueError, match="needs 20 rows after the washout of 390, got 10"):
        evolino.diagnose(network(), WAVE, washout=390)
    with pytest.raises(TypeError, match="must be a model or an estimator, got str"):
        evolino.diagnose("model", WAVE)
    X, y = sequences("waves")
    classifier = EvolinoClassifier(networks=2, cells=4).fit(X, y)
    with pytest.raises(ValueError, match="needs the 20 sequences of the fit, got 10"):
        evolino.diagnose(classifier, X[:10], y[:10])


def test_advice_stands_beside_what_fires_alone():
    some = []
    for model in (network(), network(weights=1.0, forget=30.0)):
        found = evolino.diagnose(model, WAVE)
        for each in found.findings:
            if each.advice:
                assert (each.advice in found.described()) == each.fires
                some.append(each.fires)
    assert set(some) == {True, False}


def test_what_of_a_model_is_looked_at_is_said(rng):
    pair = evolino.Ensemble((network(), network()))
    assert "of the first of 2 networks" in evolino.diagnose(pair, WAVE).described()
    series = [rng.normal(size=60).cumsum() for _ in range(2)]
    several = EvolinoForecaster(2, networks=0).fit(series)
    found = evolino.diagnose(several)
    assert "of the first of 2 series" in found.described()
    # Its rows are not left out in turn, so that nothing tells of overfitting.
    assert "overfitting" not in {each.name for each in found.findings}


def test_a_series_that_ends_too_early_for_a_forecaster_is_refused(rng):
    walk = rng.normal(size=100).cumsum()
    forecaster = EvolinoForecaster(3, networks=0).fit(walk[:90])
    with pytest.raises(ValueError, match="horizon of 3 steps after the 90 of the fit, got"):
        evolino.diagnose(forecaster, walk[:92])
    assert evolino.diagnose(forecaster, walk[:93]).findings
