"""What a user gives as a series is what is learnt, or is refused with a hint."""

import numpy as np
import pandas as pd
import pytest

from evolino.registry import from_table, to_table
from evolino.tasks.signals.reading import parts_of
from evolino.tasks.signals.series import SeriesTask

WAVE = np.sin(0.2 * np.arange(300.0))
GAP = np.where(np.arange(300) == 120, np.nan, WAVE)


@pytest.fixture
def weather(tmp_path):
    path = tmp_path / "weather.csv"
    frame = pd.DataFrame({"temperature": WAVE, "pressure": 1013 + WAVE, "sun": WAVE**2})
    frame.to_csv(path, index=False)
    return path


def test_a_file_says_what_was_read_and_which_steps_serve_what(weather, capsys):
    task = SeriesTask(weather)
    said = capsys.readouterr().err
    assert "300 rows, 3 columns: temperature, pressure, sun" in said
    assert "washout 30, train 162, validation 54, test 54" in said
    np.testing.assert_array_equal(task.series[:, 0], WAVE)


def test_columns_and_inputs_go_by_name_or_number(weather):
    for columns, inputs in (
        ("temperature", "sun"),
        (1, ["3"]),
        (["temperature"], "3"),
    ):
        task = SeriesTask(str(weather), columns=columns, inputs=inputs)
        assert task.names == ("temperature",)
        np.testing.assert_array_equal(task.series[:, 0], WAVE)
        np.testing.assert_allclose(task._inputs[:, 0], WAVE**2)
    assert SeriesTask(weather, inputs="sun").names == ("temperature", "pressure")
    with pytest.raises(ValueError, match="unknown column 'son'; nearest: sun"):
        SeriesTask(weather, inputs="son")
    with pytest.raises(ValueError, match="columns names a column twice"):
        SeriesTask(weather, columns="1,1")


def test_names_stay_with_the_task(weather):
    task = SeriesTask(weather, columns="temperature,pressure")
    again = from_table("task", to_table(task))
    assert again.names == ("temperature", "pressure")
    np.testing.assert_array_equal(again.series, task.series)


def test_a_frame_is_a_series_with_names():
    frame = pd.DataFrame({"a": WAVE, "b": WAVE}, pd.date_range("2020", periods=300))
    assert SeriesTask(frame).names == ("a", "b")
    assert SeriesTask(frame["a"]).names == ("a",)


@pytest.mark.parametrize("series", [GAP, np.ma.masked_invalid(GAP), pd.Series(GAP)])
def test_missing_values_are_refused_with_the_step_or_filled(series):
    with pytest.raises(ValueError, match=r"step 120, column 1: choose .* missing"):
        SeriesTask(series)
    last = SeriesTask(series, missing="previous").series[:, 0]
    np.testing.assert_array_equal(last[[119, 120]], WAVE[[119, 119]])
    between = SeriesTask(series, missing="linear").series[:, 0]
    assert between[120] == pytest.approx(WAVE[[119, 121]].mean())
    assert np.isnan(GAP[120])  # what the user gave is as it was


def test_missing_values_of_a_file_name_the_line(tmp_path):
    text = "a,b\n" + "\n".join(f"{value},{value}" for value in WAVE)
    path = tmp_path / "a.csv"
    path.write_text(text.replace(f"{WAVE[7]},{WAVE[7]}", f"{WAVE[7]},"))
    with pytest.raises(ValueError, match=r"step 7 \(line 9\), column b"):
        SeriesTask(path)


@pytest.mark.parametrize(
    ("series", "options", "message"),
    [
        (WAVE[None], {}, r"1 step of 300 columns: time comes first, pass series\.T"),
        ([WAVE, WAVE], {}, r"2 steps of 300 columns.*2 separate series need a task"),
        ([WAVE[:100], WAVE], {}, "2 of different lengths: several series need a task"),
        (GAP[119:], {"missing": "mean"}, "unknown missing 'mean'"),
        (GAP[120:], {"missing": "previous"}, "begins with a missing value in column 1"),
        (np.full(300, np.nan), {"missing": "linear"}, "has no value at all in column 1"),
        (np.where(WAVE > 0.9, np.inf, WAVE), {"missing": "linear"}, "not finite at step"),
        (WAVE, {"names": ["a", "b"]}, "names must be 1, one a column, got 2"),
        ("", {}, "series must be an array or a file"),
        (WAVE, {"columns": 2}, "columns are numbered from 1 to 1, got 2"),
        (WAVE, {"columns": True}, "columns must be names or numbers"),
    ],
)
def test_what_could_be_misread_is_refused_with_a_hint(series, options, message):
    with pytest.raises((ValueError, TypeError), match=message):
        SeriesTask(series, **options)


def test_default_parts_are_shares_of_the_series(capsys):
    for steps in (50, 700, 10_000, 123_457):
        washout, train, validation, test = parts_of(steps, None, None, None, None)
        assert washout == min(100, steps // 10)
        assert washout + train + validation + test == steps
        np.testing.assert_allclose(train / (steps - washout), 0.6, atol=0.02)
        np.testing.assert_allclose(validation / (steps - washout), 0.2, atol=0.02)
    SeriesTask(np.tile(WAVE, 30))
    assert "washout 100, train 5,340, validation 1,780, test 1,780" in (
        capsys.readouterr().err
    )


@pytest.mark.parametrize(
    "given",
    [
        {"train": 250},
        {"validation": 200},
        {"test": 260},
        {"train": 100, "validation": 100},
        {"train": 200, "test": 60},
        {"washout": 0, "test": 1},
        {"washout": 250},
    ],
)
def test_parts_that_are_given_leave_the_others_what_there_is(given):
    task = SeriesTask(WAVE, **given)
    for name, value in given.items():
        assert getattr(task, name) == value
    parts = [task.washout, task.train, task.validation, task.test]
    assert min(parts[1:]) >= 1
    assert sum(parts) <= 300
