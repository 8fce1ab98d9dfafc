"""The map of the architecture and the glossary name files that exist, and every folder."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
MAP = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")


def named_in_the_tree():
    """The folders and files of the tree in docs/architecture.md, as paths from the root."""
    tree = MAP.split("```")[1]
    open_folders, folders, files = [], set(), set()
    for line in tree.strip().splitlines():
        depth = (len(line) - len(line.lstrip())) // 2
        first = line.split()[0]
        open_folders = open_folders[:depth]
        if first.endswith("/"):
            open_folders.append(first.rstrip("/"))
            folders.add("/".join(open_folders))
        for name in re.findall(r"(?<![\w/])\w+\.py\b", line):
            files.add("/".join([*open_folders, name]))
    return folders, files


def test_every_file_of_the_tree_exists():
    _, files = named_in_the_tree()
    assert len(files) > 150
    assert not sorted(name for name in files if not (ROOT / name).is_file())


def test_every_module_stands_in_the_tree():
    _, files = named_in_the_tree()
    places = [*(ROOT / "evolino").rglob("*.py"), *(ROOT / "tasks").rglob("*.py")]
    here = {each.relative_to(ROOT).as_posix() for each in places}
    here = {name for name in here if not name.startswith("evolino/tasks/")}
    assert len(here) > 200
    assert not {name for name in here if not name.endswith("__init__.py")} - files


def test_every_folder_of_the_package_stands_in_the_tree():
    folders, _ = named_in_the_tree()
    places = [*(ROOT / "evolino").rglob("__init__.py"), *(ROOT / "tasks").rglob("*.py")]
    here = {place.parent.relative_to(ROOT).as_posix() for place in places}
    here = {name for name in here if not name.startswith("evolino/tasks")}
    assert not here - folders


def test_every_file_of_the_glossary_exists_and_every_term_has_one():
    rows = re.findall(r"^\| (?!term|---)(.*) \|$", GLOSSARY, flags=re.M)
    assert len(rows) > 50
    for row in rows:
        term, meaning, _, _, file = (cell.strip() for cell in row.split("|"))
        assert meaning, term
        assert (ROOT / file.strip("`")).is_file(), row


def test_no_term_of_the_glossary_stands_twice():
    terms = re.findall(r"^\| (?!term|---)(.*?) \|", GLOSSARY, flags=re.M)
    assert len(terms) == len(set(terms))
