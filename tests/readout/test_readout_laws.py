"""Laws that every registered readout obeys."""

import dataclasses

import numpy as np
import pytest

from evolino.registry import find, from_table, to_table
from tests.support.registered import SOLVED


@pytest.fixture(params=SOLVED)
def readout(request):
    return find("readout", request.param)()


def separable(rng, count=3, rows=90, seen=7, outputs=2):
    """States of networks, each seeing its own rotation of the same; targets -1 and 1."""
    targets = rng.choice([-1.0, 1.0], size=(rows, outputs))
    hidden = rng.normal(0, 0.3, size=(count, rows, seen))
    hidden[:, :, :outputs] = targets + rng.uniform(-0.2, 0.2, (count, rows, outputs))
    mixed = np.stack([h @ np.linalg.qr(rng.normal(size=(seen, seen)))[0] for h in hidden])
    return mixed, targets


def outputs_of(solutions, states):
    """(P, T, K) of each of the solutions, weights or expansions."""
    return [
        np.stack(
            [
                x @ own if isinstance(own, np.ndarray) else own.outputs(x)
                for x, own in zip(states, solution, strict=True)
            ]
        )
        for solution in solutions
    ]


def test_one_solution_for_each_penalty_and_network(readout, rng):
    states, targets = separable(rng)
    found = outputs_of(readout.solve(states, targets), states)
    assert len(found) == len(readout.penalties)
    assert all(each.shape == (3, 90, 2) for each in found)


def test_classes_that_a_plane_separates_are_told_apart(readout, rng):
    states, targets = separable(rng)
    for found in outputs_of(readout.solve(states, targets), states):
        np.testing.assert_array_equal(np.sign(found), np.tile(targets, (3, 1, 1)))


def test_a_network_is_solved_by_itself(readout, rng):
    states, targets = separable(rng, count=11)
    together = outputs_of(readout.solve(states, targets), states)
    for p in (0, 7, 10):
        alone = outputs_of(readout.solve(states[[p]], targets), states[[p]])
        np.testing.assert_array_equal([each[p] for each in together], np.squeeze(alone, 1))


def test_states_that_are_not_finite_give_nan_and_leave_neighbours_alone(readout, rng):
    states, targets = separable(rng)
    kept = states[[0, 2]]
    expected = outputs_of(readout.solve(kept, targets), kept)
    broken = states.copy()
    broken[1, 5, 3] = np.inf
    with np.errstate(invalid="ignore"):
        found = outputs_of(readout.solve(broken, targets), broken)
    for each, wanted in zip(found, expected, strict=True):
        assert np.isnan(each[1]).all()
        np.testing.assert_allclose(each[[0, 2]], wanted, rtol=1e-12)


def test_a_readout_survives_its_table(readout):
    assert from_table("readout", to_table(readout)) == readout
    several = {
        field.name: (0.5, 2.0)
        for field in dataclasses.fields(readout)
        if "tuple" in str(field.type)
    }
    changed = dataclasses.replace(readout, **several)
    assert from_table("readout", to_table(changed)) == changed


def test_rows_must_agree(readout, rng):
    states, targets = separable(rng)
    with pytest.raises(ValueError, match="as many rows"):
        readout.solve(states, targets[:-1])


def test_columns_of_zeros_do_no_harm(readout, rng):
    states, targets = separable(rng)
    wider = np.concatenate([states, np.zeros((3, 90, 1))], axis=2)
    found = outputs_of(readout.solve(wider, targets), wider)
    wanted = outputs_of(readout.solve(states, targets), states)
    np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-9)


def test_tiny_columns_are_scaled_up(readout, rng):
    states, targets = separable(rng)
    shrunk = states * 1e-9
    found = outputs_of(readout.solve(shrunk, targets), shrunk)
    wanted = outputs_of(readout.solve(states, targets), states)
    np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-9)
