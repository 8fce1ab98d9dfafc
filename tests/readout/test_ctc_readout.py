"""Laws of the solved CTC readout: the likelihood only rises, to an optimum; targets."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evolino.network.lstm import LSTM
from evolino.readout.ctc import CTC
from evolino.registry import from_table, to_table
from evolino.solvers.ctc import ctc_gradient, labelled
from evolino.solvers.ctc_decoding import best_path
from evolino.solvers.ctc_solver import Alternation, solve_ctc
from evolino.solvers.ctc_targets import label_targets, sequences_in
from evolino.solvers.likelihood_columns import scaled_columns

OUTPUTS = 4


def drawn(rng, sequences=25, noise=0.5):
    """Frames that show their label in noise, blanks in between; no two labels touch."""
    shown = rng.normal(0, 2, (OUTPUTS, 6))
    rows, strings = [], []
    for _ in range(sequences):
        string = rng.integers(1, OUTPUTS, rng.integers(2, 6))
        path = [0]
        for label in string:
            path += [label] * rng.integers(1, 4) + [0] * rng.integers(1, 4)
        own = shown[path] + rng.normal(0, noise, (len(path), 6))
        rows.append(np.concatenate([own, np.ones((len(path), 1))], axis=1))
        strings.append(string)
    return rows, strings


def targets_of(rows, strings):
    pairs = zip(rows, strings, strict=True)
    return np.concatenate([label_targets(s, len(r), OUTPUTS) for r, s in pairs])


@pytest.mark.parametrize("penalty", [1e-1, 1e-3, 1e-5])
@pytest.mark.parametrize("noise", [0.3, 3.0])
def test_no_round_lowers_the_penalised_likelihood(rng, penalty, noise):
    rows, strings = drawn(rng, noise=noise)
    sequences = labelled(list(map(len, rows)), strings)
    found = solve_ctc(np.concatenate(rows), sequences, OUTPUTS, penalty, Alternation())
    assert len(found.course) > 3
    assert (np.diff(found.course) > 0).all()


def test_where_it_ends_the_gradient_is_nothing(rng):
    rows, strings = drawn(rng)
    features, sequences = np.concatenate(rows), labelled(list(map(len, rows)), strings)
    settings, penalty = Alternation(rounds=2000, gain=0.0), 1e-2
    weights = solve_ctc(features, sequences, OUTPUTS, penalty, settings).weights
    scaled, scales = scaled_columns(features, False)
    _, of_sums = ctc_gradient(features @ weights, sequences)
    gradient = scaled.T @ of_sums / len(scaled) - penalty * weights * scales[:, None]
    np.testing.assert_allclose(gradient, 0.0, atol=1e-6)


def test_labels_are_found_from_a_flat_alignment_on_sequences_that_were_not_seen(rng):
    rows, strings = drawn(rng, sequences=60)
    seen = np.concatenate(rows[:40])
    weights = CTC().solve(seen[None], targets_of(rows[:40], strings[:40]))[0, 0]
    decoded = [best_path(own @ weights).tolist() for own in rows[40:]]
    assert decoded == [string.tolist() for string in strings[40:]]


def test_a_network_is_solved_by_itself_each_penalty_apart(rng):
    rows, strings = drawn(rng, sequences=8)
    states = rng.normal(size=(2, 1, 1)) * np.concatenate(rows)[None]
    targets = targets_of(rows, strings)
    several = CTC(penalty=(1e-3, 1e-1)).solve(states, targets)
    assert several.shape == (2, 2, 7, OUTPUTS)
    alone = CTC(penalty=1e-1).solve(states[1:], targets)
    np.testing.assert_array_equal(several[1, 1], alone[0, 0])
    states[0, 3, 2] = np.nan
    broken = CTC(penalty=1e-1).solve(states, targets)
    assert np.isnan(broken[0, 0]).all()
    np.testing.assert_array_equal(broken[0, 1], alone[0, 0])


@given(st.lists(st.integers(1, OUTPUTS - 1), max_size=7), st.integers(0, 9), st.data())
def test_targets_are_a_path_of_their_string(string, spare, data):
    string = np.array(string, dtype=np.int64)
    needed = len(string) + int((string[1:] == string[:-1]).sum())
    targets = label_targets(string, max(needed, 1) + spare, OUTPUTS)
    assert best_path(targets).tolist() == string.tolist()
    copies = data.draw(st.integers(1, 3))
    sequences = sequences_in(np.concatenate([targets] * copies))
    assert len(sequences) == copies
    assert sequences.labels_of(copies - 1).tolist() == string.tolist()
    assert sequences.frames_of(copies - 1).stop == copies * len(targets)


@pytest.mark.parametrize(
    ("labels", "frames", "message"),
    [
        ([1, 4], 9, "a label must be 1 to 3, got 4"),
        ([0], 9, "a label must be 1 to 3, got 0"),
        ([1, 2, 3], 2, "3 labels need at least 3 frames, got 2"),
        ([2, 2], 2, "2 labels need at least 3 frames, got 2"),
        ([], 0, "0 labels need at least 1 frames, got 0"),
    ],
)
def test_strings_that_frames_do_not_allow(labels, frames, message):
    with pytest.raises(ValueError, match=message):
        label_targets(np.array(labels, dtype=int), frames, OUTPUTS)


@pytest.mark.parametrize(
    "targets",
    [
        np.zeros((3, 2)),
        np.eye(3),  # no first row
        2.0 * np.ones((2, 3)),
        np.zeros((0, 3)),
        np.array([[2.0, 0.0], [0.5, 0.0]]),
    ],
)
def test_other_targets_are_refused_in_one_line(targets):
    with pytest.raises(ValueError, match="targets that are strings of labels"):
        CTC().check(targets)


def test_a_network_without_probabilities_is_refused():
    CTC().check_network(LSTM(cells=3, outputs=4, output="softmax"))
    for other in ({}, {"output": "softmax", "alternatives": (2, 2)}):
        with pytest.raises(ValueError, match="needs a network of output 'softmax'"):
            CTC().check_network(LSTM(cells=3, outputs=4, **other))


def test_the_readout_survives_its_table():
    for readout in (CTC(), CTC(penalty=(1e-2, 1e-4), rounds=7, gain=0.0)):
        assert from_table("readout", to_table(readout)) == readout
