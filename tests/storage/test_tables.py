"""Tables of numbers: what stands in a file is what is read, or the line that cannot be."""

import bz2
import gzip
import lzma
import sys
import zipfile

import numpy as np
import pandas as pd
import pytest

from evolino.storage.tables import read_table, table_of_frame

VALUES = np.array([[0.25, -3.5], [1e-3, 4.0], [-0.75, 0.0], [12.5, 1e6]])


def lines(separator, decimal="."):
    return "\n".join(
        separator.join(str(value).replace(".", decimal) for value in row) for row in VALUES
    )


def read(tmp_path, text, name="a.csv", encoding="utf-8", **options):
    (tmp_path / name).write_text(text, encoding=encoding)
    return read_table(tmp_path / name, **options)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|", " ", "  ", ", "])
@pytest.mark.parametrize("header", ["", "warm,dry"])
@pytest.mark.parametrize("end", ["", "\n", "\n\n"])
def test_separators_and_headers_are_seen(tmp_path, separator, header, end):
    first = header.replace(",", separator) + "\n" if header else ""
    table = read(tmp_path, first + lines(separator) + end)
    np.testing.assert_array_equal(table.values, VALUES)
    assert table.names == (("warm", "dry") if header else ("1", "2"))


@pytest.mark.parametrize("separator", [";", "\t", " "])
def test_decimal_commas_beside_another_separator_are_seen(tmp_path, separator):
    table = read(tmp_path, lines(separator, ","))
    np.testing.assert_array_equal(table.values, VALUES)


def test_a_column_of_decimal_commas_is_one_column(tmp_path):
    for head in ("", "height\n"):
        table = read(tmp_path, head + "0,376\n1,053\n-2,5\n")
        np.testing.assert_array_equal(table.values[:, 0], [0.376, 1.053, -2.5])


def test_whole_numbers_in_two_columns_stay_two(tmp_path):
    table = read(tmp_path, "1,17\n2,19\n3,12\n")
    np.testing.assert_array_equal(table.values, [[1, 17], [2, 19], [3, 12]])


def test_what_could_be_either_is_refused_and_can_be_said(tmp_path):
    text = "3,17\n8,19\n5,12\n"
    with pytest.raises(ValueError, match=r"'3,17' could be one number .* or two columns"):
        read(tmp_path, text)
    assert read(tmp_path, text, decimal=",").values.shape == (3, 1)
    assert read(tmp_path, text, decimal=".").values.shape == (3, 2)
    assert read(tmp_path, text, separator=",").values.shape == (3, 2)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_marks_and_encodings_are_no_data(tmp_path, encoding):
    table = read(tmp_path, "Höhe,b\n" + lines(","), encoding=encoding)
    np.testing.assert_array_equal(table.values, VALUES)
    assert table.names == ("Höhe", "b")


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_ends_of_lines_of_other_systems(tmp_path, end):
    (tmp_path / "a.csv").write_bytes(lines(",").replace("\n", end).encode())
    np.testing.assert_array_equal(read_table(tmp_path / "a.csv").values, VALUES)


def packed_by_zip(path, content):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", content)


@pytest.mark.parametrize("name", ["A.CSV", "a.TXT", "a.dat", "a.tsv", "no_ending"])
def test_endings_do_not_decide_how_text_is_read(tmp_path, name):
    np.testing.assert_array_equal(read(tmp_path, lines(","), name).values, VALUES)


@pytest.mark.parametrize(
    ("ending", "write"),
    [
        ("gz", lambda path, content: path.write_bytes(gzip.compress(content))),
        ("GZ", lambda path, content: path.write_bytes(gzip.compress(content))),
        ("bz2", lambda path, content: path.write_bytes(bz2.compress(content))),
        ("xz", lambda path, content: path.write_bytes(lzma.compress(content))),
        ("zip", packed_by_zip),
    ],
)
def test_compressed_files_are_unpacked(tmp_path, ending, write):
    path = tmp_path / f"a.csv.{ending}"
    write(path, lines(",").encode())
    np.testing.assert_array_equal(read_table(path).values, VALUES)
    path.write_bytes(b"not packed at all")
    with pytest.raises(ValueError, match=f"is not a .{ending.lower()} file"):
        read_table(path)


def test_dates_are_left_out_and_said(tmp_path):
    days = [f"2020-01-{day:02}" for day in (1, 2, 3, 4)]
    rows = [f"{day},{a},{b}" for day, (a, b) in zip(days, VALUES, strict=True)]
    for head, name in (("", "1"), ("when,a,b\n", "when")):
        table = read(tmp_path, head + "\n".join(rows))
        np.testing.assert_array_equal(table.values, VALUES)
        assert table.left_out == (f"{name} (dates)",)
    assert "4 rows, 2 columns: a, b; left out when (dates)" in table.described()
    with pytest.raises(ValueError, match="the dates of 'when' run backwards"):
        read(tmp_path, "when,a,b\n" + "\n".join(reversed(rows)))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1.5\n2.5\n\n3.5\n", "line 3 is blank"),
        ("a\n1.5\n \n3.5\n", "line 3 is blank"),
        ("# said\n1.5,2\n3\n", "line 3 has 1 fields, the lines before have 2"),
        ("1;2\n3;4;5\n1;2\n", "line 2 has 3 fields, the lines before have 2"),
        ("a,b\n1,2.5\n2,three\n", "line 3, column 'b': 'three' is neither"),
        ("", "it is empty"),
        ("a,b\n", "has no rows of numbers"),
        ("1;1.000,5\n2;3\n", "line 1, column '2': '1.000,5' is neither"),
    ],
)
def test_what_is_no_table_names_its_line(tmp_path, text, message):
    with pytest.raises(ValueError, match=message):
        read(tmp_path, text)


@pytest.mark.parametrize("first", ["Jan 2020", "1 January 2020"])
def test_a_row_is_never_lost_as_a_header(tmp_path, first):
    table = read(tmp_path, f"{first},1.5\nFeb 2020,2.5\n")
    np.testing.assert_array_equal(table.values[:, 0], [1.5, 2.5])


def test_row_numbers_of_pandas_are_no_column(tmp_path):
    frame = pd.DataFrame(VALUES, columns=["a", "b"])
    frame.to_csv(tmp_path / "a.csv")
    table = read_table(tmp_path / "a.csv")
    np.testing.assert_array_equal(table.values, VALUES)
    assert table.left_out == ("column 1, which has no name and counts the rows",)


def test_missing_values_are_nan(tmp_path):
    table = read(tmp_path, "a,b\n1,2\n,NA\n3,nan\n")
    np.testing.assert_array_equal(table.values, [[1, 2], [np.nan, np.nan], [3, np.nan]])
    assert table.where(1) == "step 1 (line 3)"


def test_columns_are_chosen_by_name_or_number_from_1(tmp_path):
    table = read(tmp_path, "a,b,c\n1,2,3\n4,5,6\n")
    np.testing.assert_array_equal(table.chosen(["c", 1]).values, [[3, 1], [6, 4]])
    assert table.without(["b"]).names == ("a", "c")
    for wrong, message in (("d", "unknown column 'd'"), (0, "from 1 to 3"), (4, "1 to 3")):
        with pytest.raises(ValueError, match=message):
            table.chosen([wrong])


def test_parquet_is_read_or_says_what_to_install(tmp_path, monkeypatch):
    frame = pd.DataFrame(VALUES, columns=["a", "b"])
    frame.insert(0, "when", pd.date_range("2020-01-01", periods=4))
    frame.to_parquet(tmp_path / "a.parquet")
    table = read_table(tmp_path / "a.parquet")
    np.testing.assert_array_equal(table.values, VALUES)
    assert (table.names, table.left_out) == (("a", "b"), ("when (dates)",))
    (tmp_path / "bad.parquet").write_bytes(b"nothing")
    with pytest.raises(ValueError, match="is not a Parquet file"):
        read_table(tmp_path / "bad.parquet")
    for name in ("pyarrow", "fastparquet"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ValueError, match=r'pip install "evolino\[parquet\]"'):
        read_table(tmp_path / "a.parquet")


def test_frames_have_their_names(tmp_path):
    frame = pd.DataFrame({"a": [1, 2], "b": [0.5, None]})
    table = table_of_frame(frame, "series")
    np.testing.assert_array_equal(table.values, [[1, 0.5], [2, np.nan]])
    with pytest.raises(ValueError, match=r"column 'c' is .*, not numbers"):
        table_of_frame(frame.assign(c=["x", "y"]), "series")


def test_arrays_of_numpy(tmp_path):
    np.save(tmp_path / "a.npy", VALUES)
    np.testing.assert_array_equal(read_table(tmp_path / "a.npy").values, VALUES)
    for content in (b"", b"\x93NUMPY", b"1,2\n"):
        (tmp_path / "b.npy").write_bytes(content)
        with pytest.raises(ValueError, match="is not a file of numbers"):
            read_table(tmp_path / "b.npy")
    (tmp_path / "a.xlsx").write_bytes(b"")
    with pytest.raises(ValueError, match=r"save it as \.csv"):
        read_table(tmp_path / "a.xlsx")


@pytest.mark.parametrize(
    "array",
    [
        np.array([1 + 2j]),
        np.array(["a"]),
        np.array([(1, 2.0)], dtype=[("a", int), ("b", float)]),
        np.array(["2020"], dtype="datetime64[Y]"),
    ],
    ids=["complex", "text", "records", "dates"],
)
def test_arrays_of_others_than_numbers_are_refused(tmp_path, array):
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(ValueError, match="is not a file of numbers"):
        read_table(tmp_path / "a.npy")


def test_no_file_takes_the_memory_that_it_claims(tmp_path, monkeypatch):
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }\n"
    content = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header
    (tmp_path / "a.npy").write_bytes(content + bytes(80))
    with pytest.raises(ValueError, match="is not a file of numbers"):
        read_table(tmp_path / "a.npy")
    monkeypatch.setattr("evolino.storage.text_tables.LARGEST", 1000)
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"1\n" * 10_000))
    with pytest.raises(ValueError, match="must hold at most 1,000 bytes"):
        read_table(tmp_path / "a.csv.gz")


def test_numbers_have_the_bits_that_were_written(tmp_path, rng):
    values = rng.normal(size=500) * 10.0 ** rng.integers(-300, 300, 500)
    table = read(tmp_path, "\n".join(map(repr, values.tolist())))
    np.testing.assert_array_equal(table.values[:, 0], values)
