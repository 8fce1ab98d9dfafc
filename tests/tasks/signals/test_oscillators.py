"""The superimposed oscillators against closed forms and published figures."""

import numpy as np
import pytest

from evolino.tasks.signals.oscillators import FREQUENCIES, Oscillators, autoregression


def split_of(task):
    return task.sequences(np.random.default_rng(0))


def test_the_series_is_the_sum_of_sines_from_step_1():
    (test,) = split_of(Oscillators(sines=3)).test
    steps = np.arange(401, 701)
    expected = sum(np.sin(f * steps) for f in FREQUENCIES[:3])
    np.testing.assert_allclose(test.targets[:, 0], expected, atol=1e-12)


def test_the_protocol_is_washout_100_fit_to_400_test_to_700():
    split = split_of(Oscillators())
    assert [(s.start, s.stop) for s in split.refit] == [(100, 400)]
    assert [(s.start, s.stop) for s in split.test] == [(400, 700)]


def test_noise_touches_the_first_400_steps_only():
    clean, noisy = (split_of(Oscillators(noise=n)).test[0].series for n in (0.0, 1e-3))
    difference = (noisy.targets - clean.targets)[:, 0]
    assert 0.8e-3 < difference[:400].std() < 1.2e-3
    assert not difference[400:].any()


@pytest.mark.parametrize("sines", [2, 5, 8])
def test_eight_coefficients_a_sine_continue_the_series_to_rounding(sines):
    split = split_of(Oscillators(sines=sines))
    assert autoregression(split, 8 * sines)["test_nrmse"] < 1e-11


def test_two_coefficients_a_sine_lose_figures_to_rounding():
    split = split_of(Oscillators(sines=8))
    assert 1e-7 < autoregression(split, 16)["test_nrmse"] < 1e-3


def test_published_figures_are_for_the_published_series_only():
    assert [p.value for p in Oscillators(sines=2).published()] == [4.15e-3, 2.51e-12]
    assert Oscillators(sines=2, noise=0.1).published() == ()
    assert Oscillators(sines=2, free_run=1000).published() == ()
    paper = Oscillators(frequencies=(0.2, 0.311, 0.42, 0.51, 0.74))
    assert [p.value for p in paper.published()] == [0.166]


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("sines", 0, "sines must be >= 1, got 0"),
        ("sines", 13, "sines must be <= 12, got 13"),
        ("sines", 2.5, "sines must be an integer, got 2.5"),
        ("frequencies", (0.2, -1.0), "frequencies must be > 0, got -1"),
        ("frequencies", (0.2, "x"), "frequencies must be a number, got 'x'"),
        ("frequencies", (4.0,), "frequencies must be below pi, got 4"),
        ("noise", -1.0, "noise must be >= 0, got -1"),
        ("noise", float("nan"), "noise must be finite"),
        ("free_run", 0, "free_run must be >= 1, got 0"),
    ],
)
def test_a_parameter_out_of_range_is_named(field, value, message):
    with pytest.raises((ValueError, TypeError), match=message):
        Oscillators(**{field: value})
