"""Laws of `evolino run --track`: what is logged where, and what is refused."""

from mlflow import MlflowClient
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator


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
