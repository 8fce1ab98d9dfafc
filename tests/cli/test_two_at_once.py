"""Law: of two command lines on one folder one works, to the bits that it has alone, and the
other is refused in a line."""

import os
import signal
import subprocess

import pytest

from tests.support.processes import environment, start, wait_for
from tests.support.waiting import WAITING

BITS = ("model.npz", "history.jsonl", "config.toml")
RUN = ("run", WAITING, "--sines", "2", "--cells", "3", "--generations", "6", "--seed", "5")
OPTIONS = ("--no-baselines", "--workers", "1")


@pytest.fixture
def begun(tmp_path):
    """A run that is at work and waits while the flag is there."""
    flag = tmp_path / "flag"
    flag.touch()
    work = start(
        *(*RUN, *OPTIONS, "--quiet", "--out", tmp_path / "r"),
        env=environment(WAIT_WHILE=str(flag)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        wait_for((tmp_path / "reached").exists, work)
        yield work, flag
    finally:
        work.kill()
        work.communicate()


def test_one_works_and_the_other_is_refused(begun, evolino, tmp_path):
    work, flag = begun
    assert evolino(*RUN, *OPTIONS, "--quiet", "--out", "alone")[0] == 0
    for command in (
        ("resume", "r", *OPTIONS, "--trust"),
        ("refine", "r", "--steps", "1", "--trust"),
        (*RUN, *OPTIONS, "--out", "r", "--force"),
        ("run", "mso", "--sines", "3", *OPTIONS, "--out", "r", "--force"),
    ):
        status, out, err = evolino(*command)
        assert (status, out) == (2, ""), command
        assert err.startswith("evolino: ")
        assert f"r is in use: process {work.pid} on " in err
        assert err.count("\n") == 1
    assert evolino("show", "r")[0] == 0  # whoever only reads is welcome
    flag.unlink()
    out, err = work.communicate()
    assert (work.returncode, out, err) == (0, "", "")
    for name in BITS:
        assert (tmp_path / "r" / name).read_bytes() == (
            tmp_path / "alone" / name
        ).read_bytes()


def test_the_lock_of_one_that_was_killed_is_taken_over(begun, evolino, tmp_path):
    work, _ = begun
    os.kill(work.pid, signal.SIGKILL)
    work.wait()
    assert evolino(*RUN, *OPTIONS, "--quiet", "--out", "r", "--force")[0] == 0
    assert evolino(*RUN, *OPTIONS, "--quiet", "--out", "alone")[0] == 0
    for name in BITS:
        assert (tmp_path / "r" / name).read_bytes() == (
            tmp_path / "alone" / name
        ).read_bytes()
    assert not (tmp_path / "r" / ".evolino.lock").exists()
