"""The trained baselines of a single run stand in its result, or it is said why not."""

import json
from dataclasses import replace

import pytest

import evolino
from evolino.baselines import measured, of_run
from evolino.baselines.measured import Method
from evolino.baselines.of_run import add_trained_baselines
from evolino.training.run_folder import RunFolder


def broken(experiment, effort):
    raise RuntimeError("not\nthis one")


@pytest.fixture
def run(tmp_path):
    """The result of a run of two generations with its folder."""
    budget = evolino.Budget(evaluations=16)
    result = evolino.train("mso", out=tmp_path / "run", budget=budget, baselines=True)
    return RunFolder.open(tmp_path / "run"), result


def test_each_is_measured_with_the_effort_of_the_run_and_kept_in_its_result(
    run, monkeypatch
):
    folder, result = run
    efforts = []

    def fine(experiment, effort):
        efforts.append(effort)
        return {"test_nrmse": 0.5}

    methods = (
        Method(lambda _: "broken", lambda _: True, broken),
        Method(lambda _: "fine", lambda _: True, fine),
        Method(lambda _: "other", lambda _: False, broken),
    )
    monkeypatch.setattr(measured, "METHODS", methods)
    said = []
    found = add_trained_baselines(folder, result, 2, said.append)
    assert found.baselines == {**result.baselines, "fine": {"test_nrmse": 0.5}}
    assert folder.result()["baselines"] == json.loads(json.dumps(found.baselines))
    assert folder.result()["metrics"] == result.metrics
    assert efforts == [measured.Effort(16, result.cpu_seconds, 2)]
    assert said == [
        "measuring baselines: broken",
        "no such baseline: broken: RuntimeError: not this one",
        "measuring baselines: fine",
    ]
    add_trained_baselines(folder, found, 2, said.append)
    assert len(efforts) == 1


def test_an_interrupted_run_has_none(run, monkeypatch):
    folder, result = run
    monkeypatch.setattr(of_run, "missing", lambda *_: pytest.fail("looked for some"))
    stopped = replace(result, stopped=["interrupted: Ctrl-C"])
    assert add_trained_baselines(folder, stopped, 1, print) is stopped
