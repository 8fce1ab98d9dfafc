"""Law of an ensemble's figures: the same by any backend, and by the model once saved."""

import json

import evolino
from evolino.training.problem import split_of
from evolino.training.run_experiment import run_experiment
from evolino.training.run_folder import RunFolder
from evolino.training.workers.base import WorkerSettings
from tests.training.test_run_experiment import experiment


def test_backend_and_loading_leave_every_figure_of_an_ensemble(tmp_path):
    made = experiment(
        network=evolino.LSTM(cells=17),
        search=evolino.RandomSearch(population=16),
        ensemble=2,
        budget=evolino.Budget(generations=2),
    )
    results = []
    for name, workers in (("threads", 2), ("loky", WorkerSettings(2, "loky"))):
        folder = RunFolder.create(tmp_path / name, made)
        result = run_experiment(made, folder=folder, workers=workers, baselines=False)
        results.append({**folder.result(), "seconds": 0, "cpu_seconds": 0})
        loaded = evolino.load(folder.path)
        split = split_of(made.task, made.seed)
        again = made.task.measure(loaded, split)
        assert again == made.task.measure(result.model, split)
        assert again.items() <= result.metrics.items()
    assert json.dumps(results[0]) == json.dumps(results[1])
