"""Examples in docstrings run and print what they show."""

import doctest
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OTHER_LIBRARIES = "evolino/estimators/adapters"  # `make adapters` runs these


def modules_with_examples():
    for file in sorted((ROOT / "evolino").rglob("*.py")):
        name = file.relative_to(ROOT).as_posix()
        if ">>> " in file.read_text(encoding="utf-8") and OTHER_LIBRARIES not in name:
            yield name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    for file in sorted((ROOT / "tasks").rglob("*.py")):
        if ">>> " in file.read_text(encoding="utf-8"):
            name = file.relative_to(ROOT).with_suffix("").as_posix()
            yield "evolino." + name.replace("/", ".")


MODULES = sorted(set(modules_with_examples()))


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_are_right(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    results = doctest.testmod(
        importlib.import_module(name),
        optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE,
    )
    assert results.attempted
    assert not results.failed
