"""What kernels and their folders obey: few arguments, records, one meaning for a name."""

import ast
from collections import defaultdict
from pathlib import Path

import pytest

import evolino

PACKAGE = Path(evolino.__file__).parent
FOLDERS = ("simd", "solvers", "environments", "network")
MOST_ARGUMENTS, LONGEST_FUNCTION, LONGEST_FILE = 8, 60, 300
FILES = sorted(file for folder in FOLDERS for file in (PACKAGE / folder).rglob("*.py"))


def parsed(file):
    return ast.parse(file.read_text(encoding="utf-8"))


def functions_in(tree):
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]


def is_compiled(function):
    return any(
        isinstance(each, ast.Name) and each.id == "compiled"
        for each in function.decorator_list
    )


KERNELS = {f.name for file in FILES for f in functions_in(parsed(file)) if is_compiled(f)}


def test_there_are_kernels():
    assert {"drive", "run_freely", "count", "factorised", "solve_all"} <= KERNELS


@pytest.mark.parametrize(
    "file", FILES, ids=lambda file: file.relative_to(PACKAGE).as_posix()
)
def test_no_function_takes_more_than_eight_arguments_or_is_longer_than_a_screen(file):
    tree = parsed(file)
    assert len(file.read_text(encoding="utf-8").splitlines()) <= LONGEST_FILE
    for function in functions_in(tree):
        given = function.args
        count = len(given.posonlyargs + given.args + given.kwonlyargs)
        assert count <= MOST_ARGUMENTS, function.name
        assert given.vararg is None or not is_compiled(function), function.name
        length = function.end_lineno - function.lineno + 1
        assert length <= LONGEST_FUNCTION, function.name


def test_kernels_are_called_with_every_argument_by_itself():
    calls = [
        (file, node)
        for file in sorted(PACKAGE.rglob("*.py"))
        for node in ast.walk(parsed(file))
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", getattr(node.func, "attr", None)) in KERNELS
    ]
    assert calls
    starred = [
        f"{file}:{node.lineno}"
        for file, node in calls
        if any(isinstance(each, ast.Starred) for each in node.args)
    ]
    assert not starred


def test_a_constant_is_defined_in_one_place_of_these_folders():
    homes = defaultdict(list)
    for file in FILES:
        if "initialisers" in file.parts:  # each has settings of its own
            continue
        for node in parsed(file).body:
            targets = node.targets if isinstance(node, ast.Assign) else []
            names = [each for target in targets for each in ast.walk(target)]
            for each in names:
                if isinstance(each, ast.Name) and each.id.isupper():
                    homes[each.id].append(file.relative_to(PACKAGE).as_posix())
    assert homes["WIDTH"] == ["simd/vectors.py"]
    assert {name: files for name, files in homes.items() if len(files) > 1} == {}
