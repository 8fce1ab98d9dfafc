"""The page of what is won and lost: verdicts by quartiles, counts, names of what wins."""

import json

import pytest

from evolino.reports.standing import standing, verdict_of
from evolino.reports.summary import summarise


def row_of(values, baselines=(), published=(), label="a row"):
    return {
        "label": label,
        "target": None,
        "baselines": dict(baselines),
        "published": list(published),
        "seeds": [
            {"seed": k, "status": "finished", "metrics": {"m": value}, "seconds": 1.0,
             "evaluations": 10}
            for k, value in enumerate(values)
        ],
    }  # fmt: skip


def page(tmp_path, *rows, higher=False):
    record = {"title": "T", "metric": "m", "higher_is_better": higher, "rows": list(rows)}
    (tmp_path / "t.json").write_text(json.dumps(record))
    (tmp_path / "other.json").write_text("{}")
    return standing(tmp_path)


@pytest.mark.parametrize(
    ("value", "higher", "verdict"),
    [
        (5.0, False, "wins"), (2.0, False, "level"), (0.5, False, "loses"),
        (0.5, True, "wins"), (2.0, True, "level"), (5.0, True, "loses"),
    ],
)  # fmt: skip
def test_a_verdict_compares_with_both_quartiles(value, higher, verdict):
    found = summarise(row_of([1.0, 2.0, 3.0]), "m", higher_is_better=higher)
    assert verdict_of(found, value, higher=higher) == verdict


def test_two_roundings_are_level():
    found = summarise(row_of([1e-13, 2e-13, 3e-13]), "m")
    assert verdict_of(found, 1e-15, higher=False) == "level"


def test_seeds_that_failed_are_worse_than_any_other_method():
    row = row_of([1.0, 1.0, 1.0])
    row["seeds"][1] = {"status": "failed"}
    assert verdict_of(summarise(row, "m"), 100.0, higher=False) == "level"
    row["seeds"] = [{"status": "failed"}] * 3
    assert verdict_of(summarise(row, "m"), 100.0, higher=False) == "loses"


def test_the_page_counts_and_names_what_wins(tmp_path):
    others = {"AR(4)": {"m": 0.1}, "AR(16)": {"m": 0.2}, "zero": {"m": 9.0}}
    best = [{"metric": "m", "value": 0.05, "method": "ESN, large"}]
    text = page(
        tmp_path,
        row_of([1.0, 2.0, 3.0], others),
        row_of([1.0, 2.0, 3.0], others, best),
        row_of([1.0, 2.0, 3.0], {"zero": {"m": 9.0}}),
        row_of([1.0], label="alone"),
        row_of([], label="not run"),
    )
    assert "Of 3 rows" in text
    assert "**wins 1**, is level in 0 and **loses 2**, to: AR (1), ESN (1)." in text
    assert "| loses to AR(4) |" in text
    assert "| loses to ESN, large |" in text
    assert "| alone | 1 [1, 1] |  |  |  |" in text
    assert "not run" not in text


def test_where_nothing_wins_nothing_is_named(tmp_path):
    text = page(tmp_path, row_of([0.9], {"zero": {"m": 0.1}}), higher=True)
    assert "**wins 1**, is level in 0 and **loses 0**." in text
