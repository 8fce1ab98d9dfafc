"""Laws of making all tables again: nothing is left out without a word."""

import dataclasses
import json

import pytest

from evolino.reports import reproduce_all as module
from evolino.reports.jobs import Job
from evolino.reports.reproduce_all import plan, reproduce_all
from evolino.training.tables import load_table, tables


@pytest.fixture
def known(tmp_path):
    """Records in which one row takes 2 s a seed and the next 30."""
    labels = [row.label for row in load_table("mso-paper").rows]
    rows = [
        {
            "label": label,
            "seeds": [
                {
                    "status": "finished",
                    "metrics": {"test_nrmse": 0.1},
                    "seconds": 100.0,
                    "cpu_seconds": cost,
                    "evaluations": 8000,
                }
            ],
        }
        for label, cost in zip(labels, (2.0, 30.0), strict=False)
    ]
    record = {"metric": "test_nrmse", "rows": rows}
    (tmp_path / "mso-paper.json").write_text(json.dumps(record))
    return tmp_path


def part(parts, name):
    return next(each for each in parts if each.table.name == name)


def test_the_full_budget_has_every_row_of_every_table_that_needs_no_file(known):
    parts = plan("full", known)
    assert {each.table.name for each in parts} == {
        name for name in tables() if load_table(name).task not in ("series", "music")
    }
    for each in parts:
        assert each.rows == tuple(row.label for row in each.table.rows)
        assert each.seeds == each.table.seeds
    assert part(parts, "pole-best").seeds == 50


def test_what_the_fast_budget_changes_in_every_row_is_run_and_said(known):
    costs = [{"label": row.label, "seeds": []} for row in load_table("languages-two").rows]
    for row in costs:
        row["seeds"] = [{"status": "finished", "seconds": 1.0, "evaluations": 9}]
    (known / "languages-two.json").write_text(json.dumps({"rows": costs}))
    found = part(plan("fast", known), "languages-two")
    assert all(row.experiment(0).task.limit == 200 for row in found.table.rows)
    assert "task.limit = 200" in found.table.notes
    assert "task.limit = 200" in module.described([found], 2.0, 1)[0]
    whole = part(plan("full", known), "languages-two")
    assert all(row.experiment(0).task.limit != 200 for row in whole.table.rows)


def test_a_folder_without_records_is_refused_by_the_fast_budget(tmp_path):
    with pytest.raises(ValueError, match="has none of any table"):
        reproduce_all("fast", workers=1, out=tmp_path, known=tmp_path, quiet=True)


def test_the_fast_budget_cuts_what_takes_long_and_leaves_out_what_is_not_known(known):
    found = part(plan("fast", known), "mso-paper")
    first, second, *others = (row.label for row in load_table("mso-paper").rows)
    assert (found.seeds, found.rows) == (3, (first, second))
    assert found.cut == {second: "3 of 50 generations"}
    assert found.left_out == dict.fromkeys(others, "no record")
    generations = [row.experiment(0).budget.generations for row in found.table.rows[:2]]
    assert generations == [50, 3]
    assert found.table.title.endswith("(fast budget)")
    assert f"Budget fast: 3 seeds; {second}: 3 of 50 generations; " in found.table.notes
    assert f"{others[0]}: not made (no record)" in found.table.notes


class Made:
    """Stands for the job graph: remembers the tables that it was given."""

    def __init__(self, tables, runner, priority, workers):
        self.tables, self.runner, self.priority = tables, runner, priority
        Made.last = self

    def run(self, title, *, quiet):
        pass


def test_every_table_is_said_with_what_is_cut_and_left_out(known, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "JobGraph", Made)
    lines = []
    paths = reproduce_all("fast", workers=2, out=tmp_path, known=known, say=lines.append)
    (table,) = Made.last.tables
    second = load_table("mso-paper").rows[1].label
    assert paths == [table.path] == [tmp_path / "fast" / "mso-paper.json"]
    assert Made.last.runner.quick == 1
    assert table.command == "evolino reproduce all --budget fast --workers 2"
    *each, total = lines
    assert len(each) == len(plan("fast", known))
    (said,) = [line for line in each if "mso-paper" in line]
    assert f"2 rows over 3 seeds; cut: '{second}' (3 of 50 generations); left out: " in said
    assert sum("no row; left out: " in line for line in each) == len(each) - 1
    assert "The seeds of 1 tables should take 0 minutes by 2 workers" in total


def test_the_full_budget_runs_rows_whose_seeds_need_all_workers_by_themselves(
    known, tmp_path, monkeypatch
):
    alone = []
    monkeypatch.setattr(module, "JobGraph", Made)
    monkeypatch.setattr(module, "reproduce", lambda name, **how: alone.append((name, how)))
    reproduce_all("full", workers=2, out=tmp_path, known=known, quiet=True)
    together = {each.table.name for each in Made.last.tables}
    assert not together & {name for name, _ in alone}
    assert all(load_table(name).seeds_in_parallel for name in together)
    assert all(not load_table(name).seeds_in_parallel for name, _ in alone)
    assert all(how["out"] == tmp_path / "" for _, how in alone)
    assert Made.last.runner.quick is None


@pytest.mark.parametrize(("budget", "ahead"), [("fast", 1), ("full", 0)])
def test_long_jobs_come_first_in_the_fast_budget_cheap_tables_in_the_full(
    budget, ahead, known, tmp_path, monkeypatch
):
    """One table has rows of 2 s and 30 s a seed; another is made known, of 1 s a seed."""
    record = json.loads((known / "mso-paper.json").read_text())
    for row, label in zip(record["rows"], load_table("mso-best").rows, strict=False):
        row["label"] = label.label
        row["seeds"][0]["cpu_seconds"] = 1.0
    (known / "mso-best.json").write_text(json.dumps(record))
    every = load_table("mso-paper"), load_table("mso-best")
    small = [dataclasses.replace(each, rows=each.rows[:2]) for each in every]
    monkeypatch.setattr(module, "tables", lambda: [each.name for each in small])
    monkeypatch.setattr(module, "load_table", {each.name: each for each in small}.get)
    monkeypatch.setattr(module, "JobGraph", Made)
    reproduce_all(budget, workers=2, out=tmp_path, known=known, quiet=True)

    def priority(table, row):
        return Made.last.priority(
            Job(table.rows[row].label, row, 0, None, None, table=table.name)
        )

    cheap, dear = priority(small[1], 0), priority(small[0], 1)
    assert (dear > cheap) == bool(ahead)


def test_only_the_rows_that_are_named_are_run_and_the_others_stay(tmp_path):
    from evolino.reports.reproduce import reproduce

    first, second, *others = (row.label for row in load_table("languages-paper").rows)
    how = {"workers": 1, "out": tmp_path, "quiet": True}
    reproduce("languages-paper", seeds=1, rows=[first], **how)
    path = reproduce("languages-paper", seeds=2, rows=[second], **how)
    rows = json.loads(path.read_text())["rows"]
    made = {row["label"]: [each["seed"] for each in row["seeds"]] for row in rows}
    assert made == {first: [0], second: [0, 1]} | {label: [] for label in others}
    page = path.with_suffix(".md").read_text()
    assert page.count("not run yet") == len(others)
