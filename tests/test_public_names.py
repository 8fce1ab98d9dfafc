"""What README, docs and examples need is imported from `evolino` alone, and documented."""

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import evolino
from evolino.registry import KINDS, find, names

ROOT = Path(__file__).parents[1]
DOCS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))


def codes():
    """Yield (where, code) of every example and every block of Python in the docs."""
    for file in EXAMPLES:
        yield file.name, file.read_text(encoding="utf-8")
    for page in DOCS:
        blocks = re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.S)
        for number, block in enumerate(blocks, start=1):
            yield f"{page.name}:{number}", block


CODES = dict(codes())


def used(code):
    """Yield the modules that code imports names from, and the names of evolino it uses."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, None
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield node.module, alias.name
        elif isinstance(node, ast.Attribute) and ast.unparse(node.value) == "evolino":
            yield "evolino", node.attr


def test_docs_and_examples_have_code():
    assert {"README.md:1", "how-to.md:1", "own_task.py"} <= set(CODES)


@pytest.mark.parametrize("where", CODES)
def test_code_of_docs_and_examples_needs_evolino_alone_and_finds_its_names(where):
    for module, name in used(CODES[where]):
        assert not module.startswith("evolino."), module
        assert module != "evolino" or name is None or name in evolino.__all__


@pytest.mark.parametrize("page", DOCS, ids=lambda path: path.name)
def test_pages_name_no_module_below_evolino_as_something_to_call(page):
    text = page.read_text(encoding="utf-8")
    assert not re.findall(r"`evolino(?:\.[a-z_]+)+\.\w+\(", text)
    for name in re.findall(r"\bevolino\.([A-Za-z_]\w*)\(", text):
        assert name in evolino.__all__, name


def test_every_public_name_loads():
    for name in evolino.__all__:
        assert getattr(evolino, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'Evolinoo'"):
        _ = evolino.Evolinoo


def test_no_module_takes_the_place_of_a_public_name():
    """A module `evolino.x`, once imported, is what `evolino.x` means."""
    modules = {each.stem for each in (ROOT / "evolino").iterdir()}
    assert modules & set(evolino.__all__) == {"plots"}


def test_star_imports_and_dir_give_the_public_names():
    found = {}
    exec("from evolino import *", found)
    assert set(evolino.__all__) <= set(found)
    assert set(dir(evolino)) == {*evolino.__all__, "__version__"}


def test_asking_for_a_name_loads_its_own_module_alone():
    code = (
        "import sys, evolino; evolino.Budget; "
        "print(sorted({'sklearn', 'matplotlib', 'deap', 'mido'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


@pytest.mark.parametrize("kind", KINDS)
def test_every_class_with_a_name_on_the_command_line_is_public(kind):
    for name in names(kind):
        found = find(kind, name)
        assert getattr(evolino, found.__name__) is found


def test_every_public_name_stands_in_the_reference():
    page = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"`([A-Za-z]\w*)(?:\([^`]*\))?`", page))
    assert set(evolino.__all__) <= listed


def signatures():
    """Return public name -> function, the public methods of classes included."""
    found = {}
    for name in evolino.__all__:
        public = getattr(evolino, name)
        if inspect.isclass(public):
            for part, method in vars(public).items():
                method = getattr(method, "__func__", method)
                method = method.fget if isinstance(method, property) else method
                if inspect.isfunction(method) and not part.startswith("_"):
                    found[f"{name}.{part}"] = method
            public = public.__init__
        if inspect.isfunction(public) and public.__module__.startswith("evolino"):
            found[name] = public
    return found


SIGNATURES = signatures()


@pytest.mark.parametrize("name", SIGNATURES)
def test_public_signatures_say_what_they_take_and_give(name):
    """Neither unannotated nor Any, alone or as one of several."""
    signature = inspect.signature(SIGNATURES[name])
    kinds = {key: each.annotation for key, each in signature.parameters.items()}
    kinds["return"] = signature.return_annotation
    for argument in {"self", "cls"} & set(kinds):
        del kinds[argument]
    assert inspect.Parameter.empty not in kinds.values()
    for argument, kind in kinds.items():
        assert "Any" not in re.split(r"\s*\|\s*", str(kind)), argument


def test_where_values_are_a_few_words_the_signature_lists_them():
    """A `str` is a name, a path or a text of the caller's; its default is no choice."""
    free = {
        "language": "one of a table of patterns that grows",
        "waveform": "a name or a file",
        "grid": "a name or a file",
        "train": "a selection of strings",
        "env": "an id of anyone's environment",
        "experiment": "a name of the caller's in MLflow",
    }
    for name, function in SIGNATURES.items():
        for argument, each in inspect.signature(function).parameters.items():
            chosen = isinstance(each.default, str) and "str" in str(each.annotation)
            assert not chosen or not each.default or argument in free, (name, argument)
