"""`evolino run csv`: forecasts and labels of a table, and what it says of bad ones."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evolino import LBFGS, load_estimator


@pytest.fixture
def sales(tmp_path):
    """A file of sixty months, whose sales go by the price, two of them in the future."""
    rng = np.random.default_rng(0)
    price = rng.normal(size=60).round(3)
    sold = (10 - 2 * price + 0.1 * rng.normal(size=60)).round(3)
    months = pd.date_range("2010-01", periods=60, freq="MS")
    table = pd.DataFrame({"month": months, "sold": sold, "price": price})
    table.loc[58:, "sold"] = np.nan
    table.to_csv(tmp_path / "sales.csv", index=False)
    return table


@pytest.fixture
def gestures(tmp_path):
    """A file of 24 groups of rows, slow and fast waves; the last two without a label."""
    rng = np.random.default_rng(0)
    parts = []
    for n in range(24):
        t = np.arange(rng.integers(15, 25))
        wave = np.sin((0.3, 1.1)[n % 2] * t + rng.uniform(0, 6))
        label = ("slow", "fast")[n % 2] if n < 22 else None
        parts.append(pd.DataFrame({"who": f"g{n}", "kind": label, "x": wave}))
    pd.concat(parts).to_csv(tmp_path / "gestures.csv", index=False)


def test_a_forecast_by_inputs_known_in_the_future_is_written_and_drawn(
    evolino, sales, tmp_path
):
    status, out, err = evolino(
        "run", "csv", "sales.csv", "--target", "sold", "--inputs", "price", "--time",
        "month", "--horizon", 2, "--csv", "ahead.csv", "--png", "ahead.png",
    )  # fmt: skip
    assert status == 0, err
    assert "sales.csv: 60 rows, 3 columns: month, sold, price" in out
    assert "2010-01-01 00:00:00 to 2014-12-01 00:00:00" in out
    assert "58 steps to fit" in out
    assert "2 rows at the end without sold give the inputs to come" in out
    assert "seasonal naive" in out or "last value" in out
    written = pd.read_csv("ahead.csv", index_col=0)
    assert written.index.tolist() == ["2014-11-01", "2014-12-01"]
    np.testing.assert_allclose(written["sold"], 10 - 2 * sales["price"][58:], atol=0.5)
    assert (written["sold lower 80%"] <= written["sold"]).all()
    assert (tmp_path / "ahead.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("head", "line", "fields"), [("a,b", "3", 1), ("a,b", "3,4,5", 3), ("a", "1,5", 2)]
)
def test_a_line_with_other_fields_than_the_first_is_refused(
    evolino, tmp_path, head, line, fields
):
    """pandas fills up a short line, and shifts columns where lines are long."""
    count = head.count(",") + 1
    usual = ",".join("1" * count)
    (tmp_path / "t.csv").write_text("\n".join([head, *[usual] * 30, "", line]) + "\n")
    status, _, err = evolino("run", "csv", "t.csv", "--target", "a")
    assert status == 2
    assert f"line 33 has {fields} fields, the first line has {count}" in err
    (tmp_path / "t.csv").write_text("\n".join([head, *[line] * 30]) + "\n")
    status, _, err = evolino("run", "csv", "t.csv", "--target", "a")
    assert status == 2
    assert f"line 2 has {fields} fields" in err


def test_rows_at_the_end_that_nothing_is_read_from_are_said(evolino, tmp_path):
    rows = [f"{k % 7},{k}" for k in range(40)] + [",40", ",41"]
    (tmp_path / "t.csv").write_text("\n".join(["sold,step", *rows]) + "\n")
    status, out, err = evolino(
        "run", "csv", "t.csv", "--target", "sold", "--networks", 0, "--horizon", 2
    )
    assert status == 0, err
    assert "2 rows at the end without sold are left out" in out
    assert "40 steps to fit" in out


def test_labels_of_groups_are_told_and_scored_on_those_held_out(evolino, gestures):
    status, out, err = evolino(
        "run",
        "csv",
        "gestures.csv",
        "--label",
        "kind",
        "--group",
        "who",
        "--csv",
        "told.csv",
    )
    assert status == 0, err
    assert "24 groups of 15 to 24 rows, 2 without a label; inputs: x" in out
    assert "held out: 100.0% right, by the usual label 50.0%" in out
    told = pd.read_csv("told.csv")
    assert told.to_numpy().tolist() == [["g22", "slow"], ["g23", "fast"]]


def test_the_value_that_is_no_number_is_named_with_its_row(evolino):
    rows = [*wave(10), "abc", *wave(10)]
    Path("sales.csv").write_text("\n".join(["a,sold", *(f"1,{y}" for y in rows)]))
    status, _, error = evolino("run", "csv", "sales.csv", "--target", "sold")
    assert status == 2
    assert "column 'sold' must be numbers, got 'abc' in row 11" in error


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "give --target to forecast, or --label and --group to classify"),
        (("--target", "sold", "--label", "price"), "give --target to forecast, or"),
        (("--label", "sold"), "--label needs --group"),
        (("--target", "solt"), "unknown column 'solt'; nearest: sold"),
        (("--target", "month"), "column 'month' must be numbers, got '2010-01-01'"),
        (("--target", "sold", "--time", "when"), "unknown column 'when'"),
        (("--target", "sold", "--horizon", 0), "horizon must be >= 1"),
        (("--target", "sold", "--threshold", 3), "--threshold is that of --anomalies"),
        (("--target", "sold", "--anomalies", "--threshold", -1), "threshold must be > 0"),
        (
            ("--target", "sold", "--networks", 0, "--evaluations", 8),
            "--networks 0 leaves networks out, and --evaluations lets networks evolve",
        ),
        (("--target", "sold", "--networks", 0, "--seconds", 9), "and --seconds lets"),
        (("--target", "sold", "--track", "comet"), "must be one of tensorboard, mlflow"),
    ],
)
def test_what_cannot_be_is_said_in_a_line(evolino, sales, options, message):
    status, _, err = evolino("run", "csv", "sales.csv", *options)
    assert status == 2
    assert message in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(("option", "value"), [("horizon", 5), ("season", 3)])
def test_options_of_forecasts_are_refused_with_labels(evolino, gestures, option, value):
    labels = ("--label", "kind", "--group", "who")
    status, _, err = evolino("run", "csv", "gestures.csv", *labels, f"--{option}", value)
    assert (status, err.count("\n")) == (2, 1)
    assert f"--{option} is of forecasts: leave it out with --label" in err


def wave(steps):
    return [f"{np.sin(0.5 * k) + 0.05 * np.cos(3.7 * k):.4f}" for k in range(steps)]


@pytest.mark.parametrize(
    ("head", "lines", "said", "steps"),
    [
        ("sold", wave(40), "2 blank lines are missing values", 42),
        ("a,sold", [f"1,{y}" for y in wave(40)], "2 blank lines are left out", 40),
    ],
)
def test_blank_lines_within_a_table_are_said(evolino, head, lines, said, steps):
    text = "\n".join(["", head, *lines[:20], "", "", *lines[20:], "", ""])
    Path("blank.csv").write_text(text)
    options = ("--target", "sold", "--horizon", 2)
    status, out, err = evolino("run", "csv", "blank.csv", *options)
    assert status == 0, err
    assert f"blank.csv: {said}" in out
    assert f"{steps} steps to fit, {steps - 40} values missing" in out


def test_years_are_dates_and_other_numbers_are_refused(evolino):
    for name, first in (("years", 1900), ("days", 20240101), ("steps", 0)):
        rows = [f"{first + k},{y}" for k, y in enumerate(wave(40))]
        Path(f"{name}.csv").write_text("\n".join(["when,sold", *rows]))
    options = ("--target", "sold", "--time", "when", "--horizon", 2, "--csv", "ahead.csv")
    status, out, err = evolino("run", "csv", "years.csv", *options)
    assert status == 0, err
    assert "1900-01-01 00:00:00 to 1939-01-01 00:00:00" in out
    ahead = pd.read_csv("ahead.csv", index_col=0)
    assert ahead.index.tolist() == ["1940-01-01", "1941-01-01"]
    for name, number in (("days", 20240101), ("steps", 0)):
        status, _, err = evolino("run", "csv", f"{name}.csv", *options)
        assert status == 2
        assert f"must hold dates or years, got numbers such as {number}" in err


def test_a_row_of_no_group_and_rows_out_of_order_are_refused(evolino):
    rows = [f"2024-01-{k % 9 + 1:02},g{k // 9},{k},{'ab'[k // 9 % 2]}" for k in range(90)]
    options = ("--label", "kind", "--group", "who", "--time", "day")
    mixed = [*rows[:3], rows[4], rows[3], *rows[5:]]
    nameless = [*rows[:7], rows[7].replace("g0", ""), *rows[8:]]
    for lines, message in (
        (mixed, "group g0 must have its dates in order, got 2024-01-04"),
        (nameless, "column who is empty in 1 rows, first in row 8"),
    ):
        Path("groups.csv").write_text("\n".join(["day,who,x,kind", *lines]))
        status, _, err = evolino("run", "csv", "groups.csv", *options)
        assert (status, err.count("\n")) == (2, 1)
        assert message in err


def test_where_every_group_has_a_label_no_file_is_promised(evolino):
    rows = [f"g{k // 9},{k % 9 * (k // 9 % 2)},{'ab'[k // 9 % 2]}" for k in range(90)]
    Path("groups.csv").write_text("\n".join(["who,x,kind", *rows]))
    options = ("--label", "kind", "--group", "who", "--csv", "told.csv")
    status, out, err = evolino("run", "csv", "groups.csv", *options)
    assert status == 0, err
    assert "every group has a label: nothing is written to told.csv" in out
    assert not Path("told.csv").exists()


def test_a_file_that_is_not_there_is_named(evolino):
    status, _, err = evolino("run", "csv", "none.csv", "--target", "x")
    assert status == 2
    assert "there is no file none.csv" in err


def test_months_out_of_order_are_named(evolino, sales):
    sales.iloc[[0, 2, 1, *range(3, 60)]].to_csv("mixed.csv", index=False)
    options = ("--target", "sold", "--time", "month")
    status, _, err = evolino("run", "csv", "mixed.csv", *options)
    assert status == 2
    assert "row 2, is out of order" in err


def test_a_forecast_goes_on_from_the_folder_of_a_run(evolino, sales, tmp_path):
    evolino(
        "run", "csv", "sales.csv", "--target", "sold", "--time", "month", "--horizon", 2,
        "--csv", "first.csv", "--out", "fitted",
    )  # fmt: skip
    status, _, err = evolino(
        "forecast", "fitted", "--steps", 5, "--csv", "ahead.csv", "--png", "ahead.png"
    )
    assert status == 0, err
    first, ahead = (pd.read_csv(f"{name}.csv", index_col=0) for name in ("first", "ahead"))
    assert ahead.index.tolist()[:2] == first.index.tolist()
    np.testing.assert_array_equal(ahead.to_numpy()[:2], first.to_numpy())
    assert len(ahead) == 5
    assert (ahead["sold lower 95%"] <= ahead["sold lower 80%"]).all()
    assert (tmp_path / "ahead.png").read_bytes().startswith(b"\x89PNG")


def test_a_forecast_with_inputs_reads_them_from_a_file(evolino, sales):
    evolino(
        "run", "csv", "sales.csv", "--target", "sold", "--inputs", "price", "--time",
        "month", "--horizon", 2, "--csv", "first.csv", "--out", "fitted",
    )  # fmt: skip
    status, _, err = evolino("forecast", "fitted")
    assert status == 2
    assert "needs FILE, whose last 2 rows have price" in err
    status, _, err = evolino("forecast", "fitted", "sales.csv", "--csv", "ahead.csv")
    assert status == 0, err
    assert (pd.read_csv("ahead.csv") == pd.read_csv("first.csv")).to_numpy().all()
    status, _, err = evolino("forecast", "fitted", "sales.csv", "--steps", 3)
    assert status == 2
    assert "inputs must go on for 3 rows after the last target, got 2" in err


def test_labels_of_a_new_file_are_predicted_with_their_probabilities(evolino, gestures):
    options = "--label", "kind", "--group", "who", "--out", "fitted"
    evolino("run", "csv", "gestures.csv", *options)
    table = pd.read_csv("gestures.csv")
    table.drop(columns="kind").to_csv("new.csv", index=False)
    status, _, err = evolino("predict", "fitted", "new.csv", "--csv", "told.csv")
    assert status == 0, err
    told = pd.read_csv("told.csv")
    assert told["kind"].tolist() == ["slow", "fast"] * 12
    np.testing.assert_allclose(told["p(slow)"] + told["p(fast)"], 1.0)
    status, out, err = evolino("predict", "fitted", "gestures.csv")
    assert "22 groups: 100.0% right, by the usual label 50.0%" in out
    status, _, err = evolino("forecast", "fitted")
    assert (status, "holds EvolinoClassifier: use evolino predict" in err) == (2, True)
    status, _, err = evolino("run", "csv", "gestures.csv", *options)
    assert (status, "fitted is not empty" in err) == (2, True)


def test_anomalies_are_printed_written_and_drawn(evolino, tmp_path):
    t = np.arange(120)
    value = 5 + np.sin(0.4 * t) + np.random.default_rng(0).normal(0, 0.05, 120)
    value[80] += 2
    days = pd.date_range("2020-01-01", periods=120)
    pd.DataFrame({"day": days, "load": value}).to_csv("load.csv", index=False)
    status, out, err = evolino(
        "run", "csv", "load.csv", "--target", "load", "--time", "day", "--anomalies",
        "--csv", "scores.csv", "--png", "scores.png", "--out", "fitted",
    )  # fmt: skip
    assert status == 0, err
    assert "1 of 11" in out and "2020-03-21" in out
    scores = pd.read_csv("scores.csv", index_col=0)
    assert scores.index[scores["anomaly"]].tolist() == ["2020-03-21"]
    assert (tmp_path / "scores.png").read_bytes().startswith(b"\x89PNG")
    for file in ((), ("load.csv",)):
        status, out, err = evolino("anomalies", "fitted", *file, "--threshold", 8)
        assert status == 0, err
        assert "have a score above 8" in out and "2020-03-21" in out


def test_the_dates_of_a_forecast_have_the_name_of_their_column(evolino, sales, tmp_path):
    sales.iloc[:58].to_csv(tmp_path / "known.csv", index=False)
    series = ("--target", "sold", "--time", "month", "--horizon", "2", "--networks", "0")
    evolino("run", "csv", "known.csv", *series, "--out", "fit", "--csv", "a.csv")
    evolino("forecast", "fit", "--csv", "b.csv")
    for name in ("a.csv", "b.csv"):
        assert pd.read_csv(tmp_path / name).columns[0] == "month"


def test_options_of_the_estimators_reach_them(evolino, gestures, tmp_path):
    waves = pd.DataFrame({"sold": np.sin(np.arange(200.0))})
    waves.to_csv(tmp_path / "known.csv", index=False)
    status, _, err = evolino(
        "run", "csv", "known.csv", "--target", "sold", "--networks", "2", "--cells", "3",
        "--evaluations", "8", "--search", "random", "--refine", "lbfgs",
        "--refine-steps", "3", "--workers", "1", "--out", "fit",
    )  # fmt: skip
    assert (status, err) == (0, "")
    found = load_estimator(tmp_path / "fit").get_params()
    assert found["refine"] == LBFGS(steps=3)
    assert (found["networks"], found["cells"], found["n_jobs"]) == (2, 3, 1)
    assert (found["evaluations"], found["search"]) == (8, "random")
    assert len(load_estimator(tmp_path / "fit").history_) > 0
    labels = ("--label", "kind", "--group", "who", "--networks", "2", "--cells", "3")
    status, _, err = evolino(
        "run", "csv", "gestures.csv", *labels, "--readout", "svm", "--out", "svm"
    )
    assert (status, err) == (0, "")
    assert load_estimator(tmp_path / "svm").readout == "svm"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--target", "sold", "--readout", "svm"], "--readout is of labels"),
        (["--target", "sold", "--refine-steps", "9"], "give --refine too"),
        (["--target", "sold", "--search", "esp"], "search is of an evolution"),
        (["--label", "sold", "--group", "month", "--refine", "adam"], "--refine is of"),
    ],
)
def test_options_that_cannot_serve_are_refused_in_a_line(evolino, sales, options, message):
    status, _, err = evolino("run", "csv", "sales.csv", *options)
    assert status == 2 and err.count("\n") == 1
    assert message in err
