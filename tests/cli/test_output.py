"""Laws of what a run prints: nobody needs to read it, and it is safe on a terminal."""

import io
import json
import os
import shlex
import signal
import subprocess
import sys

import pytest

from evolino.cli.output import Output
from evolino.storage.plain_text import shown
from evolino.training.run_folder import RunFolder
from tests.support.processes import COMMAND, environment, lines_of, start, wait_for

SMALL = ("--sines", "2", "--cells", "4", "--search", "random", "--workers", "1")
QUICK = (*SMALL, "--generations", "2", "--no-baselines")


class Broken(io.StringIO):
    """A stream whose reader left."""

    def __init__(self, number):
        super().__init__()
        self.number = number

    def write(self, text):
        raise OSError(self.number, "it broke")


@pytest.mark.parametrize("stream", [None, Broken(32), Broken(5), Broken(28)])
def test_what_a_stream_does_not_take_is_dropped(stream):
    output = Output(stream)
    assert output.write("text") == 4
    output.flush()
    assert not output.isatty()
    lost = stream is not None and stream.number == 28  # a full disk, not a reader that left
    assert output.lost == ("it broke" if lost else None)


def test_characters_that_a_stream_cannot_encode_are_escaped():
    buffer = io.BytesIO()
    output = Output(io.TextIOWrapper(buffer, encoding="ascii"))
    output.write("Erdős")
    output.flush()
    assert buffer.getvalue() == b"Erd\\u0151s"


def test_control_characters_are_escaped():
    assert shown("a\x1b[2Jb\nc\x9b\u202e") == r"a\x1b[2Jb\nc\x9b\u202e"
    assert shown("Bach, Köln") == "Bach, Köln"


def test_a_reader_that_leaves_does_not_end_a_run(tmp_path):
    reading, writing = os.pipe()
    run = start("run", "mso", *QUICK, "--out", tmp_path / "r", stdout=writing)
    os.close(reading)
    os.close(writing)
    assert run.wait() == 0
    assert RunFolder.open(tmp_path / "r").result()["generations"] == 2


def test_a_run_without_standard_files_leaves_its_files_whole(tmp_path):
    command = shlex.join([*COMMAND, "run", "mso", *QUICK, "--out", str(tmp_path / "r")])
    done = subprocess.run(
        ["/bin/sh", "-c", f"exec {command} <&- >&- 2>&-"], env=environment(), check=False
    )
    assert done.returncode == 0
    folder = RunFolder.open(tmp_path / "r")
    assert len(folder.history()) == folder.result()["generations"] == 2


@pytest.mark.parametrize("backend", ["module://matplotlib_inline.backend_inline", "none"])
def test_pictures_do_not_depend_on_the_backend_of_matplotlib(backend, tmp_path):
    run = start(
        *("run", "mso", *QUICK, "--out", tmp_path / "r"),
        env=environment(MPLBACKEND=backend),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    out, err = run.communicate()
    assert (run.returncode, err) == (0, "")
    assert "picture" in out
    assert (tmp_path / "r" / "fitness.png").stat().st_size > 1000


def test_a_picture_that_fails_costs_neither_table_nor_status(evolino, trainer, monkeypatch):
    def fail(*arguments, **options):
        raise RuntimeError("no ink\x1b[2J")

    monkeypatch.setattr(trainer.plots, "fitness", fail)
    status, out, err = evolino("run", "mso", "--out", "r")
    assert (status, err) == (0, "evolino: no picture: no ink\\x1b[2J\n")
    assert "1.5e-07" in out
    assert "picture" not in out


def test_the_home_folder_is_expanded_and_an_empty_name_refused(
    evolino, trainer, monkeypatch, tmp_path
):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert evolino("run", "mso", "--quiet", "--out=~/r")[0] == 0
    assert (tmp_path / "home" / "r" / "config.toml").exists()
    assert evolino("show", "~/r")[0] == 0
    status, _, err = evolino("run", "mso", "--out", "")
    assert (status, err) == (2, "evolino: out must be a path, got ''\n")


NAMES = ["two words", "it's", "$HOME", "-run", "a;b", "semi\nline", "esc\x1b[2J", "Köln"]


@pytest.mark.parametrize("name", NAMES)
def test_the_command_to_go_on_names_the_folder_in_a_shell(evolino, trainer, name, tmp_path):
    trainer.interrupted = True
    status, out, _ = evolino("run", "mso", "--out", name)
    assert status == 130
    (line,) = [each for each in out.splitlines() if each.startswith("go on with")]
    word = line.partition("evolino resume ")[2]
    done = subprocess.run(
        ["bash", "-c", f"test -d {word} && printf %s {word}"], capture_output=True
    )
    assert done.returncode == 0
    assert (tmp_path / os.fsdecode(done.stdout)).samefile(tmp_path / name)
    assert line.isprintable()


def test_control_characters_of_a_runs_files_do_not_reach_the_terminal(evolino, trainer):
    evolino("run", "mso", "--quiet", "--out", "r")
    folder = RunFolder.open("r")
    result = folder.result()
    for key in ("task", "version"):
        result[key] = "x\x1b[2J"
    result["stopped"] = ["y\x1b]0;title\x07"]
    result["baselines"] = {"z\x9b": {"test\x1b_nrmse": 1.0}}
    (folder.path / "result.json").write_text(json.dumps(result))
    status, out, _ = evolino("show", "r")
    assert status == 0
    assert all(each.isprintable() or each == "\n" for each in out)
    assert r"x\x1b[2J" in out
    (folder.path / "config.toml").write_text('[task]\nname = "\\u001b[2J"\n')
    _, _, err = evolino("resume", "r")
    assert err.endswith("\n")
    assert err[:-1].isprintable()


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_signals_end_a_run_that_can_be_resumed(name, tmp_path):
    options = (*SMALL, "--generations", "100000", "--out", tmp_path / "r")
    run = start("run", "mso", *options, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_for(lambda: lines_of(tmp_path / "r" / "history.jsonl") > 2, run)
    run.send_signal(getattr(signal, name))
    out, err = run.communicate()
    assert (run.returncode, err) == (130, "")
    assert f"go on with   evolino resume {tmp_path / 'r'}" in out
    folder = RunFolder.open(tmp_path / "r")
    generation = folder.load_checkpoint()["progress"]["generation"]
    assert len(folder.history()) == generation


def test_ctrl_c_before_the_command_line_is_loaded_ends_quietly():
    code = (
        "import sys, signal\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # not ignored
        "class Hook:\n"
        "    def find_spec(self, name, *rest):\n"
        "        if name == 'evolino.cli.app': signal.raise_signal(signal.SIGINT)\n"
        "sys.meta_path.insert(0, Hook())\n"
        "from evolino.cli.entry import main\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")
