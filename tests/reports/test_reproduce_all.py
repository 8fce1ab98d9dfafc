"""Laws of making all tables again: nothing is left out without a word."""

import json
import math

import pytest

from evolino.reports import reproduce_all as module
from evolino.reports.reproduce_all import plan, reproduce_all
from evolino.training.tables import load_table, tables


@pytest.fixture
def known(tmp_path):
    """Records in which one row takes 19 s a seed and the next 21 s."""
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
                    "evaluations": 8,
                }
            ],
        }
        for label, cost in zip(labels, (19.0, 21.0), strict=False)
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


def test_the_fast_budget_leaves_out_what_takes_long_and_what_is_not_known(known):
    found = part(plan("fast", known), "mso-paper")
    labels = [row.label for row in found.table.rows]
    assert (found.seeds, found.rows) == (3, (labels[0],))
    costs = dict(found.left_out)
    assert costs.pop(labels[1]) == 21.0
    assert all(math.isnan(cost) for cost in costs.values())
    assert set(costs) == set(labels[2:])


def test_every_table_is_said_with_what_is_left_out(known, tmp_path, monkeypatch):
    made = []
    monkeypatch.setattr(module, "reproduce", lambda name, **how: made.append((name, how)))
    lines = []
    reproduce_all("fast", workers=2, out=tmp_path, known=known, say=lines.append)
    ((name, how),) = made
    first, second = (row.label for row in load_table("mso-paper").rows[:2])
    assert name == "mso-paper"
    assert how["rows"] == (first,)
    assert how["out"] == tmp_path / "fast"
    assert len(lines) == len(plan("fast", known))
    assert f"1 row over 3 seeds; left out: '{second}' (21 s a seed)" in lines[0]
    assert all("no row; left out: " in line for line in lines[1:])


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
