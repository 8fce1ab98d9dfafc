"""Law: control characters of files, names and arguments do not reach the terminal.

Every command is run over folders whose texts hold them all.
"""

import ast
import json
import os
import pty
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import mido
import numpy as np
import pytest
import tomli_w

from evolino.certificates import proof_search
from evolino.cli.app import run as command_line
from evolino.storage.json_text import read_json, write_json
from evolino.storage.plain_text import layout_shown, shown
from evolino.training.presets import experiment_for
from evolino.training.run_folder import RunFolder
from tests.support.processes import COMMAND, ROOT, environment

POISON = "\x1b]0;title\x07\x1b[2Jx\b\x9b2J\x7f\x00\r\u202e"
IN_CSV = POISON.replace("\x00", "").replace("\r", "")
SMALL = ("--cells", "2", "--search", "random", "--no-baselines", "--workers", "1",
         "--generations", "1")  # fmt: skip


def of_texts(value, path=()):
    """Where texts stand in a nest of tables and lists, names of fields included."""
    if isinstance(value, dict):
        for key in value:
            yield (*path, key), True
            yield from of_texts(value[key], (*path, key))
    elif isinstance(value, list):
        for k, each in enumerate(value):
            yield from of_texts(each, (*path, k))
    elif isinstance(value, str):
        yield path, False


def poisoned(value, path, name, poison):
    """The nest with one text, or one name, poisoned."""
    if not path:
        return value + poison
    head, *rest = path
    if name and not rest:
        return {(k + poison if k == head else k): v for k, v in value.items()}
    changed = value.copy()
    changed[head] = poisoned(value[head], rest, name, poison)
    return changed


def assert_clean(*texts):
    for text in texts:
        assert layout_shown(text) == text


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with a table whose columns have poisoned names, and a run on it."""
    place = tmp_path_factory.mktemp("made")
    rows = np.sin(0.3 * np.arange(200))
    text = "\n".join(f"{a:.4f},{-a:.4f}" for a in rows)
    (place / "s.csv").write_text(f"a{IN_CSV},b{IN_CSV}\n{text}\n", encoding="utf-8")
    files = ("--series", str(place / "s.csv"), "--out", str(place / "series"))
    assert command_line(["run", "series", *files, *SMALL, "--quiet"]) == 0
    return place


@pytest.fixture
def run(evolino, made, tmp_path):
    """A function that runs a command, and looks at what it prints."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)

    def call(*arguments):
        status, out, err = evolino(*arguments)
        assert_clean(out, err)
        return status, out + err

    return call


def commands(folder):
    yield "show", folder
    yield "plot", folder
    yield "plot", folder, "--kind", "run"
    yield "certify", folder
    yield "generate", folder
    yield "export", folder, "--to", "c"
    yield "refine", folder, "--steps", "1", "--workers", "1"
    yield "resume", folder, "--generations", "2", "--no-baselines", "--workers", "1"


@pytest.mark.parametrize("name", ["config.toml", "result.json"])
def test_texts_of_a_runs_files(run, name):
    file = Path("series") / name
    toml = file.suffix == ".toml"
    table = tomllib.loads(file.read_text()) if toml else read_json(file.read_text())
    said = 0
    for path, is_name in of_texts(table):
        changed = poisoned(table, path, is_name, POISON)
        file.write_bytes(tomli_w.dumps(changed).encode() if toml else write_json(changed))
        said += "]0;title" in run("resume" if toml else "show", "series")[1]
    assert said >= 10


def test_certificates_of_a_folder_whose_name_has_them(run, golden, monkeypatch):
    monkeypatch.setattr(proof_search, "BASES", ((24,),))
    monkeypatch.setattr(proof_search, "RUN_ALL", (300,))
    monkeypatch.setattr(proof_search, "RUN_SOME", (300,))
    place = "r" + POISON.replace("\x00", "")
    options = {"language": "anbn", "encoding": "one-hot"}
    folder = RunFolder.create(place, experiment_for("languages", task_options=options))
    folder.save_model(golden("anbn", forget=800.0).as_state())
    assert "]0;title" in run("certify", place, place)[1]
    status, text = run("certify", place, place, "--json")
    assert status == 0
    assert {json.loads(line)["run"] for line in text.splitlines()} == {place}


def test_names_of_columns_are_escaped_in_every_table(run):
    status, text = run("run", "series", "--series", "s.csv", "--out", "again", *SMALL)
    assert status == 0
    assert text.count(shown(IN_CSV)[:20]) >= 4  # what was read, and the figures
    for command in commands("again"):
        run(*command)


def test_arguments_are_escaped(run):
    for command in ("show", "plot", "certify", "generate", "refine", "resume", "reproduce"):
        status, text = run(command, "none" + POISON.replace("\x00", ""))
        assert status == 2
        assert text.count("\n") == 1
    assert run("export", "none" + POISON.replace("\x00", ""), "--to", "c")[0] == 2
    given = POISON.replace("\x00", "")
    for option in (
        given,
        "--" + given,
        "--set=" + given,
        f"--{given}=1",
        "--out=/dev/null/" + given,
    ):
        assert run("run", "mso", option)[0] == 2
    assert run("run", given)[0] == 2
    assert run("run", "series", "--series", given)[0] == 2
    assert run("run", "languages", "--pattern", given)[0] == 2


def test_a_folder_whose_name_has_them(run):
    place = "runs/" + POISON.replace("\x00", "")
    os.makedirs("runs")
    os.rename("series", place)
    for command in commands(place):
        run(*command)


def test_names_in_music_are_escaped(run):
    song = mido.MidiFile(ticks_per_beat=480)
    track = mido.MidiTrack()
    song.tracks.append(track)
    track.append(mido.MetaMessage("track_name", name="x\x1b[2J"))
    for k in range(64):
        track.append(mido.Message("note_on", note=60 + k % 7, velocity=80, time=0))
        track.append(mido.Message("note_off", note=60 + k % 7, velocity=0, time=160))
    folder = Path("midi" + IN_CSV)
    folder.mkdir()
    for name in ("a", "b", "c", "d"):
        song.save(folder / f"{name}{IN_CSV}.mid")
    (folder / f"bad{IN_CSV}.mid").write_bytes(b"MThd")
    files = ("--midi-dir", folder, "--out", "m")
    status, text = run("run", "music", *files, "--grid", "0.5", *SMALL)
    assert "]0;title" in text
    assert status in (0, 2)


def test_a_task_of_ones_own(run):
    Path("own.py").write_text(
        "from evolino.tasks.signals.oscillators import Oscillators\n"
        "class Own(Oscillators):\n"
        f"    {POISON.replace(chr(0), '')!r}\n"
        f"    name = {POISON!r}\n"
        "    def measure(self, model, split):\n"
        f"        return {{'test_' + {POISON!r}: 1.0}}\n"
    )
    run("run", "own.py:Own", "--help")
    status, text = run("run", "own.py:Own", "--out", "own", *SMALL)
    assert status in (0, 2)
    assert "]0;title" in text
    for command in commands("own"):
        run(*command, "--trust")


def test_on_a_terminal_only_the_programs_own_are_sent(run, tmp_path):
    ours, theirs = pty.openpty()
    work = subprocess.Popen(
        [
            *COMMAND,
            "run",
            "series",
            "--series",
            "s.csv",
            *SMALL,
            "--generations",
            "2",
            "--out",
            "t",
        ],
        cwd=tmp_path,
        env=environment(TERM="xterm", PYTHONPATH=str(ROOT)),
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    said = b""
    while True:
        try:
            part = os.read(ours, 4096)
        except OSError:  # the end, on Linux
            break
        if not part:
            break
        said += part
    assert work.wait() == 0
    text = said.decode()
    assert "]0;title" in text  # escaped
    sent = re.findall("\x1b\\[[0-9;?]*[A-Za-z]", text)
    assert sent, "no live line"
    assert not {"\x1b[2J", "\x9b"} & set(sent)
    rest = re.sub("\x1b\\[[0-9;?]*[A-Za-z]", "", text).replace("\r", "")
    assert_clean(rest)


def test_where_an_error_of_the_program_arose_is_shown_escaped(tmp_path):
    script = (
        "import evolino.cli.app as app\n"
        f"def broken(): raise ZeroDivisionError({POISON!r})\n"
        "app.run = broken\n"
        "from evolino.cli.entry import main\nmain()\n"
    )
    done = subprocess.run(
        [COMMAND[0], "-c", script], env=environment(), capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr
    assert_clean(done.stderr)


def test_json_holds_what_it_was_given_and_no_control_character():
    for value in (POISON, "\ud800", "é\u0085\U0001f600", "Köln"):
        text = write_json({value: [value]})
        assert_clean(text.decode().removesuffix("\n"))
        assert read_json(text) == {value: [value]} == json.loads(text)


def test_nothing_else_prints():
    """All lines go through `say`, all tables through `console`, the rest by the command
    line's own streams."""
    called = {
        (getattr(node.func, "id", ""), file.name)
        for folder in ("evolino", "tasks")
        for file in (ROOT / folder).rglob("*.py")
        if file.name != "plain_text.py" and "cli" not in file.parts
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
    }
    assert len(called) > 1000
    assert not {call for call in called if call[0] in ("print", "Console")}
