"""Solved readouts against numpy, scikit-learn and closed forms."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge as SklearnRidge

from evolino.network.base import input_vectors
from evolino.network.kernels.dispatch import pack, teacher_forced
from evolino.network.lstm import LSTM
from evolino.readout import linear
from evolino.readout.in_parts import solve_in_parts
from evolino.readout.linear import PseudoInverse, Ridge
from evolino.readout.logistic import Logistic
from evolino.registry import find
from evolino.simd.memory import to_lanes


@pytest.fixture(params=["lanes", "LAPACK"])
def path(request, monkeypatch):
    """Both ways to solve, whatever the number of columns."""
    monkeypatch.setattr(linear, "COMPILED_COLUMNS", 1000 if request.param == "lanes" else 0)


@pytest.fixture(params=["pseudo-inverse", "ridge"])
def readout(request):
    return find("readout", request.param)()


def data(rng, count=3, rows=90, seen=7, outputs=2):
    return rng.normal(size=(count, rows, seen)), rng.normal(size=(rows, outputs))


def test_consistent_systems_are_solved(readout, rng, path):
    states, _ = data(rng)
    truth = rng.normal(size=(7, 2))
    solved = readout.solve(states[:1], states[0] @ truth)[0, 0]
    np.testing.assert_allclose(solved, truth, rtol=1e-6)


@pytest.mark.parametrize("shape", [(90, 7), (200, 40), (30, 30), (20, 45), (200, 181)])
def test_the_pseudo_inverse_equals_numpy(shape, rng, path):
    states, targets = data(rng, rows=shape[0], seen=shape[1])
    states *= 10.0 ** rng.uniform(-8, 3, shape[1])
    solved = PseudoInverse().solve(states, targets)[0]
    for p, x in enumerate(states):
        scales = np.sqrt(np.square(x).mean(axis=0))
        expected = np.linalg.lstsq(x / scales, targets, rcond=1e-15)[0]
        np.testing.assert_allclose(solved[p] * scales[:, None], expected, atol=1e-10)


@pytest.mark.parametrize("rows", [3, 8, 13, 40])
@pytest.mark.parametrize("seen", [1, 2, 3, 6])
@pytest.mark.parametrize("outputs", [1, 2, 5])
def test_few_rows_and_columns_are_solved_too(rows, seen, outputs, rng):
    states, targets = data(rng, 8, rows, seen, outputs)
    solved = PseudoInverse().solve(states, targets)[0]
    for x, w in zip(states, solved, strict=True):
        expected = np.linalg.lstsq(x, targets, rcond=None)[0]
        if rows >= seen:
            np.testing.assert_allclose(w, expected, rtol=1e-9, atol=1e-9)
        else:
            np.testing.assert_allclose(x @ w, targets, rtol=1e-9, atol=1e-9)


def test_a_target_is_solved_for_alone(rng):
    states, targets = data(rng, outputs=4)
    together = PseudoInverse().solve(states, targets)
    for k in range(4):
        alone = PseudoInverse().solve(states, targets[:, [k]])
        np.testing.assert_array_equal(alone[..., 0], together[..., k])


def test_the_residual_on_a_condition_of_1e12_is_1e_14(rng, path):
    u = np.linalg.qr(rng.normal(size=(1000, 20)))[0]
    v = np.linalg.qr(rng.normal(size=(20, 20)))[0]
    states = (u * np.logspace(0, -12, 20)) @ v.T
    targets = states @ rng.normal(size=(20, 1))
    solved = PseudoInverse().solve(states[None], targets)[0, 0]
    residual = np.linalg.norm(states @ solved - targets) / np.linalg.norm(targets)
    assert residual < 1e-14


def test_duplicate_columns_share_the_weight(rng, path):
    cell = rng.normal(size=(1, 50, 1))
    solved = PseudoInverse().solve(np.concatenate([cell, cell], axis=2), 2 * cell[0])
    np.testing.assert_allclose(solved[0, 0], [[1.0], [1.0]], rtol=1e-12)


def test_a_column_of_zeros_gets_weight_0(readout, rng, path):
    states, targets = data(rng)
    states[:, :, 4] = 0.0
    np.testing.assert_allclose(readout.solve(states, targets)[:, :, 4], 0, atol=1e-14)


def test_many_columns_of_one_direction_stay_finite(rng, path):
    # After a few columns nothing but rounding is left, which shrinks until it underflows.
    states = rng.normal(size=(2, 300, 1)) * np.ones(150)
    targets = 3.0 * states[0, :, :1]
    solved = PseudoInverse().solve(states, targets)[0, 0]
    np.testing.assert_allclose(solved, 3.0 / 150, rtol=1e-9)


@pytest.mark.parametrize("shape", [(90, 7), (30, 45)])
def test_unnormalised_ridge_equals_scikit_learn(shape, rng, path):
    states, targets = data(rng, rows=shape[0], seen=shape[1])
    solved = Ridge(penalty=1e-2, unnormalised=True).solve(states, targets)[0]
    for p, x in enumerate(states):
        peer = SklearnRidge(alpha=1e-2 * shape[0], fit_intercept=False).fit(x, targets)
        np.testing.assert_allclose(solved[p], peer.coef_.T, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("shape", [(90, 7), (30, 45)])
def test_ridge_equals_scikit_learn_on_scaled_columns(shape, rng, path):
    states, targets = data(rng, rows=shape[0], seen=shape[1])
    states *= 10.0 ** rng.uniform(-3, 3, shape[1])
    solved = Ridge(penalty=1e-2).solve(states, targets)[0]
    for p, x in enumerate(states):
        scales = np.sqrt(np.square(x).mean(axis=0))
        peer = SklearnRidge(alpha=1e-2 * shape[0], fit_intercept=False)
        expected = peer.fit(x / scales, targets).coef_.T / scales[:, None]
        np.testing.assert_allclose(solved[p], expected, rtol=1e-9)


def test_several_penalties_equal_one_after_another(rng, path):
    states, targets = data(rng)
    penalties = (1e-12, 1e-6, 1.0)
    together = Ridge(penalty=penalties).solve(states, targets)
    for k, penalty in enumerate(penalties):
        alone = Ridge(penalty=penalty).solve(states, targets)[0]
        np.testing.assert_array_equal(together[k], alone)


def test_tiny_columns_need_no_special_care(rng, path):
    states, targets = data(rng)
    shrunk = Ridge(penalty=1e-3).solve(states * 1e-9, targets)[0] * 1e-9
    np.testing.assert_allclose(
        shrunk, Ridge(penalty=1e-3).solve(states, targets)[0], rtol=1e-9
    )


def test_states_that_lie_in_lanes_are_not_copied(rng):
    network = LSTM(cells=4)
    genomes = rng.normal(size=(5, *network.genome_shape))
    vectors = input_vectors(network, np.zeros((20, 0)), rng.normal(size=(20, 1)))
    seen, _ = teacher_forced(pack(network, genomes), vectors)
    assert np.shares_memory(to_lanes(seen), seen)
    assert np.shares_memory(to_lanes(seen[:, 8:16]), seen)
    copied = to_lanes(np.ascontiguousarray(seen))
    np.testing.assert_array_equal(copied[:, :, :5], to_lanes(seen)[:, :, :5])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Ridge(penalty=0.0), "penalty must be > 0, got 0"),
        (lambda: Ridge(penalty=()), "penalty must be a number or several, got none"),
        (lambda: Ridge(penalty=(1.0, -1.0)), "penalty must be > 0, got -1"),
        (lambda: PseudoInverse(cutoff=-1e-9), "cutoff must be >= 0"),
    ],
)
def test_a_parameter_out_of_range_is_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_alternatives_are_solved_on_the_rows_that_ask_for_them(rng):
    architecture = LSTM(cells=2, outputs=5, output="softmax", alternatives=(2, 3))
    states = rng.normal(size=(2, 40, architecture.readout_width))
    first = np.arange(40) % 2 == 0
    targets = np.zeros((40, 5))
    targets[first, rng.integers(0, 2, 20)] = 1.0
    targets[~first, 2 + rng.integers(0, 3, 20)] = 1.0
    readout = Logistic(1e-2, exclusive=True)
    found = solve_in_parts(readout, architecture.driver().readout_parts(), states, targets)
    for block, rows in ((slice(0, 2), first), (slice(2, 5), ~first)):
        alone = readout.solve(states[:, rows], targets[rows, block])
        np.testing.assert_array_equal(found[..., block], alone)
    with pytest.raises(ValueError, match="targets with one class a row"):
        readout.solve(states, targets[:, :2])


@pytest.mark.parametrize(
    "solver", [Ridge((1e-3, 0.1)), Ridge(0.01, unnormalised=True), PseudoInverse()]
)
def test_a_long_series_in_parts_gives_the_same_readout(solver, rng, monkeypatch):
    states, targets = data(rng, count=1, rows=200)
    states *= 10.0 ** rng.uniform(-4, 2, 7)
    expected = solver.solve(states, targets)
    monkeypatch.setattr(linear, "LARGEST", 300)
    np.testing.assert_allclose(solver.solve(states, targets), expected, rtol=1e-10)
    states[0, 150, 3] = np.nan
    assert np.isnan(solver.solve(states, targets)).all()
