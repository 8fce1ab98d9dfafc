"""Laws of faults: a run goes on, or stops in a line with a good checkpoint; never a hang,
never a wrong result. Processes are really killed."""

import os
import re
import signal
import subprocess
import sys
import time

import pytest

from evolino.training import recorder
from evolino.training.callbacks import Callback
from evolino.training.resume_run import resume
from evolino.training.run_experiment import run_experiment
from evolino.training.run_folder import RunFolder
from evolino.training.workers import dask
from evolino.training.workers.base import EvaluationError, WorkerSettings
from tests.support.experiments import FAULTY, experiment, faulty, files
from tests.support.processes import is_alive


class At(Callback):
    """Do something after a generation."""

    def __init__(self, generation, action):
        self.generation, self.action = generation, action

    def on_generation(self, generation, seconds):
        if generation.generation == self.generation:
            self.action()


def run(made, path, **settings):
    """Run in a folder; checkpoints as often as there are generations."""
    folder = RunFolder.create(path, made)
    run_experiment(made, folder=folder, baselines=False, **settings)
    return folder


@pytest.fixture
def flag(tmp_path):
    return tmp_path / "flag"


@pytest.fixture(autouse=True)
def checkpoints(monkeypatch):
    monkeypatch.setattr(recorder, "CHECKPOINT_EVERY", 0.0)


def test_a_worker_killed_in_a_generation_costs_nothing(processes, flag, tmp_path, heard):
    made = faulty(fault="kill", flag=str(flag), home=os.getpid())
    whole = run(made, tmp_path / "whole")
    kill = [At(2, flag.touch), heard]
    broken = run(made, tmp_path / "run", workers=processes, callbacks=kill)
    assert list(tmp_path.glob("flag.*")), "nothing was killed"
    assert files(whole.path) == files(broken.path)
    if processes.backend != "dask":  # which does it by itself
        assert heard.messages == [
            "a worker was lost (killed, or out of memory); evaluating again"
        ]


def test_workers_that_die_every_time_end_the_run(flag, tmp_path, heard):
    made = faulty(fault="kill", flag=str(flag), once=False, home=os.getpid())
    with pytest.raises(EvaluationError, match="loky workers were lost 4 times in one"):
        run(
            made,
            tmp_path / "run",
            workers=WorkerSettings(2, "loky"),
            callbacks=[At(2, flag.touch), heard],
        )
    assert len(heard.messages) == 3
    assert goes_on(made, tmp_path, flag)


def goes_on(made, tmp_path, flag, workers=1):
    """Whether the broken run in tmp_path / "run" resumes to the bits of an unbroken one,
    once what broke it is gone."""
    flag.unlink(missing_ok=True)
    whole = run(made, tmp_path / "whole")
    folder = RunFolder.open(tmp_path / "run", trust=True)
    assert folder.load_checkpoint()["progress"]["generation"] == 2
    assert folder.result() is None
    result = resume(folder, workers=workers, baselines=False)
    ended = result.generations == made.budget.generations
    return ended and files(whole.path) == files(folder.path)


def test_a_task_that_raises_ends_the_run_with_a_good_checkpoint(backend, flag, tmp_path):
    made = faulty(fault="raise", flag=str(flag), once=False)
    with pytest.raises(EvaluationError) as caught:
        run(made, tmp_path / "run", workers=backend, callbacks=[At(2, flag.touch)])
    assert str(caught.value) == (
        "evaluating 'faulty' raised ZeroDivisionError: an own error over two lines; "
        f"go on with: evolino resume {tmp_path / 'run'} --trust"
    )
    assert goes_on(made, tmp_path, flag)


def test_a_task_that_hangs_ends_the_run_and_the_actors_of_ray(ray_address, flag, tmp_path):
    made = faulty(fault="hang", flag=str(flag), once=False)
    with pytest.raises(EvaluationError, match="longer than the timeout of 20 s; go on"):
        run(
            made,
            tmp_path / "run",
            workers=WorkerSettings(2, "ray", timeout=20.0),
            callbacks=[At(2, flag.touch)],
        )
    hung = {int(file.suffix[1:]) for file in tmp_path.glob("flag.*")}
    assert hung
    end = time.monotonic() + 10
    while any(map(is_alive, hung)) and time.monotonic() < end:
        time.sleep(0.05)
    assert not any(map(is_alive, hung))
    assert goes_on(made, tmp_path, flag, workers=WorkerSettings(2))


COMMAND = [sys.executable, "-W", "error", "-m", "evolino.cli.app"]
SMALL = ("--cells", "5", "--search", "random", "--workers", "2", "--no-baselines")


@pytest.mark.parametrize("backend", ["threads", "loky", "dask"])
def test_the_command_ends_by_itself_though_a_task_hangs(backend, flag, tmp_path):
    flag.touch()
    task = ("--fault", "hang", "--flag", flag, "--no-once")
    done = subprocess.run(
        [
            *(*COMMAND, "run", FAULTY, *task, *SMALL, "--generations", "3"),
            *("--backend", backend, "--timeout", "4", "--out", tmp_path / "run"),
        ],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1, done.stderr
    assert done.stderr == (
        "evolino: an evaluation took longer than the timeout of 4 s; "
        f"go on with: evolino resume {tmp_path / 'run'} --trust\n"
    )
    hung = [int(file.suffix[1:]) for file in tmp_path.glob("flag.*")]
    assert hung
    assert not any(map(is_alive, hung))
    flag.unlink()
    resumed = resume(RunFolder.open(tmp_path / "run", trust=True), baselines=False)
    assert resumed.generations == 3


def started(command, pattern):
    """Start a process; return it and what the pattern finds in its output."""
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    for line in process.stderr:
        found = re.search(pattern, line)
        if found:
            return process, found[1]
    raise AssertionError(f"{command} ended early")


@pytest.fixture
def scheduler():
    """A Dask scheduler and a worker in processes of their own."""
    module, here = (sys.executable, "-m"), ("--host", "127.0.0.1", "--no-dashboard")
    main, address = started(
        [*module, "distributed.cli.dask_scheduler", *here, "--port", "0"],
        r"Scheduler at:\s+(tcp://\S+)",
    )
    worker, _ = started(
        [*module, "distributed.cli.dask_worker", address, *here, "--no-nanny"],
        r"(Registered to)",
    )
    yield main, worker, address
    for process in (main, worker):
        process.kill()
        process.wait()
        process.stderr.close()


def test_a_scheduler_that_dies_ends_the_run_with_a_good_checkpoint(
    scheduler, flag, tmp_path
):
    process, _, address = scheduler
    made = experiment()
    with pytest.raises(EvaluationError, match="the Dask scheduler is gone; go on with"):
        run(
            made,
            tmp_path / "run",
            workers=WorkerSettings(backend="dask", scheduler=address),
            callbacks=[At(2, process.kill)],
        )
    assert goes_on(made, tmp_path, flag, workers=WorkerSettings(2, "loky"))


def test_a_cluster_that_loses_all_workers_ends_the_run_with_a_good_checkpoint(
    scheduler, flag, tmp_path, monkeypatch
):
    monkeypatch.setattr(dask, "LONELY", 1.0)
    _, worker, address = scheduler
    made = experiment()
    with pytest.raises(EvaluationError, match="the Dask cluster has no workers left; go"):
        run(
            made,
            tmp_path / "run",
            workers=WorkerSettings(backend="dask", scheduler=address),
            callbacks=[At(2, worker.kill)],
        )
    assert goes_on(made, tmp_path, flag)


def test_a_task_that_exits_does_not_take_the_run_with_it(processes, flag, tmp_path):
    made = faulty(fault="exit", flag=str(flag), once=False)
    for workers in (1, 2, processes):
        flag.touch()
        with pytest.raises(EvaluationError, match="'faulty' raised SystemExit: an exit"):
            run_experiment(made, workers=workers, baselines=False)


@pytest.mark.parametrize("backend", ["loky", "dask"])
def test_ctrl_c_on_a_terminal_reaches_the_run_only(backend, flag, tmp_path):
    """A terminal sends Ctrl-C to every process of the group."""
    process = subprocess.Popen(
        [
            *(*COMMAND, "run", FAULTY, *SMALL, "--generations", "100000"),
            *("--backend", backend, "--out", tmp_path / "run"),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    history = tmp_path / "run" / "history.jsonl"
    while not history.exists() or len(history.read_bytes().splitlines()) < 3:
        assert process.poll() is None
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (130, "")
    folder = RunFolder.open(tmp_path / "run", trust=True)
    generation = folder.load_checkpoint()["progress"]["generation"]
    assert len(folder.history()) == generation
