"""`evolino diagnose DIR`: of a run, and of what `run csv` fitted."""

import numpy as np
import pandas as pd
import pytest

from evolino.cli.app import run


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The folder of a short run."""
    folder = tmp_path_factory.mktemp("runs") / "mso"
    options = [
        "--set",
        "network.cells=4",
        "--evaluations",
        "20",
        "--no-baselines",
        "--quiet",
    ]
    assert run(["run", "mso", *options, "--out", str(folder)]) == 0
    return folder


def test_a_run_is_diagnosed_in_words_and_a_picture(evolino, trained, tmp_path):
    status, out, err = evolino("diagnose", trained, "--png", "limits.png")
    assert status == 0, err
    assert "checks find a limit" in out
    for name in ("saturated cells", "exploding free run", "washout too short"):
        assert name in out
    assert "the washout is 100" in out
    assert (tmp_path / "limits.png").read_bytes().startswith(b"\x89PNG")


def test_what_run_csv_fitted_is_diagnosed(evolino):
    walk = np.cumsum(np.random.default_rng(0).normal(size=80))
    pd.DataFrame({"price": walk}).to_csv("walk.csv", index=False)
    evolino("run", "csv", "walk.csv", "--target", "price", "--horizon", 2, "--out", "fit")
    status, out, err = evolino("diagnose", "fit")
    assert status == 0, err
    assert "! simpler method as good: " in out


def test_a_folder_or_file_that_does_not_serve_gives_one_line(evolino, trained, tmp_path):
    status, _, err = evolino("diagnose", tmp_path)
    assert (status, "holds no estimator.npz" in err) == (2, True)
    status, _, err = evolino("diagnose", trained, "walk.csv")
    assert (status, "FILE is for folders of `evolino run csv`" in err) == (2, True)
