"""Laws of a run's folder."""

import json
import math
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import evolino
from evolino.cli.plot import KINDS
from evolino.network.lstm import LSTM
from evolino.registry import find
from evolino.tasks.signals.oscillators import Oscillators
from evolino.training.experiment import Budget, Experiment
from evolino.training.history import Generation
from evolino.training.run_files import PICTURES
from evolino.training.run_folder import RunFolder

EXAMPLES = Path(__file__).parents[2] / "examples"
EXPERIMENT = Experiment(
    task=Oscillators(sines=2),
    network=LSTM(cells=4),
    initialiser=find("initialiser", "gaussian")(),
    search=find("search", "random")(),
    readout=find("readout", "pseudo-inverse")(),
    budget=Budget(generations=3),
    seed=7,
)


def generation(number, best=0.1):
    return Generation(number, 10 * number, best, best, 0.2, 0.3, math.inf, 1)


@pytest.fixture
def folder(tmp_path):
    return RunFolder.create(tmp_path / "run", EXPERIMENT)


def contents(path):
    return {file.name: file.read_bytes() for file in path.iterdir()}


def test_a_new_folder_says_what_runs_and_where(folder):
    assert RunFolder.open(folder.path).experiment() == EXPERIMENT
    environment = json.loads((folder.path / "environment.json").read_text())
    assert environment["packages"]["numpy"] == np.__version__
    assert {"python", "platform", "cpus", "cpu", "host", "commit"} <= set(environment)
    assert folder.history() == []
    assert folder.result() is None
    assert folder.load_checkpoint() is None


def test_without_a_path_every_run_has_its_own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    one, other = RunFolder.create(None, EXPERIMENT), RunFolder.create(None, EXPERIMENT)
    assert one.path != other.path
    assert one.path.parent.as_posix() == "results/runs"
    assert one.path.name.startswith("mso-random-7-")
    named = RunFolder.create(None, replace(EXPERIMENT, preset="best"))
    assert named.path.name.startswith("mso-best-7-")


def test_a_task_without_a_name_has_that_of_its_class(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    task = find("task", f"{EXAMPLES / 'own_task.py'}:Sawtooth")()
    assert not hasattr(task, "name")
    made = RunFolder.create(None, replace(EXPERIMENT, task=task))
    assert made.path.name.startswith("Sawtooth-random-7-")
    result = evolino.run(
        replace(EXPERIMENT, task=task, budget=Budget(evaluations=20)), out=tmp_path / "run"
    )
    assert result.summary()["task"] == "Sawtooth"


def test_history_comes_back_to_the_bit(folder):
    records = [generation(1, math.inf), generation(2, 0.1 + 0.2), generation(3, 5e-324)]
    for k, record in enumerate(records):
        folder.append(record, 0.5 * k, 0.25 * k)
    assert folder.history() == records
    assert folder.timing()[2] == {"generation": 3, "seconds": 1.0, "cpu_seconds": 0.5}


def test_every_line_of_history_is_plain_json(folder):
    folder.append(generation(1, math.inf), 0.0)

    def refuse(constant):
        raise AssertionError(constant)

    (line,) = (folder.path / "history.jsonl").read_text().splitlines()
    assert json.loads(line, parse_constant=refuse)["best"] == "inf"


def test_a_line_cut_off_by_a_kill_does_not_count(folder):
    folder.append(generation(1), 0.1)
    with open(folder.path / "history.jsonl", "ab") as file:
        file.write(b'{"generation": 2, "eval')
    assert folder.history() == [generation(1)]


@pytest.mark.parametrize("line", [b"rubbish\n", b"[]\n", b"{}\n", b"\xff\n"])
def test_a_damaged_line_of_history_is_named(folder, line):
    folder.append(generation(1), 0.1)
    with open(folder.path / "history.jsonl", "ab") as file:
        file.write(line)
    with pytest.raises(ValueError, match=r"history\.jsonl is damaged: line 2"):
        folder.history()


def test_rewinding_forgets_what_the_checkpoint_does_not_know(folder):
    for k in range(1, 6):
        folder.append(generation(k), k / 10)
    before = contents(folder.path)
    folder.rewind(3)
    assert [record.generation for record in folder.history()] == [1, 2, 3]
    assert [record["generation"] for record in folder.timing()] == [1, 2, 3]
    for k in (4, 5):
        folder.append(generation(k), k / 10)
    assert contents(folder.path) == before


def test_rewinding_beyond_history_tells_what_is_lost(folder):
    folder.append(generation(1), 0.1)
    assert folder.rewind(3) == [2, 3]
    assert folder.history() == [generation(1)]


@pytest.mark.parametrize("damage", [b"", b"\0" * 300, b"\0\0\n", b'{"generation": 7, "ev'])
@pytest.mark.parametrize("name", ["history.jsonl", "timing.jsonl"])
def test_lines_lost_to_a_power_cut_are_put_back_from_the_checkpoint(folder, damage, name):
    for k in range(1, 6):
        folder.append(generation(k, 1 / k), k / 10)
        if k in (2, 4, 5):
            folder.save_checkpoint({"a": k})
    before = contents(folder.path)
    file = folder.path / name
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(lines[:2]) + damage)
    opened = RunFolder.open(folder.path)
    opened.load_checkpoint()
    assert opened.rewind(5) == []
    assert contents(folder.path) == before


def test_lines_lost_that_the_checkpoint_does_not_hold_are_said(folder):
    for k in range(1, 6):
        folder.append(generation(k, 1 / k), k / 10)
        if k > 2:
            folder.save_checkpoint({"a": k})
    file = folder.path / "history.jsonl"
    file.write_bytes(file.read_bytes().splitlines(keepends=True)[0])
    opened = RunFolder.open(folder.path)
    opened.load_checkpoint()
    assert opened.rewind(5) == [2, 3]
    assert [record.generation for record in opened.history()] == [1, 4, 5]
    opened.append(generation(6), 0.6)
    assert opened.rewind(6) == [2, 3]


def test_rewinding_to_the_start_leaves_nothing(folder):
    folder.append(generation(1), 0.1)
    folder.rewind(0)
    assert folder.history() == []


def test_a_checkpoint_comes_back(folder):
    folder.save_checkpoint({"genome": np.arange(3.0), "best": math.inf})
    state = folder.load_checkpoint()
    np.testing.assert_array_equal(state["genome"], np.arange(3.0))
    assert state["best"] == math.inf


def test_a_checkpoint_of_another_run_is_refused(folder, tmp_path):
    other = RunFolder.create(tmp_path / "other", replace(EXPERIMENT, seed=8))
    other.save_checkpoint({"a": 1})
    os.replace(other.path / "checkpoint.npz", folder.path / "checkpoint.npz")
    with pytest.raises(ValueError, match="belongs to another experiment"):
        folder.load_checkpoint()


def test_a_larger_budget_keeps_the_checkpoint(folder):
    folder.save_checkpoint({"a": 1})
    longer = replace(EXPERIMENT, budget=Budget(evaluations=9))
    folder.save_experiment(longer)
    assert RunFolder.open(folder.path).load_checkpoint() == {"a": 1}
    assert folder.experiment() == longer


@pytest.mark.parametrize("damage", [b"", b"rubbish", None])
def test_a_damaged_checkpoint_is_refused(folder, damage):
    folder.save_checkpoint({"a": np.arange(4)})
    path = folder.path / "checkpoint.npz"
    path.write_bytes(path.read_bytes()[:-9] if damage is None else damage)
    with pytest.raises(ValueError, match=r"checkpoint\.npz is "):
        folder.load_checkpoint()


def test_a_model_is_no_checkpoint(folder):
    folder.save_model({"a": 1})
    os.replace(folder.path / "model.npz", folder.path / "checkpoint.npz")
    with pytest.raises(ValueError, match="is a model, not a checkpoint"):
        folder.load_checkpoint()


def test_a_result_comes_back_with_its_infinities(folder):
    result = {"metrics": {"b": math.inf, "a": np.float64(0.1)}, "stopped": ["target"]}
    folder.save_result(result)
    assert folder.result() == result
    assert list(folder.result()["metrics"]) == ["b", "a"]
    assert "Infinity" not in (folder.path / "result.json").read_text()


@pytest.mark.parametrize("content", ["", "[]", "{", "\udc80"])
def test_a_damaged_result_is_named(folder, content):
    (folder.path / "result.json").write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(ValueError, match=r"result\.json is damaged"):
        folder.result()


def test_timing_without_seconds_is_named(folder):
    (folder.path / "timing.jsonl").write_text('{"generation": 1}\n')
    with pytest.raises(ValueError, match=r"timing\.jsonl is damaged: line 1"):
        folder.timing()


def test_a_setting_that_cannot_be_names_the_file(folder):
    config = folder.path / "config.toml"
    config.write_text(config.read_text().replace("cells = 4", "cells = -4"))
    with pytest.raises(ValueError, match=r"config\.toml: cells must be >= 1, got -4"):
        folder.experiment()


def test_a_full_disk_names_the_file(folder, monkeypatch):
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left") as caught:
        folder.save_checkpoint({"a": 1})
    assert caught.value.filename == str(folder.path / "checkpoint.npz")


def test_what_is_no_run_is_not_opened(tmp_path):
    with pytest.raises(ValueError, match="there is no such folder"):
        RunFolder.open(tmp_path / "nothing")
    with pytest.raises(ValueError, match=r"it has no config\.toml"):
        RunFolder.open(tmp_path)


def test_a_damaged_config_is_named(folder):
    (folder.path / "config.toml").write_text("= rubbish")
    with pytest.raises(ValueError, match=r"config\.toml is damaged"):
        folder.experiment()


def test_a_folder_with_something_in_it_is_refused_untouched(folder):
    before = contents(folder.path)
    with pytest.raises(ValueError, match="is not empty"):
        RunFolder.create(folder.path, EXPERIMENT)
    assert contents(folder.path) == before


def test_an_empty_folder_is_used(tmp_path):
    assert RunFolder.create(tmp_path, EXPERIMENT).path == tmp_path


def test_force_replaces_a_run_and_keeps_what_others_put_there(folder):
    folder.append(generation(1), 0.1)
    folder.save_checkpoint({"a": 1})
    folder.save_result({"a": 1})
    (folder.path / "notes.txt").write_text("mine")
    again = RunFolder.create(folder.path, replace(EXPERIMENT, seed=8), force=True)
    assert again.experiment().seed == 8
    assert set(contents(folder.path)) == {"config.toml", "environment.json", "notes.txt"}


@pytest.mark.parametrize("name", ["config.toml", "model.npz", "result.json"])
def test_force_never_removes_a_file_that_no_run_wrote(tmp_path, name):
    (tmp_path / name).write_text("precious")
    with pytest.raises(ValueError, match=f"has a file {name} that no run wrote"):
        RunFolder.create(tmp_path, EXPERIMENT, force=True)
    assert contents(tmp_path) == {name: b"precious"}


def test_force_goes_beside_foreign_files_of_other_names(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    RunFolder.create(tmp_path, EXPERIMENT, force=True)
    assert (tmp_path / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("inside", ["", "deep/run"])
def test_a_place_that_cannot_hold_a_folder_is_refused(tmp_path, inside):
    (tmp_path / "file").write_text("precious")
    with pytest.raises(ValueError, match="cannot write a run to") as caught:
        RunFolder.create(tmp_path / "file" / inside, EXPERIMENT)
    assert "\n" not in str(caught.value)
    assert contents(tmp_path) == {"file": b"precious"}


def full(*_):
    raise OSError(28, "No space left on device")


def test_a_disk_full_at_the_start_leaves_no_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(ValueError, match="No space left on device"):
        RunFolder.create(tmp_path / "deep" / "run", EXPERIMENT)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("broken", ["replace", "fsync"])
def test_a_full_disk_leaves_the_earlier_files(folder, monkeypatch, broken):
    folder.append(generation(1), 0.1)
    folder.save_checkpoint({"a": 1})
    folder.save_model({"a": 1})
    folder.save_result({"a": 1})
    before = contents(folder.path)
    monkeypatch.setattr(os, broken, full)
    for write in (folder.save_checkpoint, folder.save_model, folder.save_result):
        with pytest.raises(OSError, match="No space left"):
            write({"a": 2})
    with pytest.raises(OSError, match="No space left"):
        folder.rewind(0)
    with pytest.raises(OSError, match="No space left"):
        folder.save_experiment(replace(EXPERIMENT, budget=Budget(generations=9)))
    assert contents(folder.path) == before


def test_a_run_that_never_began_is_discarded_without_foreign_files(folder):
    (folder.path / "notes.txt").write_text("mine")
    folder.discard_unless_begun()
    assert contents(folder.path) == {"notes.txt": b"mine"}


def test_a_run_that_began_is_not_discarded(folder):
    folder.append(generation(1), 0.1)
    folder.discard_unless_begun()
    assert folder.history() == [generation(1)]


def test_every_picture_of_a_run_goes_with_it():
    assert set(KINDS) <= set(PICTURES)
