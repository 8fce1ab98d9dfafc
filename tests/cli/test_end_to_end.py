"""Law: a newcomer's commands work one after another, on the real trainer."""

import json

import evolino as library
from evolino.training.run_folder import RunFolder

SMALL = ("--cells", 6, "--search", "random", "--generations", 2, "--workers", 1)


def test_run_show_resume_and_plot(evolino, tmp_path):
    status, out, err = evolino("run", "mso", "--sines", 2, *SMALL, "--out", "r")
    assert (status, err) == (0, "")
    assert "this run" in out
    result = json.loads((tmp_path / "r" / "result.json").read_text())
    required = "task preset parameters seed workers metrics published baselines stopped"
    required += " generations evaluations seconds version"
    assert set(required.split()) <= set(result)
    assert result["generations"] == 2
    assert library.load("r").generate(5).shape == (5, 1)

    status, out, err = evolino("resume", "r", "--generations", 4, "--no-baselines")
    assert (status, err) == (0, "")
    assert [each.generation for each in RunFolder.open("r").history()] == [1, 2, 3, 4]
    assert evolino("show", "r")[0] == 0
    for kind in ("fitness", "run", "cells"):
        assert evolino("plot", "r", "--kind", kind) == (0, f"r/{kind}.png\n", "")
        assert (tmp_path / "r" / f"{kind}.png").read_bytes().startswith(b"\x89PNG")


def test_a_run_is_repeated_from_its_config(evolino):
    assert evolino("run", "mso", *SMALL, "--no-baselines", "--quiet", "--out", "a") == (
        0,
        "",
        "",
    )
    experiment = RunFolder.open("a").experiment()
    again = RunFolder.create("b", experiment)
    library_result = library.train(
        experiment.task,
        network=experiment.network,
        initialiser=experiment.initialiser,
        search=experiment.search,
        readout=experiment.readout,
        budget=experiment.budget,
    )
    assert library_result.history == RunFolder.open("a").history()
    assert again.experiment() == experiment


def test_a_damaged_checkpoint_stops_resume_and_loses_nothing(evolino, tmp_path):
    assert evolino("run", "mso", *SMALL, "--no-baselines", "--quiet", "--out", "r")[0] == 0
    path = tmp_path / "r" / "checkpoint.npz"
    path.write_bytes(path.read_bytes()[:-20])
    before = {file.name: file.read_bytes() for file in path.parent.iterdir()}
    status, out, err = evolino("resume", "r", "--generations", 9)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert "checkpoint.npz is damaged" in err
    assert {file.name: file.read_bytes() for file in path.parent.iterdir()} == before


def test_the_model_of_another_network_is_one_line(evolino, tmp_path):
    quick = ("--search", "random", "--generations", 1, "--no-baselines", "--quiet")
    for name, cells in (("a", 6), ("b", 7)):
        assert evolino("run", "mso", "--cells", cells, *quick, "--out", name)[0] == 0
    (tmp_path / "b" / "model.npz").replace(tmp_path / "a" / "model.npz")
    for kind in ("run", "cells"):
        status, out, err = evolino("plot", "a", "--kind", kind)
        assert (status, out, err.count("\n")) == (2, "", 1)
        assert "model.npz belongs to another network than config.toml" in err


def test_a_foreign_model_is_one_line(evolino, tmp_path):
    assert evolino("run", "mso", *SMALL, "--no-baselines", "--quiet", "--out", "r")[0] == 0
    (tmp_path / "r" / "model.npz").write_bytes(b"\x80\x04K\x01.")
    status, out, err = evolino("plot", "r", "--kind", "cells")
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert "model.npz is not a model of evolino" in err


def test_a_run_folder_from_elsewhere_runs_no_code(evolino, tmp_path):
    assert evolino("run", "mso", *SMALL, "--no-baselines", "--quiet", "--out", "r")[0] == 0
    (tmp_path / "evil.py").write_text(
        "import pathlib\npathlib.Path('ran').touch()\n"
        "from evolino.tasks.signals.oscillators import Oscillators as T\n"
    )
    config = tmp_path / "r" / "config.toml"
    config.write_text(config.read_text().replace('"mso"', f'"{tmp_path}/evil.py:T"'))
    for command in (("plot", "r", "--kind", "run"), ("plot", "r"), ("resume", "r")):
        status, out, err = evolino(*command)
        assert (status, out, err.count("\n")) == (2, "", 1)
        assert "evil.py:T; with --trust it is run" in err
        assert not (tmp_path / "ran").exists()
    assert evolino("plot", "r", "--kind", "run", "--trust")[0] == 0
    assert (tmp_path / "ran").exists()


def test_readouts_with_kernels_are_run_shown_and_loaded(evolino):
    chosen = ("--readout", "kernel-svr", "--set", "readout.epsilon=0.1", "--no-baselines")
    status, _, err = evolino("run", "mso", "--sines", 2, *SMALL, *chosen, "--out", "r")
    assert (status, err) == (0, "")
    assert library.load("r").generate(5).shape == (5, 1)
    assert evolino("plot", "r", "--kind", "run") == (0, "r/run.png\n", "")


def test_what_a_readout_cannot_learn_is_one_line_and_leaves_no_folder(evolino, tmp_path):
    for chosen, message in (
        (("--readout", "svm"), "a classifier needs targets of two numbers"),
        (
            ("--readout", "kernel-svr", "--set", "readout.memory=1e-4"),
            "kernels between 200 rows need 0.00032 GB, memory is 0.0001 GB",
        ),
    ):
        status, out, err = evolino("run", "mso", *SMALL, *chosen, "--out", "r")
        assert (status, out, err.count("\n")) == (2, "", 1)
        assert message in err
        assert list(tmp_path.iterdir()) == []
