"""README keeps its promises: its Python runs, its commands and links exist."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_python_of_the_readme_runs(tmp_path):
    (code,) = re.findall(r"```python\n(.*?)```", README, flags=re.S)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "results/runs/mine/model.npz").is_file()


def commands():
    for line in re.findall(r"^evolino .*$", README, flags=re.M):
        yield shlex.split(line, comments=True)[1:]


@pytest.mark.parametrize("arguments", list(commands()), ids=" ".join)
def test_every_option_in_the_readme_exists(arguments):
    if "--help" in arguments:
        arguments = [each for each in arguments if each != "--help"]
    words = [each for each in arguments if not each.startswith("-")]
    command = words[:2] if words[0] == "run" else words[:1]
    done = subprocess.run(
        [sys.executable, "-m", "evolino.cli.app", *command, "--help"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    for option in (each for each in arguments if each.startswith("--")):
        assert option in done.stdout


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_every_link_and_picture_of_the_docs_exists(page):
    text = page.read_text(encoding="utf-8")
    targets = re.findall(r"\]\((?!http)([^)#]+)(?:#[^)]*)?\)", text)
    lost = [target for target in targets if not (page.parent / target).exists()]
    assert not lost
