"""Laws of tables of strangers: the right numbers, or an error that says what is unclear.

Each is what some program or country writes.
"""

import datetime
import decimal
import os

import numpy as np
import pandas as pd
import pytest

import evolino
from evolino.storage.files import replace_file
from evolino.storage.tables import read_table
from evolino.training.workers.base import WorkerSettings

VALUES = np.round(5000 + 900 * np.sin(0.3 * np.arange(60)), 1)
SMALL = np.round(np.sin(0.3 * np.arange(60)), 4)
GROUPED = [f"{v:,.1f}" for v in VALUES]
DAYS = [datetime.date(2020, 1, 1) + datetime.timedelta(k) for k in range(60)]


def lines(*columns, header=None, between=","):
    rows = [between.join(map(str, row)) for row in zip(*columns, strict=True)]
    return "\n".join([*([header] if header else []), *rows])


READ = {
    "UTF-16 of Excel": lines(SMALL, VALUES, header="a\tb", between="\t").encode("utf-16"),
    "Latin-1": lines(SMALL, VALUES, header="Größe,b").encode("latin-1"),
    "old Mac": lines(SMALL, VALUES).replace("\n", "\r").encode(),
    "Windows": lines(SMALL, VALUES).replace("\n", "\r\n").encode(),
    "fixed width": "\n".join(
        f"{a:12.4f}{b:14.1f}" for a, b in zip(SMALL, VALUES, strict=True)
    ).encode(),
    "pipes": lines(SMALL, VALUES, header="a|b", between="|").encode(),
    "German": lines(SMALL, VALUES, between=";").replace(".", ",").encode(),
    "index of pandas": pd.DataFrame({"a": SMALL, "b": VALUES}).to_csv().encode(),
    "dates of pandas": pd.DataFrame({"a": SMALL, "b": VALUES}, index=DAYS)
    .to_csv()
    .encode(),
    "days first": lines(
        [f"{day:%d.%m.%Y}" for day in DAYS], SMALL, VALUES, header="t,a,b"
    ).encode(),
    "trailing comma": lines(SMALL, VALUES, [""] * 60, header="a,b,").encode(),
    "comments": b"# made by a program\n" + lines(SMALL, VALUES).encode(),
}


@pytest.mark.parametrize("what", READ)
def test_the_right_numbers(what, tmp_path):
    file = tmp_path / "t.csv"
    file.write_bytes(READ[what])
    table = read_table(file)
    np.testing.assert_array_equal(table.values, np.stack([SMALL, VALUES], axis=1))
    assert not any("order" in each for each in table.left_out)


UNCLEAR = {
    "thousands": ("\n".join(GROUPED), "thousands or two columns"),
    "thousands below a name": (lines([f'"{v}"' for v in GROUPED], header="a"), "thousands"),
    "thousands in one of several": (
        lines(SMALL, GROUPED, header="a;b", between=";"), "thousands"
    ),
    "whole thousands": ("\n".join(f"{v:,.0f}" for v in VALUES), "thousands"),
    "whole thousands or decimals": (
        lines(range(60), [f"{v:,.0f}" for v in VALUES], between=";"), "thousands"
    ),
    "apostrophes": ("a\n" + "\n".join(v.replace(",", "'") for v in GROUPED), "thousands"),
    "percent": (lines([f"{v}%" for v in SMALL], header="a"), "neither a number nor a date"),
    "money": (lines([f"${v}" for v in VALUES], header="a"), "neither a number nor a date"),
    "units": (lines(SMALL, VALUES, header="a,b\nm,kg"), "line 2, column 'a': 'm'"),
    "a title": (
        "Measured in 2020\n" + lines(SMALL, VALUES, header="a,b"), "line 2 has 2 fields"
    ),
    "a quote that does not end": (lines(SMALL).replace("\n", '\n"', 1), "does not end"),
    "a quote among fields": (lines(SMALL, VALUES).replace(",", ',"', 1), "t.csv: "),
    "words": (lines(["yes", "no"] * 30, header="a"), "neither a number nor a date"),
    "other minus": (lines(SMALL, header="a").replace("-", "\N{MINUS SIGN}"), "neither"),
    "a last line of words": (lines(SMALL, header="a") + "\nall in all: 60", "line 62"),
    "decimals of two kinds": (
        lines(SMALL[:30], header="a") + "\n" + lines(SMALL[30:]).replace(".", ","),
        "line 32",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", UNCLEAR)
def test_what_is_unclear_is_refused(what, tmp_path):
    content, message = UNCLEAR[what]
    file = tmp_path / "t.csv"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        read_table(file)


def test_what_the_user_says_is_believed(tmp_path):
    file = tmp_path / "t.csv"
    file.write_text("\n".join(GROUPED))
    found = read_table(file, separator=",").values
    np.testing.assert_array_equal(found[:, 0], VALUES // 1000)
    file.write_text("\n".join(f"{v:,.0f}" for v in VALUES))
    found = read_table(file, decimal=",").values
    np.testing.assert_array_equal(found[:, 0], np.round(VALUES) / 1000)


def test_rows_that_are_not_in_the_order_of_their_dates_are_said(tmp_path, rng):
    file = tmp_path / "t.csv"
    mixed = rng.permutation(60)
    file.write_text(lines([DAYS[k] for k in mixed], SMALL, header="t,a"))
    assert read_table(file).left_out == ("t (dates), not in order",)
    hours = [f"{k % 24:02d}:00" for k in range(60)]
    file.write_text(lines(hours, SMALL, header="t,a"))
    assert read_table(file).left_out == ("t (dates)",)
    frame = pd.Series(SMALL[mixed], index=pd.DatetimeIndex([DAYS[k] for k in mixed]))
    with pytest.raises(ValueError, match=r"not in order: series\.sort_index"):
        evolino.SeriesTask(frame)
    assert len(evolino.SeriesTask(frame.sort_index()).series) == 60


@pytest.mark.parametrize(
    "values",
    [SMALL + 1j, np.array(DAYS, "datetime64[D]"), SMALL.astype("timedelta64[s]"),
     pd.Series(SMALL + 1j), pd.DataFrame({"a": SMALL + 1j})],
)  # fmt: skip
def test_complex_numbers_and_times_are_no_series(values):
    with pytest.raises((TypeError, ValueError), match=r"holds|is complex128"):
        evolino.SeriesTask(values)
    network = evolino.LSTM(cells=1)
    weights = np.zeros((network.readout_width, 1))
    model = evolino.Model(network, np.zeros(network.genome_shape), weights)
    with pytest.raises(TypeError, match="must be an array of numbers: it holds"):
        model.predict(targets=values)


@pytest.mark.parametrize(
    "kind", [np.float16, np.float32, ">f8", np.int8, np.uint64, bool, np.longdouble, object,
             "masked", "list", "matrix", "Decimal", "reversed", "columns first"]
)  # fmt: skip
def test_every_kind_of_numbers_is_read_alike(kind):
    numbers = np.arange(60) % 2
    made = {
        "masked": np.ma.masked_array(numbers),
        "list": numbers.tolist(),
        "matrix": pd.DataFrame(numbers).to_numpy(),
        "Decimal": [decimal.Decimal(int(each)) for each in numbers],
        "reversed": numbers[::-1][::-1],
        "columns first": np.asfortranarray(numbers[:, None]),
    }
    values = made[kind] if kind in made else numbers.astype(kind)
    np.testing.assert_array_equal(evolino.SeriesTask(values).series[:, 0], numbers)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"generates": "no"}, "generates must be True or False, got 'no'"),
     ({"past_targets_known": 1}, "past_targets_known must be True or False"),
     ({"missing": None}, "unknown missing None"),
     ({"columns": 1, "inputs": ["1"]}, "given what it is to learn"),
     ({"columns": np.int64(3)}, "from 1 to 2")],
)  # fmt: skip
def test_other_arguments_are_named(arguments, message):
    with pytest.raises((ValueError, TypeError), match=message):
        evolino.SeriesTask(np.stack([SMALL, VALUES], axis=1), **arguments)


def test_what_training_cannot_use_is_named_before_it_begins():
    for arguments, message in (
        ({"migrate_every": 3}, "migrate_every needs islands"),
        ({"readout": evolino.Ridge}, "got the class"),
        ({"search": evolino.ESP}, "got the class"),
        ({"workers": 10**6}, "workers must be <= 1,000"),
    ):
        with pytest.raises((ValueError, TypeError), match=message):
            evolino.train(evolino.SeriesTask(SMALL), **arguments)
    assert WorkerSettings(1000).count == 1000


def test_a_device_or_pipe_is_written_to_and_not_replaced(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        replace_file(pipe, b"content")
        assert os.read(reader, 100) == b"content"
    finally:
        os.close(reader)
    assert pipe.is_fifo()
    assert [each.name for each in tmp_path.iterdir()] == ["pipe"]
