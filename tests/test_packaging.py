"""The wheel holds every task and preset, and nothing called `tasks` lands beside it."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    out = tmp_path_factory.mktemp("wheel")
    done = subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, ROOT],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    (built,) = out.glob("*.whl")
    return built


def test_everything_lies_below_evolino(wheel):
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.split("/")[0] for name in archive.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"evolino"}


def test_every_module_and_preset_of_the_source_is_in_the_wheel(wheel):
    with zipfile.ZipFile(wheel) as archive:
        packed = set(archive.namelist())
    source = {
        f"evolino/{file.relative_to(ROOT / 'evolino').as_posix()}"
        for file in (ROOT / "evolino").rglob("*.py")
        if "tasks" not in file.relative_to(ROOT / "evolino").parts
    }
    source |= {
        f"evolino/tasks/{file.relative_to(ROOT / 'tasks').as_posix()}"
        for pattern in ("*.py", "*.toml", "*.txt")
        for file in (ROOT / "tasks").rglob(pattern)
    }
    assert not source - packed


def test_an_installed_wheel_loads_every_task_and_preset(wheel, tmp_path):
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    code = (
        "import evolino\n"
        "from evolino.registry import find, names\n"
        "from evolino.training.presets import load_table, tables\n"
        f"assert evolino.__file__.startswith({str(tmp_path)!r}), evolino.__file__\n"
        "print([find('task', name).__name__ for name in names('task')])\n"
        "print(len([load_table(name) for name in tables()]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path), "PATH": ""},
    )
    assert done.returncode == 0, done.stderr
    assert "'Oscillators'" in done.stdout
