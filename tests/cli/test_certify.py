"""Laws of `evolino certify`: what it prints, and its exit status."""

import json

import pytest

from evolino.certificates import proof_search as search
from evolino.training.presets import experiment_for
from evolino.training.run_folder import RunFolder


@pytest.fixture
def folder(golden, tmp_path, monkeypatch):
    """Return a function: forget gates' net input -> a run whose network has it."""
    monkeypatch.setattr(search, "BASES", ((24,),))
    monkeypatch.setattr(search, "RUN_ALL", (300,))
    monkeypatch.setattr(search, "RUN_SOME", (300,))
    options = {"language": "anbn", "encoding": "one-hot"}

    def make(forget, name="r"):
        run = RunFolder.create(
            tmp_path / name, experiment_for("languages", task_options=options)
        )
        run.save_model(golden("anbn", forget=forget).as_state())
        return tmp_path / name

    return make


def test_a_proof_is_printed_with_its_margins_and_exits_0(evolino, folder):
    status, out, err = evolino("certify", folder(800.0))
    assert (status, err) == (0, "")
    assert out.startswith("proved: accepts every n up to ")
    assert "in exact arithmetic up to 9,007,199,254,740,992 at least" in out
    rows = [line.split() for line in out.splitlines()]
    assert ["3", "b,", "then", "b", "n", "-", "1"] in [row[:7] for row in rows]


def test_a_network_that_fails_says_where_and_exits_1(evolino, folder):
    status, out, _ = evolino("certify", folder(9.0))
    assert status == 1
    assert "fails at n = 70, which was run; accepts every n up to 69" in out


def test_a_proof_that_does_not_go_far_enough_exits_1(evolino, folder, tmp_path):
    status, out, _ = evolino("certify", folder(20.0))
    assert status == 1
    assert out.startswith("proved: accepts every n up to 1")
    assert "no proof for longer strings: phase " in out
    assert evolino("certify", tmp_path / "r", "--least", 5000)[0] == 0


def test_json_holds_the_same(evolino, folder):
    status, out, _ = evolino("certify", folder(800.0), "--json")
    found = json.loads(out)
    assert (status, found["verdict"], found["rejects"]) == (0, "proved", None)
    assert found["accepts_to"] > 10**6
    parts = {(each["phase"], each["part"]) for each in found["margins"]}
    assert ("a, then a or b", "middle") in parts


def test_several_runs_get_a_line_each_and_are_counted(evolino, folder):
    runs = folder(800.0, "first"), folder(9.0, "second")
    status, out, _ = evolino("certify", *runs)
    lines = out.splitlines()
    assert (status, len(lines)) == (1, 3)
    assert lines[0].startswith(f"{runs[0]}: proved: accepts every n up to ")
    assert lines[1].startswith(f"{runs[1]}: fails at n = 70")
    assert lines[2] == "1 of 2 proved to 1,000,000 or beyond"
    assert evolino("certify", runs[0], runs[0])[0] == 0
    status, out, _ = evolino("certify", *runs, "--json")
    tables = [json.loads(line) for line in out.splitlines()]
    assert [each["run"] for each in tables] == [str(run) for run in runs]
    assert [each["verdict"] for each in tables] == ["proved", "fails"]


def test_nothing_is_proved_where_one_of_several_is_no_run(evolino, folder, tmp_path):
    status, out, err = evolino("certify", folder(800.0), tmp_path)
    assert (status, out) == (2, "")
    assert "is not the folder of a run" in err


def test_a_task_without_counted_strings_is_one_line(evolino, tmp_path):
    RunFolder.create(tmp_path / "mso", experiment_for("mso"))
    status, out, err = evolino("certify", tmp_path / "mso")
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert "mso has no counted strings" in err


def test_a_folder_that_is_no_run_is_one_line(evolino, tmp_path):
    status, _, err = evolino("certify", tmp_path)
    assert status == 2
    assert "is not the folder of a run" in err
