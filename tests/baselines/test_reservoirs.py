"""Echo state networks: states, readout, free runs, what chooses their settings."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from reservoirpy.nodes import Reservoir as TheirReservoir

import evolino
from evolino.baselines.echo_state_network import EchoStateNetwork, Scales
from evolino.baselines.reservoir import Reservoir, sparse_matrix
from evolino.baselines.tuned_reservoir import (
    _staged,
    draws_within,
    seconds_of_a_draw,
    tuned,
    tuned_reservoir,
    units_of,
)
from evolino.task.series import Segment, Series, Split
from evolino.tasks.signals.oscillators import Oscillators
from evolino.training.experiment import Budget, Experiment
from evolino.training.problem import split_of

EXPERIMENT = Experiment(
    task=Oscillators(sines=2),
    network=evolino.LSTM(cells=10),
    initialiser=evolino.LinearRegime(),
    search=evolino.ESP(),
    readout=evolino.PseudoInverse(),
    budget=Budget(evaluations=32),
)


@pytest.fixture(autouse=True)
def few_draws(monkeypatch):
    monkeypatch.setattr("evolino.baselines.tuned_reservoir.DRAWS", 40)


def drawn(rng, units=12, width=2, leak=0.3):
    return Reservoir(
        0.9 * sparse_matrix(rng, units),
        rng.uniform(-1, 1, (units, width)),
        rng.uniform(-0.5, 0.5, units),
        leak,
    )


@pytest.mark.parametrize("leak", [1.0, 0.3])
def test_states_are_those_of_reservoirpy(rng, leak):
    ours = drawn(rng, leak=leak)
    theirs = TheirReservoir(
        units=len(ours.bias), lr=leak, W=ours.recurrent, Win=ours.inputs, bias=ours.bias
    )
    inputs = rng.normal(size=(60, 2))
    states = ours.drive(inputs[:, None])[:, 0]
    np.testing.assert_allclose(states, theirs.run(inputs), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("units", [1, 3, 50])
def test_the_recurrent_matrix_has_spectral_radius_1(rng, units):
    eigenvalues = np.linalg.eigvals(sparse_matrix(rng, units))
    np.testing.assert_allclose(np.abs(eigenvalues).max(), 1.0, rtol=1e-9)


def series_of(rng, steps):
    return Series(rng.normal(size=(steps, 1)), rng.normal(size=(steps, 1)))


def test_sequences_driven_together_are_those_driven_alone(rng):
    segments = [Segment(series_of(rng, steps), 5, steps) for steps in (20, 31)]
    scales = Scales.of(segments, feedback=True)
    network = EchoStateNetwork(drawn(rng), scales, squares=True)
    fit = network.fit(segments, (1e-6,))
    together = network.outputs(segments, fit.weights, free_running=False)
    for segment, outputs in zip(segments, together, strict=True):
        (alone,) = network.outputs([segment], fit.weights, free_running=False)
        np.testing.assert_allclose(outputs, alone, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("start", [0, 12])
def test_a_free_run_is_a_pass_that_is_fed_its_own_outputs(rng, start):
    series = series_of(rng, 30)
    segment = Segment(series, start, 30)
    scales = Scales.of([segment], feedback=True)
    network = EchoStateNetwork(drawn(rng), scales, squares=False)
    network = replace(network, weights=network.fit([segment], (1e-2,)).weights[0])
    (outputs,) = network.respond([segment], free_running=True)
    fed = series.targets.copy()
    fed[start:] = outputs
    own = Segment(Series(series.inputs, fed), start, 30)
    (forced,) = network.respond([own], free_running=False)
    np.testing.assert_allclose(outputs, forced, rtol=1e-9, atol=1e-12)


def test_a_readout_without_penalty_fits_what_is_linear_in_the_features(rng):
    series = series_of(rng, 200)
    scales = Scales.of([Segment(series, 0, 200)], feedback=False)
    network = EchoStateNetwork(drawn(rng, width=1), scales, squares=True)
    states = network.reservoir.drive(scales.vectors(series, 200)[:, None])[:, 0]
    targets = states[:, :1] - 2.0 * states[:, 1:2] ** 2 + 3.0
    segment = Segment(Series(series.inputs, targets), 20, 200)
    fit = network.fit([segment], (1e-28,))
    (outputs,) = network.outputs([segment], fit.weights, free_running=False)
    np.testing.assert_allclose(outputs[0], targets[20:], atol=1e-8)


def test_test_rows_choose_nothing():
    split = EXPERIMENT.task.sequences(np.random.default_rng(0))
    (test,) = split.test
    series = test.series
    other = series.targets.copy()
    other[test.start :] = 7.0
    changed = Series(series.inputs, other)
    moved = {
        name: tuple(Segment(changed, s.start, s.stop) for s in getattr(split, name))
        for name in ("train", "validation", "test", "refit")
    }
    one, two = tuned(EXPERIMENT, split), tuned(EXPERIMENT, Split(**moved))
    np.testing.assert_array_equal(one.weights, two.weights)


def test_a_tuned_reservoir_repeats_exactly_and_continues_two_sines():
    found = tuned_reservoir(EXPERIMENT)
    assert found == tuned_reservoir(EXPERIMENT)
    assert found["test_nrmse"] < 0.05
    assert units_of(EXPERIMENT) == EXPERIMENT.architecture.readout_width


def test_a_tuned_reservoir_has_the_cpu_seconds_of_the_run_beside_it():
    split = split_of(EXPERIMENT.task, 0)
    one = seconds_of_a_draw(split, 500)
    assert [draws_within(each * one, split, 500) for each in (0.1, 20.5, 1e6)] == [
        8,
        20,
        40,
    ]


def test_too_many_sequences_are_said(rng, monkeypatch):
    monkeypatch.setattr("evolino.baselines.echo_state_network.MOST_NUMBERS", 100)
    segment = Segment(series_of(rng, 20), 0, 20)
    network = EchoStateNetwork(
        drawn(rng), Scales.of([segment], feedback=True), squares=False
    )
    with pytest.raises(ValueError, match="too many for a reservoir of 12 units"):
        network.fit([segment], (0.0,))


@pytest.mark.parametrize(
    ("validation", "stages", "staged"),
    [
        (0.5, (), 2.5),  # not good enough to be confirmed
        (0.05, (0.3,), 1.3),  # passes validation alone
        (0.05, (0.05, 7.0), 1.0),  # fails at the last stage
        (0.05, (0.05, 0.01), 0.01),
    ],
)
def test_a_draw_passes_stages_of_confirmation_as_a_candidate_does(
    validation, stages, staged, monkeypatch
):
    module = "evolino.baselines.tuned_reservoir"
    left = list(stages)
    monkeypatch.setattr(f"{module}._losses", lambda *_: np.array([left.pop(0)]))
    split = SimpleNamespace(train=(), confirmation=(("first",), ("second",)))
    network = SimpleNamespace(fit=lambda rows, penalties: None)
    experiment = SimpleNamespace(confirm_at=0.1)
    found = _staged(experiment, split, validation, network, 1e-8)
    assert found == pytest.approx(staged, abs=1e-15)
    assert left == []
