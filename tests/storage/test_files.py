"""Laws of files and locks: whole or not at all, and one owner at a time."""

import json
import os
import platform
import subprocess
import sys

import pytest

from evolino.storage.files import replace_file, sweep, user_path
from evolino.storage.lock import InUseError, take_lock
from tests.support.processes import environment


def test_stale_temporaries_are_swept_and_nothing_else(tmp_path):
    replace_file(tmp_path / "model.npz", b"whole")
    stale = tmp_path / ".model.npz.0a1b2c3d.tmp"
    others = [".model.npz.tmp", "model.npz.0a1b2c3d.tmp", ".notes.txt.0a1b2c3d.tmp"]
    for name in (stale.name, *others):
        (tmp_path / name).write_bytes(b"half")
    sweep(tmp_path, ["model.npz"], older=3600.0)
    assert stale.exists()
    sweep(tmp_path, ["model.npz"])
    assert {each.name for each in tmp_path.iterdir()} == {"model.npz", *others}


def test_the_home_folder_is_expanded_and_an_empty_path_refused(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert user_path("~/run") == tmp_path / "run"
    assert str(user_path("a~/run")) == "a~/run"
    with pytest.raises(ValueError, match="out must be a path, got ''"):
        user_path("", "out")


def test_a_lock_has_one_owner_and_is_gone_after_it(tmp_path):
    path = tmp_path / "lock"
    lock = take_lock(path)
    assert json.loads(path.read_bytes()) == {
        "process": os.getpid(),
        "host": platform.node(),
    }
    with pytest.raises(InUseError, match=f"is in use: process {os.getpid()} on "):
        take_lock(path)
    lock.release()
    assert not path.exists()
    take_lock(path).release()


HOLD = """
import sys, pathlib
from evolino.storage.lock import take_lock
lock = take_lock(pathlib.Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_a_lock_whose_owner_was_killed_is_taken_over(tmp_path):
    path = tmp_path / "lock"
    owner = subprocess.Popen(
        [sys.executable, "-c", HOLD, path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment(),
    )
    assert owner.stdout.readline() == b"held\n"
    with pytest.raises(InUseError, match=f"process {owner.pid} on"):
        take_lock(path)
    owner.kill()
    owner.communicate()
    assert path.exists()
    take_lock(path).release()


def test_a_lock_of_another_host_is_not_taken_over(tmp_path):
    path = tmp_path / "lock"
    path.write_text('{"process": 1, "host": "elsewhere"}')
    with pytest.raises(InUseError, match=f"process 1 on elsewhere.*remove {path}"):
        take_lock(path)
    path.unlink()
    take_lock(path).release()


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b"[1]", b'{"process": "x"}'])
def test_a_lock_file_that_names_no_owner_is_taken_over(tmp_path, content):
    (tmp_path / "lock").write_bytes(content)
    take_lock(tmp_path / "lock").release()
