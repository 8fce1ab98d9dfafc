"""Laws of `evolino run --track`: what is logged where, and what is refused."""

import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from evolino import load_estimator


def test_tensorboard_is_logged_into_the_runs_folder(evolino, trainer, tmp_path):
    out = tmp_path / "run"
    assert evolino("run", "mso", "--track", "tensorboard", "--out", out)[0] == 0
    read = EventAccumulator(str(out / "tensorboard"))
    read.Reload()
    assert [each.step for each in read.Scalars("loss/best")] == [1, 2]


def test_what_is_resumed_goes_on_in_the_same_log(evolino, trainer, tmp_path):
    out = tmp_path / "run"
    evolino("run", "mso", "--track", "tensorboard", "--out", out)
    status, _, err = evolino("resume", out, "--generations", "4", "--track", "tensorboard")
    assert (status, err) == (0, "")
    read = EventAccumulator(str(out / "tensorboard"))
    read.Reload()
    assert [each.step for each in read.Scalars("loss/best")] == [1, 2, 3, 4]
    assert evolino("resume", out, "--track", "comet")[0] == 2


def test_mlflow_run_has_the_name_of_the_folder(evolino, trainer, tmp_path, monkeypatch):
    store = f"file:{tmp_path / 'store'}"
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store)
    assert evolino("run", "mso", "--track", "mlflow", "--out", tmp_path / "run")[0] == 0
    client = MlflowClient(tracking_uri=store)
    experiment = client.get_experiment_by_name("evolino")
    (run,) = client.search_runs([experiment.experiment_id])
    assert (run.info.run_name, run.info.status) == ("run", "FINISHED")
    assert run.data.params["task.name"] == "mso"


def test_an_unknown_tracker_is_one_line_and_makes_no_folder(evolino, trainer, tmp_path):
    out = tmp_path / "run"
    status, _, err = evolino("run", "mso", "--track", "comet", "--out", out)
    assert status == 2 and err.count("\n") == 1
    assert "tensorboard, mlflow" in err
    assert not out.exists()


@pytest.fixture
def tables(tmp_path):
    """A series of 240 values, and 24 groups of rows: slow and fast waves."""
    rng = np.random.default_rng(0)
    sold = np.sin(0.5 * np.arange(240)) + 0.1 * rng.normal(size=240)
    pd.DataFrame({"sold": sold}).to_csv(tmp_path / "sales.csv", index=False)
    parts = [
        pd.DataFrame({"who": n, "kind": "ab"[n % 2], "x": np.sin((0.3, 1.1)[n % 2] * t)})
        for n, t in enumerate(np.arange(20) + rng.uniform(0, 6, size=(24, 1)))
    ]
    pd.concat(parts).to_csv(tmp_path / "waves.csv", index=False)


@pytest.mark.parametrize(
    ("options", "metric"),
    [
        (("sales.csv", "--target", "sold", "--horizon", 1, "--cells", 3), "test/mase"),
        (("waves.csv", "--label", "kind", "--group", "who"), "test/accuracy"),
    ],
)
def test_the_evolution_of_a_table_is_logged_into_its_folder(
    evolino, tables, tmp_path, options, metric
):
    budget = ("--networks", 2, "--evaluations", 24, "--track", "tensorboard")
    status, _, err = evolino("run", "csv", *options, *budget, "--out", tmp_path / "fit")
    assert (status, err) == (0, "")
    found = load_estimator(tmp_path / "fit")
    read = EventAccumulator(str(tmp_path / "fit" / "tensorboard"))
    read.Reload()
    logged = [(each.step, each.value) for each in read.Scalars("loss/best")]
    wanted = [(each.generation, each.best) for each in found.history_]
    np.testing.assert_allclose(logged, wanted, rtol=1e-6)
    assert len(read.Scalars(metric)) == 1


def test_a_table_in_mlflow_has_its_settings_and_figures(
    evolino, tables, tmp_path, monkeypatch
):
    store = f"file:{tmp_path / 'store'}"
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store)
    options = ("sales.csv", "--target", "sold", "--networks", 0, "--track", "mlflow")
    status, _, err = evolino("run", "csv", *options, "--out", tmp_path / "fit")
    assert (status, err) == (0, "")
    client = MlflowClient(tracking_uri=store)
    experiment = client.get_experiment_by_name("evolino")
    (run,) = client.search_runs([experiment.experiment_id])
    assert (run.info.run_name, run.info.status) == ("fit", "FINISHED")
    assert run.data.params["parameters.networks"] == "0"
    assert run.data.params["target"] == "['sold']"
    errors = load_estimator(tmp_path / "fit").errors_
    assert run.data.metrics["rolling_origins/taken"] == errors["taken"]
