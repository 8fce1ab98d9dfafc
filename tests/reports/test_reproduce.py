"""Laws of a table over seeds, with a runner that takes no time."""

import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys

import pytest

from evolino.reports.job_processes import in_processes
from evolino.reports.jobs import Job, Outcome, seed_places
from evolino.reports.reproduce import reproduce
from evolino.storage.json_text import read_json
from evolino.training import tables
from evolino.training.run_folder import RunFolder
from tests.support.instant import Instant
from tests.support.processes import ROOT, environment, is_alive, wait_for


class Desk:
    """A folder for a table of two rows, and a runner."""

    def __init__(self, path):
        self.out = path / "results"
        self.log = path / "log"

    def __call__(self, seeds=3, workers=1, *, baselines_only=False, **behaviour):
        """Reproduce; return the record and the calls made."""
        self.log.write_text("")
        runner = Instant(self.log, **behaviour)
        try:
            reproduce(
                "mso-paper",
                seeds=seeds,
                workers=workers,
                out=self.out,
                quiet=True,
                run=runner,
                baselines_only=baselines_only,
            )
        finally:
            self.calls = self.log.read_text().splitlines()
        return self.record()

    def record(self):
        return read_json((self.out / "mso-paper.json").read_bytes())


@pytest.fixture
def desk(tmp_path, monkeypatch):
    whole = tables.load_table("mso-paper")
    small = dataclasses.replace(whole, rows=whole.rows[:2])
    monkeypatch.setattr(tables, "load_table", lambda name: small)
    desk = Desk(tmp_path)
    desk.table = small
    return desk


def test_every_row_runs_over_every_seed_and_is_written(desk):
    record = desk(seeds=3)
    seeds = [f"start {sines} {seed} 1" for sines in (2, 3) for seed in (0, 1, 2)]
    assert desk.calls == [*seeds, "baselines 2 0 30", "baselines 3 0 30"]
    assert record["command"].startswith("evolino reproduce mso-paper --seeds 3 --workers 1")
    assert len(record["environments"]) == 1
    assert "host" not in record["environments"][0]
    for row in record["rows"]:
        assert [entry["metrics"]["test_nrmse"] for entry in row["seeds"]] == [
            1e-2,
            1e-3,
            1e-4,
        ]
        assert row["baselines"]["unevolved"]["test_nrmse"] == float("inf")
        assert row["published"][0]["checked"] is False
    for suffix in (".json", ".md", ".png"):
        assert (desk.out / f"mso-paper{suffix}").stat().st_size > 0


def test_a_finished_seed_and_known_baselines_are_not_run_again(desk):
    first = desk(seeds=2)
    again = desk(seeds=2)
    assert desk.calls == []
    assert again == first
    desk(seeds=3)
    assert desk.calls == ["start 2 2 1", "start 3 2 1"]


def test_other_seeds_stay_in_the_table(desk, monkeypatch):
    whole = desk(seeds=3)
    shutil.rmtree(desk.out / "seeds")
    again = desk(seeds=1)
    assert desk.calls == ["start 2 0 1", "start 3 0 1"]
    for before, after in zip(whole["rows"], again["rows"], strict=True):
        assert [entry["seed"] for entry in after["seeds"]] == [0, 1, 2]
        assert after["seeds"][1:] == before["seeds"][1:]
    assert again["command"].startswith(whole["command"].partition(" --out")[0])
    later = desk(seeds=range(4, 5))
    assert [entry["seed"] for entry in later["rows"][0]["seeds"]] == [0, 1, 2, 4]
    assert later["rows"][0]["baselines_seed"] == 0


def test_nothing_to_do_writes_the_same_bytes(desk):
    desk(seeds=2)
    names = [f"mso-paper{suffix}" for suffix in (".json", ".md", ".png")]
    before = [(desk.out / name).read_bytes() for name in names]
    desk(seeds=2)
    assert [(desk.out / name).read_bytes() for name in names] == before


def test_an_interrupted_seed_goes_on_and_no_other_began(desk):
    with pytest.raises(KeyboardInterrupt):
        desk(seeds=3, interrupted=(1,))
    assert desk.calls == ["start 2 0 1", "start 2 1 1"]
    assert [entry["seed"] for entry in desk.record()["rows"][0]["seeds"]] == [0]
    assert "not run yet" in (desk.out / "mso-paper.md").read_text()
    record = desk(seeds=3)
    assert desk.calls[:2] == ["resume 2 1 1", "start 2 2 1"]
    assert len(record["rows"][0]["seeds"]) == 3


def test_ctrl_c_between_generations_stops_the_table(desk):
    with pytest.raises(KeyboardInterrupt):
        desk(seeds=2, stopped=(1,))
    assert desk.calls == ["start 2 0 1", "start 2 1 1"]
    assert len(desk.record()["rows"][0]["seeds"]) == 1


def test_changed_settings_begin_again(desk, monkeypatch):
    desk(seeds=1)
    row = desk.table.rows[0]
    changed = dataclasses.replace(
        row, settings={**row.settings, "budget": {"generations": 7}}
    )
    table = dataclasses.replace(desk.table, rows=(changed, desk.table.rows[1]))
    monkeypatch.setattr(tables, "load_table", lambda name: table)
    desk(seeds=1)
    assert desk.calls == ["start 2 0 1", "baselines 2 0 30"]


def test_seeds_recorded_before_a_field_was_there_stay(desk):
    desk(seeds=2)
    path = desk.out / "mso-paper.json"
    record = json.loads(path.read_text())
    for row in record["rows"]:
        del row["settings"]["network"]["precision"]
    path.write_text(json.dumps(record))
    later = desk(seeds=range(2, 3))
    assert [entry["seed"] for entry in later["rows"][0]["seeds"]] == [0, 1, 2]


@pytest.mark.parametrize("cells", [3, -1, "file.py:Class"])
def test_seeds_of_other_settings_leave_the_record(desk, cells):
    desk(seeds=2)
    path = desk.out / "mso-paper.json"
    record = json.loads(path.read_text())
    for row in record["rows"]:
        row["settings"]["network"]["cells"] = cells
        if isinstance(cells, str):
            row["settings"]["task"] = {"name": cells}
    path.write_text(json.dumps(record))
    later = desk(seeds=range(2, 3))
    assert [entry["seed"] for entry in later["rows"][0]["seeds"]] == [2]


def test_a_damaged_checkpoint_begins_again(desk):
    with pytest.raises(KeyboardInterrupt):
        desk(seeds=1, interrupted=(0,))
    (place,) = seed_places(desk.out, "mso-paper", desk.table.rows[0].label, [0])
    (place / "checkpoint.npz").write_bytes(b"PK nonsense")
    desk(seeds=1)
    assert desk.calls[0] == "start 2 0 1"
    assert len(RunFolder.open(place).history()) == 3


def test_a_failing_seed_is_counted_and_the_others_run(desk):
    record = desk(seeds=3, fails=(1,))
    entries = record["rows"][0]["seeds"]
    assert [entry["status"] for entry in entries] == ["finished", "failed", "finished"]
    assert entries[1]["error"] == "ValueError: this seed is broken"
    page = (desk.out / "mso-paper.md").read_text()
    assert "seed 1 failed: ValueError: this seed is broken" in page
    assert "1 of 3" in page


def test_in_processes_one_that_dies_or_fails_costs_its_seed_only(desk):
    here = desk(seeds=1)
    record = desk(seeds=3, workers=2, dies=(1,), fails=(2,))
    for row, alone in zip(record["rows"], here["rows"], strict=True):
        finished, died, failed = row["seeds"]
        assert finished == alone["seeds"][0]
        assert died["error"] == "its process died, exit code 3"
        assert failed["error"] == "ValueError: this seed is broken"


def test_seeds_that_failed_are_tried_again(desk):
    desk(seeds=1, fails=(0,))
    record = desk(seeds=1)
    assert [row["seeds"][0]["status"] for row in record["rows"]] == ["finished"] * 2


def test_rows_may_run_with_all_workers_inside(desk, monkeypatch):
    table = dataclasses.replace(desk.table, seeds_in_parallel=False)
    monkeypatch.setattr(tables, "load_table", lambda name: table)
    assert desk(seeds=1, workers=3)["workers_per_seed"] == 3
    assert desk.calls[:2] == ["start 2 0 3", "start 3 0 3"]


def test_baselines_that_fail_are_shown_and_tried_again(desk):
    record = desk(seeds=1, baselines_fail=True)
    assert record["rows"][0]["baselines_error"] == "ValueError: no baseline"
    desk(seeds=1)
    assert desk.calls == ["baselines 2 0 30", "baselines 3 0 30"]


def test_unknown_tables_and_wrong_counts_are_refused(tmp_path):
    with pytest.raises(ValueError, match="nearest: mso-paper"):
        reproduce("mso-papr", seeds=1, workers=1, out=tmp_path)
    for wrong in ({"seeds": 0, "workers": 1}, {"seeds": 1, "workers": 0}):
        with pytest.raises(ValueError, match="must be >= 1"):
            reproduce("mso-paper", out=tmp_path, **wrong)
    assert list(tmp_path.iterdir()) == []


def echo(job, report, stop):
    while job.label == "patient" and not stop():
        pass
    return Outcome("interrupted" if job.label == "patient" else "finished")


def test_processes_are_asked_to_stop():
    jobs = [Job(label, 0, 0, None, None) for label in ("quick", "patient", "never")]
    ended, asked = [], []
    for job, outcome in in_processes(
        jobs, 1, echo, stop=lambda: bool(asked), report=lambda job, generation: None
    ):
        ended.append((job.label, outcome.status))
        asked.append(True) if job.label == "quick" else None
    assert ended in (
        [("quick", "finished")],
        [("quick", "finished"), ("patient", "interrupted")],
    )


def test_labels_become_folders(tmp_path):
    (place,) = seed_places(tmp_path, "t", "5 sines (0.2, 0.74), 20 cells", [3])
    assert place.parts[-3:] == ("t", "5-sines-0.2-0.74-20-cells", "seed-3")
    (place,) = seed_places(tmp_path, "t", "../..", [3])
    assert place.parts[-3:] == ("t", "row", "seed-3")


@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM", "SIGHUP", "SIGINT"])
def test_no_process_outlives_a_table_that_is_ended(name, tmp_path):
    said = tmp_path / "errors"  # no pipe, whose end would wait for what outlives
    with said.open("w") as errors:
        work = subprocess.Popen(
            [sys.executable, "-m", "tests.support.hanging", tmp_path],
            cwd=ROOT,
            env=environment(),
            stdout=errors,
            stderr=errors,
            start_new_session=True,
        )

    def jobs():
        return [int(file.suffix[1:]) for file in tmp_path.glob("job.*")]

    wait_for(lambda: len(jobs()) == 2, work)
    if name == "SIGKILL":
        work.kill()
    else:  # as a terminal does it: to all of them
        os.killpg(work.pid, getattr(signal, name))
    work.wait()
    wait_for(lambda: not any(map(is_alive, jobs())))
    lines = said.read_text()
    assert name == "SIGKILL" or lines.strip().endswith("KeyboardInterrupt")
    assert lines.count("Traceback") <= 1


def test_baselines_that_a_record_lacks_are_added_without_a_seed(desk):
    before = desk(seeds=2, workers=2)
    shutil.rmtree(desk.out / "seeds")
    record = desk(baselines_only=True, seeds=9, methods=("more",))
    assert desk.calls == ["baselines 2 0 30", "baselines 3 0 30"]
    for row, was in zip(record["rows"], before["rows"], strict=True):
        assert row["seeds"] == was["seeds"]
        assert row["baselines"] == {**was["baselines"], "more": {"test_nrmse": 0.5}}
    assert record["command"] == before["command"]
    desk(baselines_only=True, seeds=9, methods=("more",))
    assert desk.calls == []


def test_a_method_that_fails_is_said_beside_the_others(desk):
    record = desk(seeds=1, methods=("more",), errors=(("lost", "ValueError: no"),))
    for row in record["rows"]:
        assert row["baselines_error"] == "lost: ValueError: no"
        assert "more" in row["baselines"]
    assert "lost: ValueError: no" in (desk.out / "mso-paper.md").read_text()


def test_baselines_alone_need_a_record(desk):
    with pytest.raises(ValueError, match="need the seeds of a record"):
        desk(baselines_only=True, seeds=1)
