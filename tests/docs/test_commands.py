"""Every command line in README and docs is one that the program takes.

Options are read by the program's own parser. A run is parsed down to its experiment, with
the files that the pages name; what would then be evolved is left out.
"""

import re
import shlex
import tomllib
from itertools import pairwise

import pytest
import typer

from evolino.cli import app as program
from evolino.training.run_folder import RunFolder
from tests.support.pages import PAGES, ROOT, blocks, pages_with, write_files

OTHERS = {"git", "gcc", "tensorboard", "mlflow", "export"}  # programs that are not ours
SHELL = {"for", "do", "done", "cd", "./self-test"}
# Which stand for something of the reader's.
PLACEHOLDERS = {"DIR": "frames", "FILE": "labels.csv", "ID": "CartPole-v1", "..": "runs/b"}
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
    "optional-dependencies"
]


def command_lines(page):
    """Yield the words of every command in the blocks of a page."""
    for block in blocks(page, "sh"):
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            words = [PLACEHOLDERS.get(word.rstrip(";"), word.rstrip(";")) for word in words]
            while words:
                end = words.index("&&") if "&&" in words else len(words)
                yield words[:end]
                words = words[end + 1 :]


def commands_in_text(page):
    """Yield the words of every complete command of ours between backquotes."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    for found in re.findall(r"`evolino (run|reproduce) ([^`]+)`", text):
        words = shlex.split(" ".join(found))
        if len(words) > 1 and words[1] not in ("TASK", "csv"):
            yield [PLACEHOLDERS.get(word, word) for word in words]


class Understood(Exception):
    """A run came as far as its folder, so all that was given is one experiment."""


def parse(words, monkeypatch):
    """Have the program read a command; raise what it raises for wrong options."""
    words = [word for word in words if word != "--help"]
    group = typer.main.get_command(program.app)
    if words[0] == "run" and words[1] != "csv":

        def understood(*_args, **_options):
            raise Understood

        monkeypatch.setattr(RunFolder, "create", understood)
        with pytest.raises(Understood):
            group.main(words, prog_name="evolino", standalone_mode=False)
        return
    context = group.make_context("evolino", list(words))
    while hasattr(group, "resolve_command"):
        name, group, rest = group.resolve_command(context, words)
        context = group.make_context(name, list(rest), parent=context)
        words = rest


def check_other(words):
    """Check a command that is not ours as far as this repository knows it."""
    if words[0] == "make":
        targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text("utf-8"), flags=re.M)
        assert set(words[1:]) <= set(targets)
    elif words[:2] == ["pip", "install"]:
        for extra in re.findall(r"\[(\w+)\]", words[-1]):
            assert extra in EXTRAS
    elif words[0] == "python":
        assert words[1] == "-m"
        place = ROOT.joinpath(*words[2].split("."))
        assert place.is_dir() or place.with_suffix(".py").is_file()
    else:
        assert words[0] in OTHERS | SHELL, words


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_of_a_page_is_understood(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    write_files(tmp_path)
    for words in [*command_lines(page), *(["evolino", *w] for w in commands_in_text(page))]:
        if words[0] == "do":
            words = words[1:]
        if words[0] != "evolino":
            check_other(words)
            continue
        words = ["esp" if word == "$search" else word for word in words]
        try:
            parse(words[1:], monkeypatch)
        except Exception as error:
            raise AssertionError(f"{' '.join(words)}: {error!r}") from error


def test_pages_have_commands():
    assert len(pages_with("sh")) > 12
    assert sum(len(list(command_lines(page))) for page in PAGES) > 120


def test_a_wrong_option_would_be_noticed(tmp_path, monkeypatch):
    for words in (["run", "mso", "--sins", "2"], ["plot", "a", "--kinds", "run"],
                  ["run", "mso", "--sines", "0"], ["certifi", "a"]):  # fmt: skip
        with pytest.raises(Exception, match=r"(?i)no such|sines|certif"):
            parse(words, monkeypatch)


def test_every_reproduced_table_exists():
    tables = set()
    for page in PAGES:
        for words in [*command_lines(page), *commands_in_text(page)]:
            tables |= {b for a, b in pairwise(words) if a == "reproduce" and b != "all"}
    known = {file.stem for file in ROOT.glob("tasks/*/presets/*.toml")}
    assert len(tables) > 20
    assert not tables - known
