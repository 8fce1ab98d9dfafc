"""Wheel and sdist hold every module, task and preset, and nothing beside `evolino`."""

import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def build(kind, source, out):
    """Build a wheel or an sdist of a source tree; return the file."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "build", f"--{kind}", "--no-isolation"),
            *("--outdir", out, source),
        ],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    (built,) = out.iterdir()
    return built


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A copy of what packages are built from, so that nothing is left in the tree."""
    copy = tmp_path_factory.mktemp("checkout")
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    for name in ("evolino", "tasks"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, copy / name, symlinks=True, ignore=ignored)
    return copy


@pytest.fixture(scope="module")
def sdist(checkout, tmp_path_factory):
    return build("sdist", checkout, tmp_path_factory.mktemp("sdist"))


@pytest.fixture(scope="module", params=["checkout", "sdist"])
def wheel(request, checkout, sdist, tmp_path_factory):
    """The wheel of the checkout, and the one that is built from its sdist."""
    source = checkout
    if request.param == "sdist":
        unpacked = tmp_path_factory.mktemp("unpacked")
        with tarfile.open(sdist) as archive:
            archive.extractall(unpacked, filter="data")
        (source,) = unpacked.iterdir()
    return build("wheel", source, tmp_path_factory.mktemp("wheel"))


def sources():
    """Return the files that evolino needs once it is installed, by their place there."""
    found = set()
    for folder, place, patterns in (
        (ROOT / "evolino", "evolino", ("*.py", "*.pyi", "py.typed", "*.html")),
        (ROOT / "tasks", "evolino/tasks", ("*.py", "*.toml", "*.txt")),
    ):
        for pattern in patterns:
            found |= {
                f"{place}/{file.relative_to(folder).as_posix()}"
                for file in folder.rglob(pattern)
            }
    assert {"evolino/__init__.pyi", "evolino/tasks/signals/presets/mso-paper.toml"} <= found
    return found


def test_everything_lies_below_evolino(wheel):
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.split("/")[0] for name in archive.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"evolino"}


def test_every_module_and_preset_of_the_source_is_in_the_wheel(wheel):
    with zipfile.ZipFile(wheel) as archive:
        packed = set(archive.namelist())
    assert not sources() - packed


def test_the_sdist_holds_no_link_and_each_task_once(sdist):
    with tarfile.open(sdist) as archive:
        members = archive.getmembers()
    assert not [each.name for each in members if each.issym() or each.islnk()]
    names = {each.name.partition("/")[2] for each in members if each.isfile()}
    assert "tasks/signals/oscillators.py" in names
    assert not [name for name in names if name.startswith("evolino/tasks/")]


OWN_TASK = """
from dataclasses import dataclass
from typing import ClassVar
import evolino

@dataclass(frozen=True)
class Slow(evolino.Oscillators):
    name: ClassVar[str] = "slow"
"""
USE = """
import importlib.util, sys, evolino
from evolino.registry import find, names
from evolino.training.tables import load_table, tables
assert evolino.__file__.startswith(sys.argv[1]), evolino.__file__
assert importlib.util.find_spec("tasks") is None
assert all(find(kind, name) for kind in ("task", "search") for name in names(kind))
assert len([load_table(name) for name in tables()]) > 10
assert all(getattr(evolino, name) for name in evolino.__all__)
print(find("task", "own.py:Slow")())
"""


def environment(place):
    """Make a virtual environment that sees the packages of this one; return its Python."""
    venv.create(place, with_pip=False, symlinks=True)
    (own,) = place.glob("lib/python*/site-packages")
    # What .pth files there name, such as an editable install, is not seen.
    (own / "shared.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    return place / "bin" / "python"


def run(*command, cwd):
    """Run a command, which must succeed, apart from this tree; return what it prints."""
    done = subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, env={"PATH": "/usr/bin:/bin"}
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("editable", [False, True], ids=["wheel", "editable"])
def test_an_installed_package_loads_all_and_runs_outside_of_its_tree(
    editable, checkout, sdist, tmp_path
):
    python = environment(tmp_path / "env")
    source = ("--editable", checkout) if editable else (sdist,)
    run(
        *(sys.executable, "-m", "pip", "--python", python, "install", "--quiet"),
        *("--no-deps", "--no-index", "--no-build-isolation", "--ignore-installed"),
        *source,
        cwd=tmp_path,
    )
    (tmp_path / "own.py").write_text(OWN_TASK, encoding="utf-8")
    place = checkout if editable else tmp_path / "env"
    assert "Slow(" in run(python, "-c", USE, place, cwd=tmp_path)
    own = list((tmp_path / "env").glob("lib/python*/site-packages/*"))
    assert not [file for file in own if file.name in ("tasks", "tests", "benchmarks")]

    command = tmp_path / "env" / "bin" / "evolino"
    assert "--sines" in run(command, "run", "own.py:Slow", "--help", cwd=tmp_path)
