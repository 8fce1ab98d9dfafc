"""Law: wrong input gives one line on stderr, exit 2, and leaves nothing behind."""

import pickle

import numpy as np
import pytest

CASES = {
    "unknown task": (["run", "msso"], "unknown task 'msso'; nearest: mso"),
    "unknown preset": (["run", "mso", "--preset", "bset"], "'bset'; nearest: best"),
    "unknown search": (
        ["run", "mso", "--search", "epsp"],
        "unknown search 'epsp'; nearest: esp",
    ),
    "unknown readout": (["run", "mso", "--readout", "rigde"], "'rigde'; nearest: ridge"),
    "a setting without a value": (
        ["run", "mso", "--set", "readout.capacity"],
        "--set must be TABLE.FIELD=VALUE, such as readout.capacity=100, or fit_weight=1, "
        "got 'readout.cap",
    ),
    "a setting of no table": (
        ["run", "mso", "--set", "reedout.capacity=1"],
        "--set is for fields of network, initialiser, search, readout, refine, bptt, "
        "kalman, reinforce, and tolerance, confirm_at, fit_weight, ensemble, got "
        "'reedout.capacity'",
    ),
    "a negative weight": (
        ["run", "timing", "--set", "fit_weight=-1"],
        "fit_weight must be >= 0, got -1",
    ),
    "a setting twice": (
        ["run", "mso", "--set", "search.draws=1", "--set", "search.draws=2"],
        "--set has search.draws twice",
    ),
    "a field and a field of it": (
        ["run", "mso", "--set", "search.a=1", "--set", "search.a.b=2"],
        "--set has both a value and fields for a",
    ),
    "an unknown field": (
        ["run", "mso", "--readout", "svr", "--set", "readout.capasity=1"],
        "readout svr has no field 'capasity'; nearest: capacity",
    ),
    "no capacity": (
        ["run", "mso", "--readout", "svr", "--set", "readout.capacity=0"],
        "capacity must be > 0, got 0",
    ),
    "a capacity in words": (
        ["run", "mso", "--readout", "kernel-svr", "--set", "readout.capacity=large"],
        "capacity must be a number, got 'large'",
    ),
    "an unknown kernel": (
        ["run", "mso", "--readout", "kernel-svr", "--set", "readout.kernel=rbf"],
        "kernel must be one of gaussian, linear, got 'rbf'",
    ),
    "unknown initialiser": (["run", "mso", "--initialiser", "gauss"], "nearest: gaussian"),
    "unknown option": (["run", "mso", "--frequncies", "0.2"], "--frequncies"),
    "unknown command": (["rnu", "mso"], "No such command 'rnu'"),
    "rubbish among frequencies": (
        ["run", "mso", "--frequencies", "0.2,rubbish"],
        "frequencies must be numbers between commas, got 'rubbish'",
    ),
    "empty frequency": (["run", "mso", "--frequencies", "0.2,,0.3"], "got ''"),
    "frequency not finite": (["run", "mso", "--frequencies", "nan"], "must be finite"),
    "negative frequency": (["run", "mso", "--frequencies=-0.2"], "must be > 0"),
    "no sines": (["run", "mso", "--sines", "0"], "sines must be >= 1"),
    "sines in words": (["run", "mso", "--sines", "two"], "--sines"),
    "negative cells": (["run", "mso", "--cells", "-3"], "cells must be >= 1"),
    "negative seed": (["run", "mso", "--seed", "-1"], "seed must be >= 0"),
    "an unknown backend": (["run", "mso", "--backend", "mpi"], "backend must be one of"),
    "a scheduler of threads": (
        ["run", "mso", "--scheduler", "tcp://here:8786"],
        "scheduler needs backend dask or ray",
    ),
    "no islands": (["run", "mso", "--islands", "0"], "islands must be >= 1"),
    "exchanges of none": (["run", "mso", "--migrate-every", "5"], "needs islands"),
    "no workers": (["run", "mso", "--workers", "0"], "workers must be >= 1"),
    "no generations": (["run", "mso", "--generations", "0"], "generations must be >= 1"),
    "negative seconds": (["run", "mso", "--seconds", "-1"], "seconds must be > 0"),
    "tau off the grid": (["run", "mackey-glass", "--tau", "17.03"], "multiple of step"),
    "horizon below the first of the loss": (
        ["run", "mackey-glass", "--horizon", "3"],
        "horizon must be >= 7, got 3",
    ),
    "an interval of zero": (["run", "timing", "--period", "0"], "period must be >= 1"),
    "an unknown kind of timing": (["run", "timing", "--kind", "gst"], "nearest: gts"),
    "negative delays": (
        ["run", "timing", "--kind", "msd", "--delays=-1:3"],
        "delays must be >= 0",
    ),
    "a missing waveform": (
        ["run", "timing", "--kind", "pfg", "--waveform", "none.txt"],
        "waveform must be one of cos, tri, rect or a file of numbers, got 'none.txt'",
    ),
    "a period longer than the stream": (
        ["run", "timing", "--period", "50", "--steps", "40"],
        "steps must hold 3 periods of 50, got 40",
    ),
    "negative noise": (["run", "timing", "--robust", "-1"], "robust must be >= 0"),
    "no series": (
        ["run", "series"],
        "series is empty: give a file of numbers with --series",
    ),
    "missing series": (["run", "series", "--series", "none.npy"], "No such file"),
    "missing task file": (["run", "none.py:Mine"], "there is no such file"),
    "show nothing": (["show", "nothing"], "nothing is not the folder of a run"),
    "resume nothing": (["resume", "nothing"], "nothing is not the folder of a run"),
    "plot nothing": (["plot", "nothing"], "nothing is not the folder of a run"),
    "unknown kind of picture": (["plot", "r", "--kind", "fitnes"], "nearest: fitness"),
    "unknown axis": (["plot", "r", "--against", "evals"], "nearest: evaluations"),
    "unknown suffix": (["plot", "r", "--out", "a.gif"], "must end in .png or .svg"),
    "two networks in one picture": (["plot", "a", "b", "--kind", "cells"], "shows one run"),
}


def assert_one_line(outcome, message):
    status, out, err = outcome
    assert (status, out) == (2, "")
    assert message in err
    assert err.startswith("evolino: ")
    assert err.count("\n") == 1


@pytest.mark.parametrize(("arguments", "message"), CASES.values(), ids=CASES)
def test_one_clear_line(evolino, trainer, tmp_path, arguments, message):
    assert_one_line(evolino(*arguments), message)
    assert list(tmp_path.iterdir()) == []
    assert trainer.asked == []


@pytest.mark.parametrize("content", ["a,b\n1,x\n", "", "1,2\n3\n"])
def test_a_file_that_is_no_series(evolino, trainer, tmp_path, content):
    (tmp_path / "s.csv").write_text(content)
    status, _, err = evolino("run", "series", "--series", "s.csv", "--out", "r")
    assert status == 2
    assert err.count("\n") == 1
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize(
    ("series", "message"),
    [
        (np.append(np.ones(500), np.nan), "series is not finite at step 500"),
        (
            np.ones((500, 2, 2)),
            "s.npy must hold an array (T,) or (T, n), got shape (500, 2, 2)",
        ),
        (np.ones(0), "s.npy is not a file of numbers: it is empty"),
        (np.ones(3), "series has 3 steps, too short for washout 0"),
        (np.array(["a", "b"]), "s.npy is not a file of numbers: it holds <U1"),
    ],
    ids=["nan", "shape", "empty", "short", "text"],
)
def test_a_series_that_cannot_be_learnt(evolino, trainer, tmp_path, series, message):
    np.save(tmp_path / "s.npy", series)
    assert_one_line(evolino("run", "series", "--series", "s.npy", "--out", "r"), message)
    assert [file.name for file in tmp_path.iterdir()] == ["s.npy"]


def test_a_series_that_smuggles_a_pickle(evolino, trainer, tmp_path):
    (tmp_path / "s.npy").write_bytes(pickle.dumps([1.0, 2.0]))
    assert_one_line(evolino("run", "series", "--series", "s.npy"), "s.npy")


@pytest.mark.parametrize("force", [[], ["--force"]])
def test_out_is_a_file(evolino, trainer, tmp_path, force):
    (tmp_path / "file").write_text("precious")
    outcome = evolino("run", "mso", "--out", "file", *force)
    assert_one_line(outcome, "cannot write a run to file")
    assert (tmp_path / "file").read_text() == "precious"


def test_out_holds_a_run(evolino, trainer):
    assert evolino("run", "mso", "--out", "r", "--quiet")[0] == 0
    assert_one_line(evolino("run", "mso", "--out", "r"), "r is not empty")
    assert evolino("run", "mso", "--out", "r", "--quiet", "--force")[0] == 0


def test_out_holds_foreign_files(evolino, trainer, tmp_path):
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / "model.npz").write_text("precious")
    assert_one_line(evolino("run", "mso", "--out", "r"), "r is not empty")
    outcome = evolino("run", "mso", "--out", "r", "--force")
    assert_one_line(outcome, "r has a file model.npz that no run wrote")
    assert (tmp_path / "r" / "model.npz").read_text() == "precious"


def test_an_error_of_the_program_is_not_hidden(evolino, trainer):
    trainer.error = RuntimeError("a bug")
    with pytest.raises(RuntimeError, match="a bug"):
        evolino("run", "mso", "--out", "r")


def test_on_demand_an_error_shows_where_it_arose(evolino, monkeypatch):
    monkeypatch.setenv("EVOLINO_DEBUG", "1")
    with pytest.raises(ValueError, match="unknown task"):
        evolino("run", "msso")


def test_ctrl_c_exits_with_130_and_says_how_to_go_on(evolino, trainer):
    trainer.error = KeyboardInterrupt()
    told = "go on with   evolino resume r\n"
    assert evolino("run", "mso", "--out", "r") == (130, told, "")
    assert evolino("run", "mso", "--out", "q", "--quiet") == (130, "", "")


def test_too_little_memory_is_one_line_and_leaves_no_folder(evolino, trainer, tmp_path):
    trainer.error = MemoryError("Unable to allocate 9 TiB")
    assert_one_line(evolino("run", "mso", "--out", "r"), "not enough memory: Unable to")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", ["{}", '{"task": "mso"}'])
def test_a_result_that_lacks_figures_is_named(evolino, trainer, tmp_path, content):
    evolino("run", "mso", "--out", "r", "--quiet")
    (tmp_path / "r" / "result.json").write_text(content)
    assert_one_line(evolino("show", "r"), "result.json is damaged: it has no ")


@pytest.mark.parametrize(
    "command",
    [
        "run mso",
        "run mackey-glass",
        "resume",
        "show",
        "plot",
        "generate",
        "tasks",
        "reproduce",
    ],
)
def test_every_help_has_an_example(evolino, command):
    status, out, _ = evolino(*command.split(), "--help")
    assert status == 0
    assert f"Example: evolino {command}" in " ".join(out.split())
