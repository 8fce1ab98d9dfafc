"""Laws of workers: whoever evaluates, and however work is cut, the bits are the same."""

import dataclasses
import json
import subprocess
import sys
from typing import ClassVar

import numpy as np
import pytest

import evolino
from evolino.training import evolution
from evolino.training.evolution import evaluate
from evolino.training.generation import losses_of
from evolino.training.problem import Problem
from evolino.training.run_experiment import run_experiment
from evolino.training.run_folder import RunFolder
from evolino.training.workers import open_workers, remote
from evolino.training.workers.base import EvaluationError, WorkerSettings
from tests.support.experiments import experiment, faulty, files


def genomes_of(problem, count):
    made = problem.experiment
    rng = np.random.default_rng(7)
    return made.initialiser.draw(made.architecture, rng, count)


def test_losses_have_the_same_bits_for_every_backend_and_cut(backend, monkeypatch):
    problem = Problem(experiment())
    genomes = genomes_of(problem, 45)
    wanted = problem.evaluator.losses(genomes)
    with open_workers(backend) as workers:
        for pieces, count in ((1, 45), (2, 20), (2, 45), (16, 45), (16, 8), (16, 1)):
            monkeypatch.setattr(evolution, "PIECES", pieces)
            found = evaluate(problem, genomes[:count], workers)
            np.testing.assert_array_equal(found, wanted[:count])


@pytest.mark.parametrize(
    "settings",
    [WorkerSettings(1), WorkerSettings(3), WorkerSettings(1, timeout=60.0)]
    + [WorkerSettings(count, "loky") for count in (1, 3)],
    ids=lambda each: f"{each.backend} {each.count} {each.timeout}",
)
def test_losses_have_the_same_bits_for_any_number_of_workers(settings):
    problem = Problem(experiment())
    genomes = genomes_of(problem, 30)
    with open_workers(settings) as workers:
        found = evaluate(problem, genomes, workers)
    np.testing.assert_array_equal(found, problem.evaluator.losses(genomes))


def test_a_run_leaves_the_same_bytes_for_every_backend(backend, tmp_path):
    runs = {}
    for name, settings in (("one", 1), ("two", backend)):
        runs[name] = RunFolder.create(tmp_path / name, experiment())
        run_experiment(experiment(), workers=settings, folder=runs[name])
    assert files(runs["one"].path) == files(runs["two"].path)
    one, two = (run.result() for run in runs.values())
    assert one["metrics"] == two["metrics"]
    assert one["baselines"] == two["baselines"]
    assert two["workers"] == 2


SERIES = np.sin(0.3 * np.arange(600)) + np.random.default_rng(1).normal(0, 0.1, 600)
OWN = {
    "a series": lambda: experiment(task=evolino.SeriesTask(SERIES)),
    "a task in a file": faulty,
    "a curriculum": lambda: experiment(
        curriculum=evolino.Curriculum((evolino.Oscillators(sines=1),), patience=2)
    ),
    "a tolerance": lambda: experiment(tolerance=0.5),
}


def test_what_is_made_in_python_reaches_every_backend(backend):
    with open_workers(backend) as workers:
        for made in OWN.values():
            problem = Problem(made(), variant=len(made().curriculum.variants))
            genomes = genomes_of(problem, 20)
            wanted = problem.evaluator.losses(genomes)
            np.testing.assert_array_equal(evaluate(problem, genomes, workers), wanted)


READOUTS = {
    "svr": evolino.SVR(capacity=(1e2, 1e6)),
    "kernel-svr": evolino.KernelSVR(width=(2.0, 4.0), epsilon=0.1),
    "best-only": evolino.BestOnly(evolino.KernelSVR(epsilon=0.1), evolino.Ridge(), count=3),
}


def test_every_readout_gives_the_same_bits_for_every_backend(backend):
    with open_workers(backend) as workers:
        for readout in READOUTS.values():
            problem = Problem(experiment(readout=readout))
            genomes = genomes_of(problem, 20)
            with open_workers(1) as alone:
                wanted = evaluate(problem, genomes, alone)
            np.testing.assert_array_equal(evaluate(problem, genomes, workers), wanted)


def test_train_takes_a_backend(ray_address):
    budget = evolino.Budget(generations=1)
    found = [
        evolino.train("mso", budget=budget, workers=2, backend=backend).history
        for backend in ("threads", "loky", "ray")
    ]
    assert found[0] == found[1] == found[2]


def test_the_command_joins_a_ray_that_runs(ray_address, tmp_path):
    small = ("--cells", "5", "--search", "random", "--generations", "2", "--no-baselines")
    done = subprocess.run(
        [
            *(sys.executable, "-W", "error", "-m", "evolino.cli.app", "run", "mso", *small),
            *("--backend", "ray", "--scheduler", ray_address, "--quiet"),
            *("--out", tmp_path / "there"),
        ],
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    made = RunFolder.open(tmp_path / "there").experiment()
    here = RunFolder.create(tmp_path / "here", made)
    run_experiment(made, folder=here, baselines=False)
    assert files(here.path) == files(tmp_path / "there")


def test_dask_and_its_workers_are_started_where_none_run():
    settings = WorkerSettings(2, "dask")
    found = run_experiment(experiment(), workers=settings, baselines=False)
    assert found.history == run_experiment(experiment(), baselines=False).history
    assert found.workers == 2


def test_a_problem_survives_its_text():
    made = faulty(fault="hang")
    again = Problem.from_text(Problem(made, variant=0).text)
    assert again.experiment == made
    assert again.key == Problem(made).key
    assert again.key != Problem(experiment()).key


def test_a_worker_asks_for_a_problem_that_it_does_not_know(monkeypatch):
    monkeypatch.setattr(remote, "_PROBLEMS", type(remote._PROBLEMS)())
    problem = Problem(experiment())
    genomes = genomes_of(problem, 3)

    def ask(text):
        return remote.perform(losses_of, problem.key, text, (genomes,))

    assert ask(None) == remote.Unknown()
    wanted = problem.evaluator.losses(genomes)
    np.testing.assert_array_equal(ask(problem.text), wanted)
    np.testing.assert_array_equal(ask(None), wanted)


def test_a_worker_that_comes_later_is_told_the_problem(monkeypatch):
    problem = Problem(experiment())
    genomes = genomes_of(problem, 30)
    with open_workers(WorkerSettings(1, "loky")) as workers:
        wanted = evaluate(problem, genomes, workers)
        remote._PROBLEMS.clear()  # with one worker, of this very process
        np.testing.assert_array_equal(evaluate(problem, genomes, workers), wanted)


def test_a_worker_keeps_few_problems():
    for seed in range(2 * remote.KEPT):
        problem = Problem(experiment(seed=seed))
        remote.perform(losses_of, problem.key, problem.text, (genomes_of(problem, 1),))
    assert len(remote._PROBLEMS) == remote.KEPT
    assert problem.key in remote._PROBLEMS


def test_a_worker_with_other_versions_is_refused():
    problem = Problem(experiment())
    content = json.loads(problem.text)
    content["versions"]["numpy"] = "1.0"
    with pytest.raises(ValueError, match=r"the worker has numpy .*, the run 1\.0"):
        Problem.from_text(json.dumps(content).encode())


def test_what_no_table_can_hold_is_refused_before_the_first_generation():
    @dataclasses.dataclass(frozen=True)
    class Own(evolino.PseudoInverse):
        name: ClassVar[str] = "of this test"

    with pytest.raises(ValueError, match="cannot make this experiment: Own stands in"):
        run_experiment(experiment(readout=Own()), workers=WorkerSettings(2, "loky"))


@pytest.mark.parametrize(("name", "module"), [("dask", "distributed"), ("ray", "ray")])
def test_a_backend_that_is_not_installed_says_what_to_install(name, module, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    with (
        pytest.raises(ValueError, match=rf'pip install "evolino\[{name}\]"'),
        open_workers(WorkerSettings(2, name)),
    ):
        pass


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"count": 0}, "workers must be >= 1, got 0"),
        ({"backend": "mpi"}, "backend must be one of threads, loky, dask, ray, got 'mpi'"),
        ({"scheduler": "tcp://here:8786"}, "scheduler needs backend dask or ray"),
        ({"backend": "loky", "scheduler": "x"}, "scheduler needs backend dask or ray"),
        ({"timeout": 0.0}, "timeout must be > 0"),
    ],
)
def test_wrong_settings_are_refused(fields, message):
    with pytest.raises(ValueError, match=message):
        WorkerSettings(**fields)


def test_a_dask_scheduler_that_does_not_answer_is_named(monkeypatch):
    from evolino.training.workers import dask

    monkeypatch.setattr(dask, "PATIENCE", 0.5)
    with (
        pytest.raises(ValueError, match=r"no Dask scheduler at tcp://127.0.0.1:9"),
        open_workers(WorkerSettings(backend="dask", scheduler="tcp://127.0.0.1:9")),
    ):
        pass


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("127.0.0.1:9", "no Ray cluster at 127.0.0.1:9: .*refused"),
        ("ray://127.0.0.1:9", "no Ray cluster at ray://127.0.0.1:9: .*refused"),
        ("here", "the address must be host:port"),
    ],
)
def test_a_ray_cluster_that_does_not_answer_is_named(address, message, monkeypatch):
    import ray

    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    with (
        pytest.raises(ValueError, match=message),
        open_workers(WorkerSettings(backend="ray", scheduler=address)),
    ):
        pass


def test_an_error_of_a_task_is_named_by_every_backend(backend, tmp_path):
    flag = tmp_path / "flag"
    flag.touch()
    made = faulty(fault="raise", flag=str(flag), once=False)
    with pytest.raises(EvaluationError) as caught:
        run_experiment(made, workers=backend, baselines=False)
    assert str(caught.value) == (
        f"evaluating {made.task.name!r} raised ZeroDivisionError: "
        "an own error over two lines"
    )
