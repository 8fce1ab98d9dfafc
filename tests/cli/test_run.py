"""Laws of `evolino run` and `evolino resume`: what is asked reaches the trainer."""

import dataclasses
import os

import numpy as np
import pytest

from evolino.cli.run_options import RunOptions
from evolino.cli.task_options import task_options
from evolino.registry import find, names
from evolino.training.experiment import Islands
from evolino.training.run_folder import RunFolder
from evolino.training.workers.base import EvaluationError, WorkerSettings


def asked(trainer):
    return trainer.asked[-1][1]


def test_options_of_the_task_reach_the_task(evolino, trainer):
    status, _, _ = evolino(
        "run", "mso", "--frequencies", "0.2, 0.311", "--noise", "1e-3", "--out", "r"
    )
    assert status == 0
    assert asked(trainer).task.frequencies == (0.2, 0.311)
    assert asked(trainer).task.noise == 1e-3


def test_general_options_reach_the_experiment(evolino, trainer):
    status, _, err = evolino(
        *("run", "mso", "--preset", "paper", "--cells", 7, "--search", "random"),
        *("--precision", "float32"),
        *("--readout", "ridge", "--initialiser", "gaussian", "--seed", 5, "--workers", 2),
        *("--generations", 3, "--seconds", 2.5, "--target", 1e-9, "--stagnation", 4),
        *("--evaluations", 900, "--no-baselines", "--out", "r"),
    )
    assert (status, err) == (0, "")
    _, experiment, workers, baselines = trainer.asked[0]
    assert (workers.count, workers.backend, baselines) == (2, "threads", False)
    assert (experiment.preset, experiment.network.cells, experiment.seed) == ("paper", 7, 5)
    assert experiment.network.precision == "float32"
    assert (experiment.search.name, experiment.readout.name) == ("random", "ridge")
    assert experiment.initialiser.name == "gaussian"
    budget = experiment.budget
    assert (budget.generations, budget.evaluations, budget.seconds) == (3, 900, 2.5)
    assert (budget.target, budget.stagnation) == (1e-9, 4)


def test_fields_that_are_set_reach_the_experiment(evolino, trainer):
    status, _, err = evolino(
        *("run", "mso", "--readout", "best-only", "--out", "r"),
        *("--set", "readout.readout.name=kernel-svr", "--set", "readout.count = 3"),
        *("--set", "readout.readout.capacity=1,10", "--set", "readout.readout.epsilon=0.1"),
        *("--set", "readout.ranking.name=ridge", "--set", "network.peepholes=true"),
    )
    assert (status, err) == (0, "")
    readout = asked(trainer).readout
    assert (readout.name, readout.count) == ("best-only", 3)
    assert (readout.readout.name, readout.ranking.name) == ("kernel-svr", "ridge")
    assert (readout.readout.capacity, readout.readout.epsilon) == ((1, 10), 0.1)
    assert asked(trainer).network.peepholes


def test_fields_are_laid_over_what_the_preset_has(evolino, trainer):
    evolino("run", "mso", "--preset", "paper", "--out", "plain")
    plain = asked(trainer).search
    evolino(
        *("run", "mso", "--preset", "paper", "--out", "set", "--set", "search.mutation=0.5")
    )
    assert asked(trainer).search == dataclasses.replace(plain, mutation=0.5)


def test_workers_default_to_the_cores(evolino, trainer, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 2, 5}, raising=False)
    evolino("run", "mso", "--out", "r")
    assert trainer.asked[0][2].count == 3


@pytest.mark.parametrize("command", ["run", "resume"])
def test_workers_elsewhere_reach_the_trainer(evolino, trainer, command):
    evolino("run", "mso", "--out", "r")
    first = ("resume", "r") if command == "resume" else ("run", "mso", "--out", "other")
    status, _, err = evolino(
        *first, "--backend", "dask", "--scheduler", "tcp://here:8786", "--timeout", 60
    )
    assert (status, err) == (0, "")
    workers = trainer.asked[-1][2]
    assert (workers.backend, workers.scheduler) == ("dask", "tcp://here:8786")
    assert workers.timeout == 60.0


def test_islands_reach_the_experiment(evolino, trainer):
    evolino("run", "mso", "--islands", 4, "--migrate-every", 5, "--out", "r")
    assert asked(trainer).islands == Islands(4, 5)
    evolino("resume", "r")
    assert asked(trainer).islands == Islands(4, 5)
    evolino("run", "mso", "--islands", 4, "--out", "other")
    assert asked(trainer).islands == Islands(4)


def test_a_run_whose_evaluation_failed_ends_in_a_line_and_stays(evolino, trainer):
    trainer.error = EvaluationError("it broke")
    assert evolino("run", "mso", "--out", "r") == (1, "", "evolino: it broke\n")
    assert RunFolder.open("r").experiment() == asked(trainer)


def test_a_task_in_a_file_gets_its_own_options(evolino, trainer, tmp_path):
    (tmp_path / "own.py").write_text(OWN_TASK)
    assert evolino("run", "own.py:Own", "--period", 7, "--out", "r")[0] == 0
    task = asked(trainer).task
    assert (type(task).__name__, task.period) == ("Own", 7)


OWN_TASK = """
import dataclasses
from evolino.tasks.signals.oscillators import Oscillators

@dataclasses.dataclass(frozen=True)
class Own(Oscillators):
    period: int = 12
"""


def test_a_run_ends_with_its_table_its_folder_and_its_picture(evolino, trainer):
    status, out, _ = evolino("run", "mso", "--out", "deep/run")
    assert status == 0
    assert "1.5e-07" in out
    assert "deep/run/fitness.png" in out
    assert trainer.plots.drawn[0][0] == "fitness"
    assert RunFolder.open("deep/run").experiment() == asked(trainer)


def test_without_out_the_run_lies_under_results(evolino, trainer, tmp_path):
    evolino("run", "mso", "--quiet", "--seed", 3)
    (folder,) = (tmp_path / "results" / "runs").iterdir()
    assert folder.name.startswith("mso-best-3-")


def test_quiet_prints_nothing(evolino, trainer):
    assert evolino("run", "mso", "--quiet", "--out", "r") == (0, "", "")
    assert evolino("resume", "r", "--quiet") == (0, "", "")


def test_an_interrupted_run_says_how_to_go_on(evolino, trainer):
    trainer.interrupted = True
    status, out, _ = evolino("run", "mso", "--out", "r")
    assert status == 130
    assert "evolino resume r" in out


def test_a_series_is_read_from_a_file(evolino, trainer, tmp_path):
    series = np.sin(0.3 * np.arange(600))
    np.save(tmp_path / "s.npy", series)
    np.savetxt(tmp_path / "s.csv", np.stack([series, series], axis=1), delimiter=",")
    np.savetxt(tmp_path / "s.txt", series)
    for name, width in (("s.npy", 1), ("s.csv", 2), ("s.txt", 1)):
        status, _, err = evolino(
            *("run", "series", "--series", name, "--washout", 50, "--out", f"run-{name}")
        )
        assert status == 0
        assert f"{name}: 600 rows, {width} column" in err
        assert "washout 50, train 330, validation 110, test 110" in err
        assert asked(trainer).task.outputs == width
        np.testing.assert_allclose(asked(trainer).task.series[:, 0], series)
        assert asked(trainer).task.washout == 50


def test_a_task_in_a_file_has_its_options_too(evolino, trainer, tmp_path):
    (tmp_path / "mine.py").write_text(
        "from dataclasses import dataclass\n"
        "from typing import ClassVar\n"
        "@dataclass(frozen=True)\n"
        "class Mine:\n"
        '    """A task of my own."""\n'
        '    name: ClassVar[str] = "mine"\n'
        "    seed: int = 3\n"
        "    loud: bool = False\n"
    )
    status, out, _ = evolino("run", "mine.py:Mine", "--help")
    assert status == 0
    assert "A task of my own." in out
    assert "--task-seed" in out  # --seed is the run's
    assert "--loud / --no-loud" in out


def test_help_of_a_task_has_its_options_and_an_example(evolino):
    status, out, _ = evolino("run", "mso", "--help")
    assert status == 0
    for text in (
        "--frequencies",
        "how many standard sines",
        "--preset",
        "Example: evolino run mso",
    ):
        assert text in out


def test_every_task_has_help(evolino):
    from evolino.registry import names

    for name in names("task"):
        status, out, _ = evolino("run", name, "--help")
        assert (status, name in out) == (0, True)


def test_resume_takes_new_limits_for_the_old_ones(evolino, trainer):
    evolino("run", "mso", "--out", "r", "--quiet")
    assert evolino("resume", "r", "--evaluations", 5000, "--workers", 1)[0] == 0
    assert trainer.asked[-1][2:] == (
        WorkerSettings(1),
        {"generations": None, "evaluations": 5000, "seconds": None, "cpu_seconds": None},
    )
    assert evolino("resume", "r")[0] == 0
    assert trainer.asked[-1][3] is None


@pytest.mark.parametrize("error", [ValueError("no good"), TypeError("no good")])
def test_a_run_that_cannot_begin_leaves_no_folder(evolino, trainer, tmp_path, error):
    trainer.error = error
    assert evolino("run", "mso", "--out", "r") == (2, "", "evolino: no good\n")
    assert list(tmp_path.iterdir()) == []


def test_no_general_option_takes_the_name_of_a_tasks_own():
    """But a seed, which is the run's; a task's own of that name is --task-seed."""
    general = {each.name for each in dataclasses.fields(RunOptions)}
    for name in names("task"):
        for option in task_options(find("task", name), general):
            assert option.argument == option.field or option.field == "seed", name


def test_trained_baselines_are_measured_on_request_alone(evolino, trainer, monkeypatch):
    from evolino.cli import resume as resume_module
    from evolino.cli import run as module

    measured = []

    def add(folder, result, workers, *, quiet):
        measured.append((folder.path.name, workers, quiet))
        return result

    monkeypatch.setattr(module, "with_trained_baselines", add)
    assert evolino("run", "mso", "--out", "plain")[0] == 0
    assert measured == []
    assert evolino("run", "mso", "--out", "all", "--all-baselines", "--workers", 3)[0] == 0
    assert measured == [("all", 3, False)]
    monkeypatch.setattr(resume_module, "with_trained_baselines", add)
    assert evolino("resume", "plain", "--all-baselines", "--workers", 2, "--quiet")[0] == 0
    assert measured[1:] == [("plain", 2, True)]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--no-baselines",), "exclude each other"),
        (("--backend", "loky"), "needs --backend threads"),
    ],
)
def test_trained_baselines_beside_what_excludes_them_are_refused(
    evolino, trainer, options, said
):
    assert evolino("run", "mso", "--out", "plain")[0] == 0
    trainer.asked.clear()
    for command in (("run", "mso"), ("resume", "plain")):
        status, _, error = evolino(*command, "--all-baselines", *options)
        assert status == 2 and said in error
    assert trainer.asked == []
