"""Tests can fail: none ends early, or asserts only where an `if` or a search finds some.

What is looked at is the text of the tests.
"""

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
FILES = sorted(TESTS.rglob("test_*.py"))
INNER = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
# Calls that give what was found, which may be nothing.
FINDS = {"filter", "findall", "finditer", "flatnonzero", "glob", "rglob", "iterdir"}


def functions_of(file):
    """Return the test functions of a file."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    found = [each for each in ast.walk(tree) if isinstance(each, ast.FunctionDef)]
    return [each for each in found if each.name.startswith("test_")]


def own(node):
    """Return the nodes of a function, none of functions inside of it."""
    nodes = []
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, INNER):
            nodes += [child, *own(child)]
    return nodes


def found(iterable):
    """Return whether an iterable is what was found, or what passed a filter."""
    for node in ast.walk(iterable):
        if isinstance(node, ast.comprehension) and node.ifs:
            return True
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in FINDS:
            return True
    return False


def only_sometimes(test):
    """Return what of a test stands under an `if`, or in a loop over what was found.

    What an earlier assertion names is known to be there.
    """
    nodes = own(test)
    asserted = {n.id for a in nodes if isinstance(a, ast.Assert) for n in ast.walk(a.test)
                if isinstance(n, ast.Name)}  # fmt: skip
    loose = {ast.unparse(each.targets[0]) for each in nodes
             if isinstance(each, ast.Assign) and found(each.value)} - asserted  # fmt: skip
    inside = []
    for node in nodes:
        if isinstance(node, ast.If) and not node.orelse:
            inside += own(node)
        if isinstance(node, ast.For):
            names = {n.id for n in ast.walk(node.iter) if isinstance(n, ast.Name)}
            if found(node.iter) or names & loose:
                inside += own(node)
    return set(inside)


def checks(node):
    """Return whether a node asserts, or calls what raises unless all is well."""
    called = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
    known = ("np.testing.", "pytest.raises", "pytest.warns")
    return isinstance(node, ast.Assert) or called.startswith(known)


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(TESTS)))
def test_no_test_ends_early(file):
    for test in functions_of(file):
        early = [node.lineno for node in own(test) if isinstance(node, ast.Return)]
        assert not early, f"{test.name}: filter the parameters instead of returning"


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(TESTS)))
def test_no_test_asserts_only_sometimes(file):
    for test in functions_of(file):
        asserts = set(filter(checks, own(test)))
        assert not asserts or asserts - only_sometimes(test), test.name


def test_what_is_called_slow_exists():
    for line in (TESTS / "slow.txt").read_text(encoding="utf-8").split():
        place, _, name = line.partition("::")
        assert (TESTS / place).exists(), line
        assert not name or f"def {name}(" in (TESTS / place).read_text(encoding="utf-8")


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(TESTS)))
def test_nothing_is_skipped_and_no_time_is_asserted(file):
    text = file.read_text(encoding="utf-8")
    for word in ("pytest.skip", "mark.skip", "importorskip", "xfail", "perf_counter"):
        assert file == Path(__file__) or word not in text
