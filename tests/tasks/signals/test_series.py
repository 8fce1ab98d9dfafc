"""A user's own series."""

import numpy as np
import pytest

from evolino.tasks.signals.series import SeriesTask


def test_the_parts_follow_one_another(rng):
    task = SeriesTask(rng.normal(size=50), washout=5, train=20, validation=10)
    split = task.sequences(rng)
    parts = [split.train, split.validation, split.test, split.refit]
    assert [(p[0].start, p[0].stop) for p in parts] == [
        (5, 25),
        (25, 35),
        (35, 50),
        (5, 35),
    ]


@pytest.mark.parametrize(
    ("series", "options", "message"),
    [
        ([1.0, np.nan, 2.0], {}, "series is not finite at step 1"),
        (np.zeros((2, 3, 4)), {}, r"series must have shape \(T,\) or \(T, n\)"),
        (["a", "b"], {}, "series must be an array of numbers"),
        (np.zeros(50), {"washout": 40, "train": 20}, "series has 50 steps, too short"),
        (np.zeros(500), {"train": 0}, "train must be >= 1, got 0"),
        (np.zeros(500), {"washout": -1}, "washout must be >= 0, got -1"),
        (np.zeros(500), {"inputs": np.zeros(3)}, "inputs must have 500 steps"),
    ],
)
def test_a_bad_series_is_named(series, options, message):
    with pytest.raises((ValueError, TypeError), match=message):
        SeriesTask(series, **options)
