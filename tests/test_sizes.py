"""A file fits a sitting, a function a screen, a call a line."""

import ast
import statistics
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LINES_OF_A_FILE, LINES_OF_A_FUNCTION, POSITIONAL = 300, 60, 8
FILES = sorted(
    file
    for folder in ("evolino", "tasks")
    for file in (ROOT / folder).rglob("*.py")
    if not file.is_relative_to(ROOT / "evolino" / "tasks")
)


def functions(file):
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def documented(node):
    """Return the lines of a docstring, which `help` shows without the function; its
    signature and its code are what must fit the screen."""
    first = node.body[0]
    is_docstring = ast.get_docstring(node) is not None
    return first.end_lineno - first.lineno + 1 if is_docstring else 0


def test_no_file_is_longer_than_300_lines(record_property):
    lines = {file: len(file.read_text(encoding="utf-8").splitlines()) for file in FILES}
    record_property("median", statistics.median(lines.values()))
    too_long = {str(f): n for f, n in lines.items() if n > LINES_OF_A_FILE}
    assert not too_long, f"median of all files: {statistics.median(lines.values())}"


@pytest.mark.parametrize("folder", ["evolino", "tasks"])
def test_no_function_is_longer_than_60_lines_or_takes_more_than_8_positional_arguments(
    folder,
):
    own = [file for file in FILES if file.relative_to(ROOT).parts[0] == folder]
    assert own
    too_long, too_many = [], []
    for file in own:
        for node in functions(file):
            lines = node.end_lineno - node.lineno + 1 - documented(node)
            positional = len(node.args.posonlyargs) + len(node.args.args)
            if lines > LINES_OF_A_FUNCTION:
                too_long.append(f"{file}: {node.name}, {lines} lines")
            if positional > POSITIONAL:
                too_many.append(f"{file}: {node.name}, {positional} arguments")
    assert not too_long
    assert not too_many
