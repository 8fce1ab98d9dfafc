"""Laws of a refinement's seconds: limits by clock and processor, and what is recorded."""

import pytest

import evolino
from evolino.training.run_experiment import run_experiment
from evolino.training.run_folder import RunFolder
from tests.support.experiments import refined_experiment as experiment


@pytest.mark.parametrize("limit", ["seconds", "cpu_seconds"])
def test_a_limit_of_seconds_ends_the_descent_after_the_round_that_reaches_it(
    limit, tmp_path
):
    own = experiment(best=1, **{limit: 1e-6})
    folder = RunFolder.create(tmp_path / "run", own)
    result = run_experiment(own, folder=folder, baselines=False)
    assert len(folder.refinement.rounds()) == 1
    record = folder.result()["refinement"]
    assert record == result.refinement
    assert record["ended"] == [f"{limit}: 1e-06"]
    assert 0 < record["gradients"][0] < own.refine.steps


def test_what_a_refinement_took_is_part_of_what_the_run_took(tmp_path):
    result = run_experiment(experiment(steps=30), baselines=False)
    record = result.refinement
    assert record["ended"] == ["steps", "steps"]
    for name in ("seconds", "cpu_seconds"):
        assert 0 < record[name] <= getattr(result, name)


def test_a_run_without_refinement_has_no_record_of_one():
    plain = evolino.train(
        "parity", budget=evolino.Budget(evaluations=8), seed=1, baselines=False
    )
    assert plain.refinement is None
    assert plain.summary()["refinement"] is None


def test_cpu_seconds_of_other_processes_are_neither_limits_nor_figures():
    loky = evolino.WorkerSettings(2, "loky")
    with pytest.raises(ValueError, match="they need threads, got loky"):
        run_experiment(experiment(cpu_seconds=1.0), workers=loky, baselines=False)
    result = run_experiment(experiment(steps=10), workers=loky, baselines=False)
    assert result.cpu_seconds is None
    assert result.refinement["cpu_seconds"] is None
    assert result.refinement["seconds"] > 0
