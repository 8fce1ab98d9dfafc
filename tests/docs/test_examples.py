"""Every example runs, and says something."""

import runpy
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
SCRIPTS = sorted(EXAMPLES.glob("*.py"))
# Workers in other processes read the script again, so that it must be a program of its own.
PROGRAMS = [file for file in SCRIPTS if "backend=" in file.read_text(encoding="utf-8")]
IN_PROCESS = [file for file in SCRIPTS if file not in PROGRAMS]


@pytest.mark.parametrize("script", IN_PROCESS, ids=lambda path: path.stem)
def test_an_example_runs(script, tmp_path, monkeypatch, capsys):
    (tmp_path / "examples").symlink_to(EXAMPLES)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [script.name])
    runpy.run_path(f"examples/{script.name}", run_name="__main__")
    assert capsys.readouterr().out


@pytest.mark.parametrize("script", PROGRAMS, ids=lambda path: path.stem)
def test_an_example_with_processes_runs(script, tmp_path):
    (tmp_path / "examples").symlink_to(EXAMPLES)
    done = subprocess.run(
        [sys.executable, "-W", "error", f"examples/{script.name}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout
