"""Laws of the pages made of a table's record."""

import copy
import math
from pathlib import Path

import pytest

from evolino.reports.markdown import RECALLED, inject, main, render_markdown
from evolino.reports.summary import quantile, summarise
from evolino.storage.json_text import read_json, write_json
from evolino.training.tables import load_table, tables


def finished(seed, value, **changes):
    return {
        "seed": seed,
        "status": "finished",
        "metrics": {"test_nrmse": value},
        "seconds": 2.0 + seed,
        "evaluations": 1000,
        "version": "0.1.0",
        "date": "2026-11-24",
        "environment": 0,
        **changes,
    }


def failed(seed):
    return {"seed": seed, "status": "failed", "error": "E: x", "date": "2026-11-25"}


@pytest.fixture
def record():
    published = {"metric": "test_nrmse", "value": 4.15e-3, "method": "Evolino, 10 cells"}
    return {
        "table": "mso-paper",
        "title": "Oscillators",
        "metric": "test_nrmse",
        "source": "IJCAI 2005",
        "notes": "What is known.",
        "command": "evolino reproduce mso-paper --seeds 4 --workers 2",
        "workers_per_seed": 1,
        "environments": [
            {"commit": "0123456789abcdef", "cpu": "A | B", "python": "3.13.1"}
        ],
        "rows": [
            {
                "label": "2 sines",
                "target": 4.15e-3,
                "published": [
                    {**published, "source": "table 2", "checked": False},
                    {**published, "source": "table 3", "checked": True},
                    {**published, "metric": "other", "source": "?", "checked": True},
                ],
                "baselines": {"AR(4)": {"test_nrmse": 1.3e-11}, "unevolved": {}},
                "seeds": [finished(k, v) for k, v in enumerate((1.1e-3, 2e-3, 4e-3, 8e-3))],
            }
        ],
    }


def test_median_quartiles_worst_and_solved(record):
    found = summarise(record["rows"][0], "test_nrmse")
    assert found.median == pytest.approx(3e-3)
    assert (found.lower, found.upper) == pytest.approx((1.775e-3, 5e-3))
    assert found.worst == 8e-3
    assert (found.solved, found.seeds, found.failed) == (3, 4, 0)
    assert (found.seconds, found.evaluations) == (3.5, 1000)


def test_a_target_that_is_met_exactly_is_solved(record):
    record["rows"][0]["seeds"] = [finished(0, 4.15e-3)]
    assert summarise(record["rows"][0], "test_nrmse").solved == 1


@pytest.mark.parametrize(
    "lost",
    [failed(4), finished(4, math.inf), finished(4, math.nan), finished(4, 0, metrics={})],
)
def test_whatever_gave_no_figure_counts_as_the_worst(record, lost):
    row = record["rows"][0]
    row["seeds"].append(lost)
    found = summarise(row, "test_nrmse")
    assert (found.median, found.worst) == (4e-3, math.inf)
    assert (found.solved, found.seeds) == (3, 5)


def test_an_interrupted_seed_does_not_count(record):
    row = record["rows"][0]
    before = summarise(row, "test_nrmse")
    row["seeds"].append({"seed": 9, "status": "interrupted"})
    assert summarise(row, "test_nrmse") == before


def test_quantiles_with_infinities():
    assert quantile([1, 2, math.inf], 0.5) == 2
    assert quantile([1, math.inf], 0.5) == math.inf
    assert quantile([math.inf, math.inf], 0.25) == math.inf
    assert math.isnan(quantile([], 0.5))
    assert quantile([3.0, 1.0, 2.0, 4.0], 0.25) == 1.75


def test_recalled_figures_are_marked_and_others_are_not(record):
    lines = render_markdown(record).splitlines()
    (recalled,) = [line for line in lines if "table 2" in line]
    (checked,) = [line for line in lines if "table 3" in line]
    assert RECALLED in recalled
    assert RECALLED not in checked
    assert "4.15e-3" in recalled
    assert not any("| ? |" in line for line in lines)


def test_the_page_tells_how_it_was_made(record):
    page = render_markdown(record)
    for part in (
        "`evolino reproduce mso-paper --seeds 4 --workers 2`",
        "seeds 0 to 3",
        "evolino 0.1.0 (0123456789)",
        "Python 3.13.1",
        "2026-11-24",
        "What is known.",
        "mso-paper.png",
        "**3e-3** [1.8e-3, 5e-3]",
        "3 of 4",
        "| AR(4) | 1.3e-11 |",
        "| unevolved | failed |",
    ):
        assert part in page


def test_a_failed_seed_is_shown_with_its_error(record):
    record["rows"][0]["seeds"].append(failed(4))
    page = render_markdown(record)
    assert "2 sines, seed 4 failed: E: x" in page
    assert "| failed |" in page
    assert "2026-11-24 to 2026-11-25" in page


def test_the_same_record_gives_the_same_bytes(record):
    before = copy.deepcopy(record)
    assert render_markdown(record) == render_markdown(copy.deepcopy(record))
    assert record == before


def test_a_row_without_seeds_is_not_run_yet(record):
    record["rows"][0]["seeds"] = []
    page = render_markdown(record)
    assert "not run yet" in page
    assert "median of 0 seeds" not in page


def test_every_line_of_a_table_has_as_many_cells(record):
    record["rows"][0]["label"] = "a | b"
    tables = [line for line in render_markdown(record).splitlines() if line[:1] == "|"]
    widths = {line.replace("\\|", "").count("|") for line in tables}
    assert widths == {5, 8}


TEXT = "Before\n<!-- results:mso-paper -->\nold\n<!-- /results -->\nAfter\n"


def test_a_table_is_put_between_its_markers_once_and_again(record, tmp_path):
    (tmp_path / "mso-paper.json").write_bytes(write_json(record))
    once = inject(TEXT, tmp_path)
    assert once.startswith("Before\n<!-- results:mso-paper -->\n**Oscillators**")
    assert once.endswith("\n<!-- /results -->\nAfter\n")
    assert "old" not in once
    assert inject(once, tmp_path) == once


def test_a_table_without_a_record_stays(tmp_path):
    assert inject(TEXT, tmp_path) == TEXT


def test_files_and_folders_are_renewed(record, tmp_path, capsys):
    (tmp_path / "mso-paper.json").write_bytes(write_json(record))
    docs = tmp_path / "docs"
    docs.mkdir()
    files = [tmp_path / "README.md", docs / "results.md"]
    for file in files:
        file.write_text(TEXT)
    arguments = [str(files[0]), str(docs), "--results", str(tmp_path)]
    assert main(arguments) == 0
    assert all("**Oscillators**" in file.read_text() for file in files)
    assert capsys.readouterr().out.split() == [str(file) for file in files]
    assert main(arguments) == 0
    assert capsys.readouterr().out == ""
    assert main([str(tmp_path / "none.md"), "--results", str(tmp_path)]) == 2


def test_a_record_of_another_kind_gets_no_page(record, tmp_path):
    (tmp_path / "benchmarks.json").write_bytes(write_json({"parts": {}}))
    assert main([str(tmp_path), "--results", str(tmp_path)]) == 0
    assert not (tmp_path / "benchmarks.md").exists()


@pytest.mark.parametrize(
    ("share", "shown"),
    [(0.9995, "0.9995"), (0.977, "0.98"), (1 - 1e-6, "0.999999"), (1 - 1e-14, "1")],
)
def test_almost_all_is_not_rounded_to_all(record, share, shown):
    record["rows"][0]["seeds"] = [finished(0, share), finished(1, share)]
    assert f"| **{shown}** [{shown}, {shown}] | {shown} |" in render_markdown(record)


def test_other_metrics_are_shown_with_their_range(record):
    assert "[range]" not in render_markdown(record)
    for entry, value in zip(record["rows"][0]["seeds"], (0.5, 0.25, 1.0), strict=False):
        entry["metrics"]["kick_1e-3"] = value
    record["rows"][0]["seeds"].append(failed(9))
    page = render_markdown({**record, "also": ["kick_1e-3", "never_measured"]})
    assert "|  | kick 1e-3: median [range] |" in page
    assert "| 2 sines | 0.5 [0.25, 1] |" in page
    assert "never" not in page


def test_a_table_shows_as_many_digits_as_it_says(record):
    assert "**3e-3**" in render_markdown(record)
    record["rows"][0]["seeds"] = [finished(0, 8.3872), failed(9)]
    assert "**failed**" in render_markdown({**record, "digits": 3})
    record["rows"][0]["seeds"] = [finished(0, 8.3872)]
    assert "**8.39** [8.39, 8.39]" in render_markdown({**record, "digits": 3})


def test_metrics_beside_the_one_compared_are_measured_by_the_task():
    checked = 0
    for name in tables():
        table = load_table(name)
        recorded = Path("results", f"{name}.json")
        if not table.also or not recorded.exists():
            continue
        seeds = [
            seed
            for row in read_json(recorded.read_bytes())["rows"]
            for seed in row["seeds"]
        ]
        for metric in table.also:
            assert any(metric in seed.get("metrics", {}) for seed in seeds), (name, metric)
            checked += 1
    assert checked
