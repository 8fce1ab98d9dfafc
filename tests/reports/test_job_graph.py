"""Laws of many tables by one pool of processes, with a runner that takes no time."""

import dataclasses
import json

import pytest

from evolino.reports.job_graph import JobGraph
from evolino.reports.reproduce import Reproduction
from evolino.training.tables import load_table
from tests.support.instant import Instant

NAMES = "mso-paper", "mso-best"


def table(name):
    """A table of two rows."""
    whole = load_table(name)
    return dataclasses.replace(whole, rows=whole.rows[:2])


@pytest.fixture
def made(tmp_path):
    """A function: makes two tables of two rows together; returns what was called."""

    def make(cost=lambda job: 1.0, workers=1, **how):
        log = tmp_path / "log"
        log.write_text("")
        runner = Instant(log, **how)
        parts = [
            Reproduction(table(name), range(2), 1, tmp_path, runner, command="all of it")
            for name in NAMES
        ]
        JobGraph(parts, runner, cost, workers).run("all tables", quiet=True)
        return log.read_text().splitlines()

    make.record = lambda name: json.loads((tmp_path / f"{name}.json").read_text())
    make.path = tmp_path
    return make


def test_every_seed_and_baseline_of_every_table_is_made_once(made):
    calls = made(workers=2)
    assert sum(call.startswith("start") for call in calls) == 8
    assert sum(call.startswith("baselines") for call in calls) == 4
    for name in NAMES:
        record = made.record(name)
        assert record["command"] == "all of it"
        for row in record["rows"]:
            assert [entry["status"] for entry in row["seeds"]] == ["finished"] * 2
            assert all(entry["job_cpu_seconds"] >= 0 for entry in row["seeds"])
            assert row["baselines"]
        assert (made.path / f"{name}.png").exists()
    assert made() == []


def test_the_dearest_job_comes_first_and_baselines_after_all_seeds_of_their_row(made):
    dear = [row.label for row in table("mso-best").rows]
    calls = made(cost=lambda job: float(job.label == dear[1]))
    kinds = [call.split()[:3] for call in calls]
    dearest = str(table("mso-best").rows[1].experiment(0).task.sines)
    assert kinds[:3] == [
        ["start", dearest, "0"],
        ["start", dearest, "1"],
        ["baselines", dearest, "0"],
    ]


def test_a_seed_that_fails_costs_itself_alone(made):
    made(fails=(1,))
    for name in NAMES:
        for row in made.record(name)["rows"]:
            assert [entry["status"] for entry in row["seeds"]] == ["finished", "failed"]
            assert row["baselines"]


def test_an_interrupt_ends_all_and_the_next_call_goes_on(made):
    with pytest.raises(KeyboardInterrupt):
        made(interrupted=(1,))
    records = [made.path / f"{name}.json" for name in NAMES]
    kept = sum(
        len(row["seeds"])
        for path in records
        if path.exists()
        for row in json.loads(path.read_text())["rows"]
    )
    calls = made()
    assert kept > 0
    assert sum(call.startswith(("start", "resume")) for call in calls) == 8 - kept
    assert all(
        len(row["seeds"]) == 2 for name in NAMES for row in made.record(name)["rows"]
    )
