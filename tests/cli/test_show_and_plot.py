"""Laws of what is shown of a run."""

import json
import subprocess
import sys
from importlib.metadata import version

import pytest


@pytest.fixture
def finished(evolino, trainer, tmp_path):
    assert evolino("run", "mso", "--out", "r", "--quiet")[0] == 0
    return tmp_path / "r"


def test_a_run_stands_beside_published_figures_and_baselines(evolino, finished):
    status, out, _ = evolino("show", finished)
    lines = out.splitlines()
    assert status == 0
    assert "stopped by generations: 2" in out
    assert any("this run" in line and "1.5e-07" in line for line in lines)
    assert any("AR(10)" in line and "inf" in line for line in lines)
    published = [line for line in lines if "Evolino, 20 cells" in line]
    assert ["recalled, not checked" in line for line in published] == [True, False]


def test_many_metrics_stand_one_below_another_and_none_is_cut(evolino, finished):
    file = finished / "result.json"
    result = json.loads(file.read_text())
    many = {f"a_rather_long_metric_{k}": k + 0.125 for k in range(15)}
    result["metrics"] |= many
    for figures in result["baselines"].values():
        figures |= {name: value + 100 for name, value in many.items()}
    file.write_text(json.dumps(result))
    status, out, _ = evolino("show", finished)
    lines = out.splitlines()
    assert status == 0
    for name, value in many.items():
        (line,) = (line for line in lines if name in line.split())
        count = len(result["baselines"])
        assert line.split()[1:] == [f"{value:.3g}", *[f"{value + 100:.3g}"] * count]
    assert any("Evolino, 20 cells" in line and "recalled" in line for line in lines)


def test_an_unfinished_run_says_how_far_it_is(evolino, finished):
    (finished / "result.json").unlink()
    status, out, _ = evolino("show", finished)
    assert status == 0
    assert "not finished: 2 generations, 200 evaluations, best loss 0.5" in out


def test_several_runs_are_shown_one_after_another(evolino, finished):
    assert evolino("show", finished, finished)[1].count("this run") == 2


def test_a_damaged_result_is_one_line(evolino, finished):
    (finished / "result.json").write_text("{")
    status, out, err = evolino("show", finished)
    assert (status, out, err.count("\n")) == (2, "", 1)


@pytest.mark.parametrize(
    ("kind", "drawn"), [("fitness", "fitness"), ("run", "free_run"), ("cells", "cells")]
)
def test_a_picture_lies_in_the_folder_of_its_run(evolino, trainer, finished, kind, drawn):
    status, out, _ = evolino("plot", finished, "--kind", kind)
    assert status == 0
    assert out.strip() == str(finished / f"{kind}.png")
    assert trainer.plots.drawn[-1][0] == drawn


def test_a_picture_of_several_runs_lies_here(evolino, trainer, finished, tmp_path):
    status, out, _ = evolino("plot", finished, finished, "--against", "seconds")
    assert (status, out) == (0, "fitness.png\n")
    assert trainer.plots.drawn[-1][3] == {"against": "seconds", "trust": False}
    assert (tmp_path / "fitness.png").exists()


def test_a_picture_goes_where_it_is_told(evolino, trainer, finished, tmp_path):
    assert evolino("plot", finished, "--out", tmp_path / "p.svg")[0] == 0
    assert (tmp_path / "p.svg").exists()


def test_tasks_are_listed_with_their_presets(evolino):
    status, out, _ = evolino("tasks")
    assert status == 0
    row = out[out.index(" mso ") : out.index(" multiplication ")]
    assert {"best,", "paper,"} <= set(row.split())


def test_the_version_is_that_of_the_package(evolino):
    assert evolino("--version") == (0, f"evolino {version('evolino')}\n", "")


def test_without_arguments_there_is_help(evolino):
    for arguments in ((), ("--help",)):
        status, out, _ = evolino(*arguments)
        assert status == 0
        for command in ("run", "tasks", "resume", "show", "plot", "reproduce"):
            assert f"\n  {command} " in out
    assert "mso" in evolino("run")[1]


def test_help_imports_nothing_heavy():
    code = (
        "import sys; from evolino.cli.app import run; run(['--help']); "
        "heavy = {'numpy', 'numba', 'matplotlib', 'sklearn', 'scipy', 'deap'}; "
        "assert not heavy & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_bars_that_help_names_are_those_that_are_played():
    from evolino.cli import generate
    from evolino.plots import played

    assert generate.BARS == played.BARS
