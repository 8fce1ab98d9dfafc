"""Laws of rows that are cut to a budget of CPU seconds."""

import json

import pytest

from evolino.reports.row_costs import RowCost, costs_of_rows, cut_to
from evolino.training.tables import load_table, tables


def row(table, number=0):
    return load_table(table).rows[number]


def test_a_row_that_no_seed_made_longer_stays_as_it_is():
    first = row("mso-paper")
    assert cut_to(first, RowCost((1.0, 3.0), (10, 30)), 3.0) == (first, "")


def test_evaluations_are_what_the_limit_pays_for_by_the_record():
    less, said = cut_to(
        row("mackey-glass-paper"), RowCost((150.0, 90.0), (30000, 30000)), 3.0
    )
    assert less.experiment(4).budget.evaluations == 750
    assert said == "750 of 30,000 evaluations"
    _, said = cut_to(row("mackey-glass-paper"), RowCost((100.0,), (20,)), 3.0)
    assert said == "1 of 30,000 evaluations"


def test_gradients_of_a_refinement_are_cut_with_the_evaluations():
    whole = row("mackey-glass-refined")
    less, said = cut_to(whole, RowCost((100.0,), (40,)), 5.0)
    before, after = whole.experiment(0), less.experiment(0)
    assert after.refine.steps == before.refine.steps // 20
    assert after.budget.evaluations == 2
    assert "gradients" in said and "evaluations" in said


def test_a_row_that_cannot_be_cut_so_far_says_why():
    with pytest.raises(ValueError, match=r"^no record$"):
        cut_to(row("mso-paper"), RowCost(), 3.0)
    with pytest.raises(ValueError, match=r"^20 s an evaluation$"):
        cut_to(row("mackey-glass-paper"), RowCost((400.0,), (20,)), 3.0)
    with pytest.raises(ValueError, match=r"^90000 s a seed$"):
        cut_to(row("mackey-glass-refined"), RowCost((9e4,), (40,)), 3.0)


OF_A_USER = "series-best", "music-best"  # need a file


@pytest.mark.parametrize("name", [each for each in tables() if each not in OF_A_USER])
def test_every_row_cut_to_a_tenth_is_an_experiment_of_less(name):
    for whole in load_table(name).rows:
        before = whole.experiment(0)
        count = max(before.budget.evaluations or 0, 10)
        cost = RowCost((10.0,), (count,))
        if before.refine is None and before.budget.evaluations == before.ensemble > 1:
            # All that it draws answer together: nothing can be cut, so it is left out.
            with pytest.raises(ValueError, match="10 s a seed for"):
                cut_to(whole, cost, 1.0)
            continue
        less, said = cut_to(whole, cost, 1.0)
        after = less.experiment(0)
        budgets = [
            (getattr(before.budget, name), getattr(after.budget, name))
            for name in ("evaluations", "generations")
        ]
        assert all(new is None or 1 <= new <= old for old, new in budgets)
        assert said or any(old == 1 for old, _ in budgets)
        assert (less.label, less.published) == (whole.label, whole.published)


def test_costs_are_read_from_a_record(tmp_path):
    seeds = [
        {"status": "finished", "seconds": 2.0, "evaluations": 10},
        {"status": "finished", "seconds": 9.0, "cpu_seconds": 6.0, "evaluations": 20,
         "job_cpu_seconds": 7.5},
        {"status": "failed"},
    ]  # fmt: skip
    record = {"workers_per_seed": 2, "rows": [{"label": "a", "seeds": seeds}]}
    path = tmp_path / "t.json"
    assert costs_of_rows(path) == {}
    path.write_text(json.dumps(record))
    (cost,) = costs_of_rows(path).values()
    assert cost == RowCost((4.0, 6.0), (10, 20), 1.5)
    assert cost.expected() == 6.5
    assert cost.expected(limit=5.0) == 6.0
