"""Laws of tracking: what TensorBoard and MLflow read back is what the run did."""

import json

import numpy as np
import pytest
from mlflow import MlflowClient
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import evolino
from evolino.training.experiment import Budget

TASK = evolino.Oscillators(sines=2)
NAMES = {"loss/best": "best", "loss/lowest": "lowest", "loss/median": "median",
         "networks/failed": "failed", "evaluations": "evaluations"}  # fmt: skip


def trained(callback, generations=4, **options):
    options = {"network": evolino.LSTM(cells=4), "search": "cma-es", **options}
    return evolino.train(
        TASK, budget=Budget(generations=generations), callbacks=[callback], **options
    )


def scalars(folder):
    """Name -> (steps, values), as TensorBoard reads them."""
    read = EventAccumulator(str(folder))
    read.Reload()
    found = {}
    for tag in read.Tags()["scalars"]:
        events = read.Scalars(tag)
        found[tag] = [each.step for each in events], [each.value for each in events]
    return found


@pytest.fixture
def store(tmp_path, monkeypatch):
    """The address of a store of files: the database takes seconds to begin."""
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    return f"file:{tmp_path / 'runs'}"


def only_run(store):
    """The one run of a store, and a function: name -> (steps, values)."""
    client = MlflowClient(tracking_uri=store)
    experiment = client.get_experiment_by_name("evolino")
    (run,) = client.search_runs([experiment.experiment_id])

    def values(name):
        found = client.get_metric_history(run.info.run_id, name)
        return [each.step for each in found], [each.value for each in found]

    return run, values


def test_tensorboard_reads_every_generation_and_the_metrics(tmp_path):
    result = trained(evolino.TensorBoard(tmp_path))
    found = scalars(tmp_path)
    for name, field in NAMES.items():
        steps, values = found[name]
        wanted = [getattr(each, field) for each in result.history]
        assert steps == [each.generation for each in result.history]
        np.testing.assert_allclose(values, wanted, rtol=1e-6)
    for name, value in result.metrics.items():
        np.testing.assert_allclose(found[f"test/{name}"][1], [value], rtol=1e-6)


def test_a_run_begun_anew_takes_the_place_and_a_resumed_one_goes_on(tmp_path):
    logs = tmp_path / "logs"
    trained(evolino.TensorBoard(logs), generations=6)
    trained(evolino.TensorBoard(logs), generations=2, out=tmp_path / "run")
    assert scalars(logs)["loss/best"][0] == [1, 2]
    evolino.resume(
        tmp_path / "run",
        budget=Budget(generations=5),
        callbacks=[evolino.TensorBoard(logs)],
    )
    assert scalars(logs)["loss/best"][0] == [1, 2, 3, 4, 5]


def test_mlflow_reads_settings_generations_and_metrics(tmp_path, store):
    with evolino.MLflow(tracking_uri=store, run_name="first") as tracker:
        result = trained(tracker)
    run, values = only_run(store)
    assert (run.info.status, run.info.run_name) == ("FINISHED", "first")
    assert run.data.params["network.cells"] == "4"
    assert run.data.params["search.name"] == "cma-es"
    for name, field in NAMES.items():
        steps, found = values(name)
        assert steps == [each.generation for each in result.history]
        assert found == [getattr(each, field) for each in result.history]
    for name, value in result.metrics.items():
        assert run.data.metrics[f"test/{name}"] == value
    (text,) = tmp_path.rglob("config.json")
    assert json.loads(text.read_text())["network"]["cells"] == 4


@pytest.mark.parametrize("tracker", ["tensorboard", "mlflow"])
def test_rounds_of_descent_are_logged(tmp_path, store, tracker):
    made = {"tensorboard": lambda: evolino.TensorBoard(tmp_path / "logs"),
            "mlflow": lambda: evolino.MLflow(tracking_uri=store)}  # fmt: skip
    refine = evolino.LBFGS(steps=4, starts=2, hold_out=0.0)
    trained(made[tracker](), generations=1, refine=refine)
    if tracker == "tensorboard":
        steps, values = scalars(tmp_path / "logs")["descent/gradients"]
    else:
        steps, values = only_run(store)[1]("descent/gradients")
    assert steps[0] == 1 and values[-1] >= 4


class Broken(evolino.Callback):
    def on_generation(self, generation, seconds):
        raise OSError("broken")


def test_a_run_that_fails_is_marked_so(store):
    with pytest.raises(OSError, match="broken"), evolino.MLflow(tracking_uri=store) as log:
        evolino.train(TASK, budget=Budget(generations=2), callbacks=[log, Broken()])
    run, values = only_run(store)
    assert run.info.status == "FAILED"
    assert values("loss/best")[0] == [1]


def test_long_settings_are_cut_as_parameters_and_whole_in_the_file(tmp_path, store):
    initialiser = evolino.Around(tuple(map(tuple, np.full((4, 24), 0.125).tolist())))
    with evolino.MLflow(tracking_uri=store) as tracker:
        trained(tracker, generations=1, initialiser=initialiser)
    run, _ = only_run(store)
    assert run.data.params["initialiser.genome"].endswith(" .. (see config.json)")
    (text,) = tmp_path.rglob("config.json")
    genome = json.loads(text.read_text())["initialiser"]["genome"]
    assert np.shape(genome) == (4, 24)


@pytest.mark.parametrize(
    ("package", "extra"), [("tensorboardX", "tensorboard"), ("mlflow", "mlflow")]
)
def test_a_missing_package_names_the_extra(monkeypatch, tmp_path, package, extra):
    monkeypatch.setattr("evolino.training.tracking.find_spec", lambda name: None)
    with pytest.raises(ValueError, match=rf"pip install .evolino\[{extra}\]"):
        evolino.TensorBoard(tmp_path) if package == "tensorboardX" else evolino.MLflow()
