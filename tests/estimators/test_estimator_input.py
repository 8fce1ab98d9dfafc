"""What X and y may not be: scikit-learn's exception types, naming sequence, row, column."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.exceptions import NotFittedError

from evolino import EvolinoClassifier, EvolinoRegressor

RNG = np.random.default_rng(0)
SEQUENCES = [RNG.normal(size=(12, 2)) for _ in range(6)]
LABELS = [0, 1, 0, 1, 0, 1]


def put(value, n=3, row=5, column=1):
    changed = [x.copy() for x in SEQUENCES]
    changed[n][row, column] = value
    return changed


def frame_of_dates(dates):
    return pd.DataFrame({"x": np.arange(len(dates), dtype=float)}, pd.to_datetime(dates))


DAYS = ["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04"]
X_ERRORS = {
    "nan": (put(np.nan), ValueError, "NaN: sequence 3, row 5, column 1"),
    "inf": (put(np.inf), ValueError, "infinity: sequence 3, row 5, column 1"),
    "widths": ([*SEQUENCES[:5], SEQUENCES[5][:, :1]], ValueError, r"X\[5\] has 1 inputs"),
    "empty sequence": ([*SEQUENCES[:5], np.zeros((0, 2))], ValueError, r"0 sample.*X\[5\]"),
    "no inputs": (np.zeros((6, 4, 0)), ValueError, "0 feature"),
    "scalar": (3.0, ValueError, "Expected 2D array"),
    "four axes": (np.zeros((6, 2, 2, 2)), ValueError, "Expected 2D array"),
    "text": ([np.array([["a", "b"]])] * 6, ValueError, r"X\[0\].*'a' at \[0, 0\]"),
    "complex": (np.ones((6, 4, 1)) * 1j, ValueError, "Complex data not supported"),
    "sparse": (sparse.csr_array(np.eye(6)), TypeError, "dense data is required"),
    "ragged rows": ([[1.0, 2.0], [3.0]], ValueError, r"X\[1\] has 1 entries"),
    "none": (None, ValueError, "Expected 2D array"),
    "fewer sequences": (SEQUENCES[:5], ValueError, "X has 5 sequences, y has 6"),
}


@pytest.mark.parametrize("what", X_ERRORS)
def test_a_bad_X_is_refused_by_its_place(what):
    X, kind, message = X_ERRORS[what]
    with pytest.raises(kind, match=message):
        EvolinoClassifier().fit(X, LABELS)


Y_ERRORS = {
    "one class": ([1] * 6, "at least 2 classes, got 1 class"),
    "missing label": ([0, 1, None, 1, 0, 1], "NaN: a label is None"),
    "nan label": ([0.0, 1.0, np.nan, 1.0, 0.0, 1.0], "NaN: entry 2"),
    "numbers": (np.linspace(0.1, 1, 6), "Unknown label type"),
    "scalar": (np.array(3), "one entry a step or sequence"),
    "none": (None, "requires y to be passed"),
}


@pytest.mark.parametrize("what", Y_ERRORS)
def test_bad_labels_are_refused(what):
    y, message = Y_ERRORS[what]
    with pytest.raises(ValueError, match=message):
        EvolinoClassifier().fit(SEQUENCES, y)


def test_labels_of_two_types_are_refused():
    with pytest.raises(TypeError, match="all be text or all be numbers"):
        EvolinoClassifier().fit(SEQUENCES, [0, "a", 1, "b", 0, "a"])


@pytest.mark.parametrize(
    ("dates", "message"),
    [
        ([DAYS[0], DAYS[2], DAYS[1], DAYS[3]], "2024-01-02.*row 2, is out of order"),
        ([DAYS[0], DAYS[1], DAYS[1], DAYS[3]], "2024-01-02.*row 2, is there twice"),
    ],
)
def test_dates_out_of_order_and_twice_are_named(dates, message):
    with pytest.raises(ValueError, match=message):
        EvolinoRegressor().fit(frame_of_dates(dates), [1.0, 2.0, 3.0, 4.0])


def test_text_and_dates_in_a_column_of_a_table_are_named():
    frame = pd.DataFrame({"x": [1.0, 2.0, 3.0], "kind": ["a", "b", "a"]})
    with pytest.raises(ValueError, match="column 'kind' of X"):
        EvolinoRegressor().fit(frame, [1.0, 2.0, 3.0])
    frame["kind"] = pd.to_datetime(DAYS[:3])
    with pytest.raises(TypeError, match="column 'kind' of X must be numbers, got dates"):
        EvolinoRegressor().fit(frame, [1.0, 2.0, 3.0])


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_targets_that_are_not_finite_are_refused_by_their_place(bad):
    y = [np.zeros(12) for _ in SEQUENCES]
    y[2][7] = bad
    with pytest.raises(ValueError, match=r"y\[2\] contains (NaN|infinity): entry 7"):
        EvolinoRegressor().fit(SEQUENCES, y)


def test_steps_without_a_target_are_refused():
    with pytest.raises(ValueError, match=r"X\[4\] has 12 steps, y\[4\] has 11"):
        y = [np.zeros(12)] * 4 + [np.zeros(11), np.zeros(12)]
        EvolinoRegressor(targets="step").fit(SEQUENCES, y)


def test_a_sequence_within_the_washout_is_refused():
    y = [np.zeros(12)] * 6
    with pytest.raises(
        ValueError, match="sequence 0 has 12 steps, no more than the washout"
    ):
        EvolinoRegressor(washout=12).fit(SEQUENCES, y)


@pytest.mark.parametrize(
    ("setting", "kind"),
    [
        ({"cells": 0}, ValueError),
        ({"cells": 2.5}, TypeError),
        ({"networks": "many"}, TypeError),
        ({"washout": -1}, ValueError),
        ({"seconds": 0}, ValueError),
        ({"evaluations": -1}, ValueError),
        ({"targets": "row"}, ValueError),
        ({"initialiser": "uniform"}, ValueError),
        ({"evaluations": 5, "search": "esq"}, ValueError),
    ],
)
def test_a_bad_setting_is_named_when_it_is_fitted(setting, kind):
    with pytest.raises(kind, match=list(setting)[-1]):
        EvolinoClassifier(**setting).fit(SEQUENCES * 2, LABELS * 2)


def test_other_inputs_than_in_fit_are_refused():
    fitted = EvolinoClassifier(cells=2, networks=1).fit(SEQUENCES, LABELS)
    with pytest.raises(ValueError, match="X has 3 features, but EvolinoClassifier"):
        fitted.predict(np.zeros((2, 12, 3)))


def test_predicting_before_fit_is_refused():
    with pytest.raises(NotFittedError):
        EvolinoRegressor().predict(SEQUENCES)


def test_constant_columns_short_sequences_and_labels_that_occur_once_are_fine():
    X = [np.concatenate([x, np.full((len(x), 1), 7.0)], axis=1) for x in SEQUENCES]
    X[0] = X[0][:1]
    y = ["a", "b", "a", "b", "a", "rare"]
    fitted = EvolinoClassifier(cells=3, networks=2).fit(X, y)
    assert np.isfinite(fitted.predict_proba(X)).all()
    assert fitted.classes_.tolist() == ["a", "b", "rare"]
