"""Laws of the README's first table: every figure is read from the records."""

import math

import pytest

from evolino.reports.front import MOST, front_table
from evolino.reports.markdown import inject, main
from evolino.storage.json_text import write_json


def seed(value, status="finished", **more):
    return {
        "status": status,
        "metrics": {"error": value},
        "seconds": 9.0,
        "evaluations": 50,
        **more,
    }


def published(value, method, metric="error"):
    return {"value": value, "method": method, "metric": metric}


RECORD = {
    "metric": "error",
    "rows": [
        {
            "label": "small",
            "published": [
                published(0.5, "A"),
                published(0.4, "B"),
                published(0.1, "C", "other"),
            ],
            "baselines": {
                "mean": {"error": 0.9, "solved": 0.0},
                "AR(4)": {"error": 0.3, "solved": 0.0},
                "unevolved, median of 20 draws": {"error": 0.0},
                "random search, equal evaluations": {"error": 0.6, "solved": 0.0},
            },
            "seeds": [seed(0.1), seed(0.2), seed(0.0, "failed")],
        }
    ],
}
LISTED = '[[rows]]\ntask = "toys"\ntable = "toy"\nrow = "small"\n'


@pytest.fixture
def results(tmp_path):
    (tmp_path / "toy.json").write_bytes(write_json(RECORD))
    (tmp_path / "front.toml").write_text(LISTED)
    return tmp_path


def cells(table):
    return [cell.strip() for cell in table.splitlines()[2].strip("|").split("|")]


def test_a_row_has_the_best_published_the_median_and_the_best_trivial_method(results):
    assert cells(front_table(results)) == [
        "toys", "0.4, B", "**0.2** (3 seeds)", "0.6", "0.3, AR(4)", "9*",
    ]  # fmt: skip


def test_a_failed_seed_counts_as_worse_than_any(results):
    record = {**RECORD, "rows": [{**RECORD["rows"][0]}]}
    record["rows"][0]["seeds"] = [seed(0.1), seed(math.nan, "failed")]
    (results / "toy.json").write_bytes(write_json(record))
    assert cells(front_table(results))[2] == "**failed** (2 seeds)"


def test_where_more_is_better_the_most_is_the_best(results):
    (results / "toy.json").write_bytes(write_json({**RECORD, "higher_is_better": True}))
    assert cells(front_table(results))[1:5] == [
        "0.5, A", "**0.1** (3 seeds)", "0.6", "0.9, mean",
    ]  # fmt: skip


def test_evaluations_are_compared_and_baselines_solve_the_task_or_not(results):
    (results / "front.toml").write_text(f'{LISTED}metric = "evaluations"\n')
    assert cells(front_table(results))[1:5] == [
        "", "**50** (3 seeds)", "not solved", "not solved",
    ]  # fmt: skip


def test_cpu_seconds_are_shown_where_all_seeds_know_them(results):
    record = {
        **RECORD,
        "rows": [{**RECORD["rows"][0], "seeds": [seed(0.1, cpu_seconds=2)]}],
    }
    (results / "toy.json").write_bytes(write_json(record))
    assert cells(front_table(results))[5] == "2"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rows = 1 = 2", "must list"),
        ("other = 1", "must list"),
        (LISTED.replace("small", "large"), "toy has no row 'large'"),
        (f'{LISTED}colour = "red"\n', "unknown field colour"),
        (LISTED * (MOST + 1), f"at most {MOST} rows, got {MOST + 1}"),
    ],
)
def test_a_list_that_cannot_be_read_is_refused(results, text, message):
    (results / "front.toml").write_text(text)
    with pytest.raises(ValueError, match=message):
        front_table(results)


def test_the_table_stands_between_its_markers(results, capsys):
    page = results / "README.md"
    page.write_text("A\n<!-- front -->\nold\n<!-- /front -->\nB\n")
    assert main([str(page), "--results", str(results)]) == 0
    text = page.read_text()
    assert text.startswith("A\n<!-- front -->\n| task")
    assert text.endswith("|\n<!-- /front -->\nB\n")
    assert inject(text, results) == text


@pytest.mark.parametrize("marker", ["results:toy", "front"])
def test_a_marker_without_its_end_is_refused(results, marker, capsys):
    page = results / "page.md"
    page.write_text(f"A\n<!-- {marker} -->\nold\n")
    assert main([str(page), "--results", str(results)]) == 2
    assert f"the marker {marker} has no end" in capsys.readouterr().err
    assert page.read_text().endswith("old\n")


def test_the_table_of_this_project_is_what_its_records_give():
    """README is never older than results/."""
    from pathlib import Path

    root = Path(__file__).parents[2]
    text = (root / "README.md").read_text(encoding="utf-8")
    assert front_table(root / "results") in text
    first_screen = text.split("## When not to use it")[0]
    assert len(first_screen.splitlines()) <= 60
