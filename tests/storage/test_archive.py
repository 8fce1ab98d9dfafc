"""Laws of the files that hold checkpoints and models."""

import io
import json
import os
import pickle
import random
import time
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from evolino.storage.archive import load_state, save_state
from evolino.storage.files import replace_file

ARRAYS = npst.arrays(
    st.one_of(
        npst.floating_dtypes(sizes=(32, 64)),
        npst.integer_dtypes(),
        npst.boolean_dtypes(),
        npst.unicode_string_dtypes(max_len=5),
    ),
    npst.array_shapes(min_dims=0, min_side=0, max_side=4),
)
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), ARRAYS
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.tuples(inner, inner),
        st.dictionaries(st.text(max_size=4) | st.just("$"), inner, max_size=4),
    ),
    max_leaves=12,
)
FILE_IN_ONE_FOLDER = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def assert_same(one, other):
    assert type(one) is type(other)
    if isinstance(one, np.ndarray):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)
    elif isinstance(one, dict):
        assert list(one) == list(other)
        for key in one:
            assert_same(one[key], other[key])
    elif isinstance(one, list | tuple):
        assert len(one) == len(other)
        for left, right in zip(one, other, strict=True):
            assert_same(left, right)
    else:
        assert repr(one) == repr(other)  # nan and -0.0 included


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "state.npz"
    save_state(path, {"a": np.arange(6.0), "text": "abc"}, kind="checkpoint")
    return path


@given(mapping=st.dictionaries(st.text(max_size=4), VALUES, max_size=5))
@FILE_IN_ONE_FOLDER
def test_what_is_saved_comes_back(tmp_path, mapping):
    save_state(tmp_path / "s.npz", mapping, kind="checkpoint")
    assert_same(load_state(tmp_path / "s.npz", kind="checkpoint"), mapping)


def test_generators_go_on_where_they_were(tmp_path):
    rng, plain = np.random.default_rng(3), random.Random(3)
    rng.random(5)
    state = {"numpy": rng.bit_generator.state, "plain": plain.getstate()}
    save_state(tmp_path / "s.npz", state, kind="checkpoint")
    loaded = load_state(tmp_path / "s.npz", kind="checkpoint")
    again, plain_again = np.random.default_rng(0), random.Random()
    again.bit_generator.state = loaded["numpy"]
    plain_again.setstate(loaded["plain"])
    np.testing.assert_array_equal(again.random(9), rng.random(9))
    assert plain_again.random() == plain.random()


def test_numpy_numbers_come_back_as_numbers(tmp_path):
    save_state(tmp_path / "s.npz", {"n": np.int64(3), "x": np.float64(0.1)}, kind="model")
    assert load_state(tmp_path / "s.npz", kind="model") == {"n": 3, "x": 0.1}


def test_the_same_content_gives_the_same_bytes(tmp_path, file):
    time.sleep(0.01)
    save_state(tmp_path / "b.npz", {"a": np.arange(6.0), "text": "abc"}, kind="checkpoint")
    assert (tmp_path / "b.npz").read_bytes() == file.read_bytes()


def test_numpy_reads_the_file_too(file):
    with np.load(file, allow_pickle=False) as archive:
        np.testing.assert_array_equal(archive["array0"], np.arange(6.0))


@pytest.mark.parametrize(
    "value",
    [object(), {1: 2}, np.array([None]), {3}, b"bytes", 1j],
    ids=lambda v: str(type(v)),
)
def test_what_cannot_be_kept_is_refused_and_nothing_is_written(tmp_path, value):
    with pytest.raises(TypeError):
        save_state(tmp_path / "s.npz", {"value": value}, kind="checkpoint")
    assert list(tmp_path.iterdir()) == []


def test_a_small_state_is_a_small_file(tmp_path):
    state = {
        "genome": np.zeros((10, 40)),
        "rng": np.random.default_rng(0).bit_generator.state,
    }
    save_state(tmp_path / "s.npz", state, kind="checkpoint")
    assert (tmp_path / "s.npz").stat().st_size < 2 * state["genome"].nbytes


def test_a_missing_file_is_missing(tmp_path):
    with pytest.raises(FileNotFoundError):
        load_state(tmp_path / "none.npz", kind="checkpoint")


def test_every_truncation_is_refused_in_one_line(file):
    content = file.read_bytes()
    for size in range(0, len(content), 7):
        file.write_bytes(content[:size])
        with pytest.raises(ValueError, match=r"state\.npz is ") as caught:
            load_state(file, kind="checkpoint")
        assert "\n" not in str(caught.value)


def test_every_changed_byte_is_refused_or_harmless(file):
    content, original = file.read_bytes(), load_state(file, kind="checkpoint")
    for position in range(0, len(content), 3):
        changed = bytearray(content)
        changed[position] ^= 0x15
        file.write_bytes(bytes(changed))
        try:
            loaded = load_state(file, kind="checkpoint")
        except ValueError:
            continue
        assert_same(loaded, original)  # the byte meant nothing, as in a time stamp


def rewrite(file, change):
    """Write a file again, its entries {name: bytes} changed, as an editor would."""
    with zipfile.ZipFile(file) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    change(entries)
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, content)


def edit_header(entries, **changes):
    header = json.loads(entries["header.json"])
    header.update(changes)
    entries["header.json"] = json.dumps(header).encode()


def npy_of(array, **options):
    buffer = io.BytesIO()
    np.save(buffer, array, **options)
    return buffer.getvalue()


def test_an_edited_array_is_refused(file):
    rewrite(file, lambda entries: entries.update({"array0.npy": npy_of(np.ones(6))}))
    with pytest.raises(ValueError, match="checksum is wrong"):
        load_state(file, kind="checkpoint")


def test_an_edited_value_is_refused(file):
    rewrite(file, lambda entries: edit_header(entries, tree={"text": "other"}))
    with pytest.raises(ValueError, match="checksum is wrong"):
        load_state(file, kind="checkpoint")


def test_another_kind_is_refused(file):
    with pytest.raises(ValueError, match="is a checkpoint, not a model"):
        load_state(file, kind="model")


def test_a_newer_format_is_refused(file):
    rewrite(file, lambda entries: edit_header(entries, version=2))
    with pytest.raises(ValueError, match="format version 2, this evolino reads 1"):
        load_state(file, kind="checkpoint")


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"\x80\x04K\x01.", b"PK\x03\x04rubbish"]
)
def test_a_foreign_file_is_refused(tmp_path, content):
    path = tmp_path / "foreign.npz"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"foreign\.npz is "):
        load_state(path, kind="checkpoint")


def test_an_npz_of_others_is_refused(tmp_path):
    np.savez(tmp_path / "other.npz", a=np.arange(3))
    with pytest.raises(ValueError, match="is not a checkpoint of evolino"):
        load_state(tmp_path / "other.npz", kind="checkpoint")


class Smuggled:
    """Leaves a file behind if it is ever unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def test_a_pickle_is_never_opened(tmp_path, file, monkeypatch):
    trace = tmp_path / "unpickled"
    pickled = npy_of(np.array([Smuggled(trace)], dtype=object), allow_pickle=True)
    rewrite(file, lambda entries: entries.update({"array0.npy": pickled}))
    monkeypatch.setattr("evolino.storage.archive._checksum", lambda body, arrays: "forged")
    rewrite(file, lambda entries: edit_header(entries, sha256="forged"))
    with pytest.raises(ValueError, match="is damaged"):
        load_state(file, kind="checkpoint")
    file.write_bytes(pickle.dumps(Smuggled(trace)))
    with pytest.raises(ValueError, match="is not a checkpoint"):
        load_state(file, kind="checkpoint")
    assert not trace.exists()


def test_an_array_that_claims_to_be_huge_is_refused(file, monkeypatch):
    header = npy_of(np.zeros(6))
    huge = header.replace(b"(6,)", b"(6" + b"0" * 14 + b",)", 1)
    rewrite(file, lambda entries: entries.update({"array0.npy": huge}))
    monkeypatch.setattr("evolino.storage.archive._checksum", lambda body, arrays: "forged")
    rewrite(file, lambda entries: edit_header(entries, sha256="forged"))
    with pytest.raises(ValueError, match="is damaged"):
        load_state(file, kind="checkpoint")


@pytest.mark.parametrize("broken", ["replace", "fsync"])
def test_a_full_disk_leaves_the_file_before_it(file, monkeypatch, broken):
    before = file.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, broken, full)
    with pytest.raises(OSError, match="No space left"):
        save_state(file, {"a": 1}, kind="checkpoint")
    assert file.read_bytes() == before
    assert [each.name for each in file.parent.iterdir()] == ["state.npz"]


def test_a_file_is_replaced_whole(tmp_path):
    path = tmp_path / "f"
    replace_file(path, b"one")
    replace_file(path, b"two")
    assert path.read_bytes() == b"two"
    assert list(tmp_path.iterdir()) == [path]
