"""The benchmarks run, record all their parts and make a page. No timing is judged here."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.__main__ import SUBJECTS
from benchmarks.page import render
from benchmarks.paired import QUICK, Effort, one_core, ratio, spread, take_turns
from benchmarks.peers import PEERS
from benchmarks.roofline import forward_bound
from benchmarks.targets import Target, targets

ROOT = Path(__file__).parents[2]
MACHINE = {
    "fma": 3e10,
    "bytes": {"L1": 2e11, "L2": 1e11},
    "sizes": {"L1": 32768, "L2": 1048576},
}


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("benchmarks") / "record.json"
    done = run("--quick", "--out", path)
    assert done.returncode == 0, done.stderr
    return path


@pytest.fixture
def record(path):
    return json.loads(path.read_text(encoding="utf-8"))


def spreads(value):
    """Every median with its quartiles, however deep."""
    if isinstance(value, dict):
        if "median" in value:
            yield value
        for each in value.values():
            yield from spreads(each)
    elif isinstance(value, list):
        for each in value:
            yield from spreads(each)


def test_the_record_has_every_part_and_what_it_was_measured_on(record):
    assert tuple(record["parts"]) == SUBJECTS
    assert record["quick"]
    assert record["cpu"] and record["python"] and record["date"]
    assert {"numpy", "numba", "jax", "torch"} <= set(record["packages"])


def test_every_figure_is_finite_and_lies_between_its_quartiles(record):
    found = list(spreads(record))
    assert found
    for each in found:
        assert math.isfinite(each["median"])
        assert each["lower"] <= each["median"] <= each["upper"]


def test_a_peer_is_measured_or_named_as_not_measured(record):
    part = record["parts"]["forward"]
    measured = set(part["rows"][0]["ratios"])
    assert measured | set(part["not_measured"]) == {name for name, *_ in PEERS}
    assert not measured & set(part["not_measured"])
    page = render(record)
    assert all(name in page for name, *_ in PEERS)


def test_the_page_has_every_target_and_no_hole(path, record, tmp_path):
    page = tmp_path / "performance.md"
    done = run("--out", path, "--page", page)
    assert done.returncode == 0, done.stderr
    text = page.read_text(encoding="utf-8")
    for target in targets(record["parts"]):
        assert f"| {target.what} |" in text
    assert "nan" not in text.lower()
    assert "A quick run" in text


def test_a_part_that_was_left_out_is_named_as_not_measured(record):
    found = {**record, "parts": {}}
    assert render(found).count("\nNot measured.\n") == len(SUBJECTS)
    assert all(each.met is None for each in targets({}))


def test_one_subject_is_renewed_and_the_others_are_kept(path, record, tmp_path):
    copy = tmp_path / "record.json"
    copy.write_bytes(path.read_bytes())
    assert run("--quick", "--only", "roofline", "--out", copy).returncode == 0
    parts = json.loads(copy.read_text(encoding="utf-8"))["parts"]
    assert parts["forward"] == record["parts"]["forward"]
    assert parts["roofline"] != record["parts"]["roofline"]


def test_an_unknown_subject_is_refused():
    done = run("--only", "forwards")
    assert done.returncode == 2
    assert "no subject 'forwards'; valid: roofline, forward" in done.stderr


def test_calls_take_turns_and_each_round_begins_with_another():
    heard = []
    calls = {name: (lambda name=name: heard.append(name)) for name in "abc"}
    samples = take_turns(calls, Effort(rounds=3, least=3, sample=0.0))
    assert {name: len(each) for name, each in samples.items()} == dict.fromkeys("abc", 3)
    assert "".join(heard[-9:]) == "abcbcacab"


def test_a_comparison_ends_when_its_seconds_are_over():
    samples = take_turns({"a": lambda: None}, Effort(rounds=50, least=4, seconds=0.0))
    assert len(samples["a"]) == 4
    assert len(take_turns({"a": lambda: None}, QUICK)["a"]) == 1


def test_ratios_are_taken_round_by_round():
    found = ratio([1.0, 20.0, 3.0], [1.0, 10.0, 1.0])
    assert found == spread([1.0, 2.0, 3.0]) == {"median": 2.0, "lower": 1.5, "upper": 2.5}


def test_a_core_is_given_back():
    before = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    with one_core():
        assert before is None or len(os.sched_getaffinity(0)) == 1
    assert before is None or os.sched_getaffinity(0) == before


def test_the_roofline_falls_with_size_and_rises_with_shared_weights():
    bounds = [forward_bound(MACHINE, cells, 4)[0] for cells in (5, 10, 20, 40, 100)]
    assert bounds == sorted(bounds, reverse=True)
    assert forward_bound(MACHINE, 5, 4)[1] == "arithmetic"
    assert forward_bound(MACHINE, 100, 4)[1] == "L2"
    assert forward_bound(MACHINE, 100, 4, shared=8)[0] > bounds[-1]


@pytest.mark.parametrize(
    ("least", "median", "met"), [(True, 2.0, True), (True, 1.0, False), (False, 1.0, True)]
)
def test_a_target_is_met_by_its_median(least, median, met):
    target = Target("start", "it", 1.5, spread([median]), least=least)
    assert target.met is met
