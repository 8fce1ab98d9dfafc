"""Every block of Python in README and docs runs; every kind of block is known."""

import doctest
import re

import pytest

from evolino.training import train as training
from evolino.training.experiment import Budget
from tests.support.pages import GIVEN, KINDS, PAGES, blocks, pages_with, write_files


@pytest.fixture
def small_budgets(monkeypatch):
    """Trainings of pages that name no budget end after two generations."""
    original = training.train

    def train(task, *, budget=None, **options):
        return original(task, budget=budget or Budget(generations=2), **options)

    monkeypatch.setattr(training, "train", train)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_block_is_of_a_kind_that_is_tried(page):
    fences = re.findall(r"^```(\S+)$", page.read_text(encoding="utf-8"), flags=re.M)
    assert set(fences) <= KINDS


@pytest.mark.parametrize("page", pages_with("python"), ids=lambda page: page.name)
def test_the_python_of_a_page_runs(page, small_budgets, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    # A store of files: MLflow's database takes seconds to begin.
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"file:{tmp_path / 'runs'}")
    write_files(tmp_path)
    names = {"__name__": "page"}
    exec(GIVEN.get(page.name, ""), names)
    for number, block in enumerate(blocks(page, "python"), start=1):
        exec(compile(block, f"{page.name}, block {number}", "exec"), names)


@pytest.mark.parametrize("page", pages_with("pycon"), ids=lambda page: page.name)
def test_the_console_of_a_page_runs(page, small_budgets, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    names = {}
    exec(GIVEN.get(page.name, ""), names)
    for block in blocks(page, "python"):
        exec(block, names)
    for block in blocks(page, "pycon"):
        for example in doctest.DocTestParser().get_examples(block):
            kind = "eval" if _is_expression(example.source) else "exec"
            result = eval(compile(example.source, page.name, kind), names)
            assert not example.want or example.want.strip() == repr(result)


def _is_expression(source):
    try:
        compile(source, "", "eval")
    except SyntaxError:
        return False
    return True
