"""A command line whose trainer takes no time."""

import sys
import types
from types import SimpleNamespace

import pytest

from evolino.cli.app import run
from evolino.training.history import Generation


@pytest.fixture
def evolino(capsys, monkeypatch, tmp_path):
    """Return a function: arguments -> (exit status, stdout, stderr), in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        capsys.readouterr()
        status = run([str(each) for each in arguments])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call


class InstantTrainer:
    """Stands for run_experiment and resume; remembers what it was asked for."""

    def __init__(self):
        self.asked = []
        self.error = None
        self.interrupted = False

    def run_experiment(self, experiment, *, workers, folder, callbacks, baselines):
        self.asked.append(("run", experiment, workers, baselines))
        if self.error is not None:
            raise self.error
        return self._finish(experiment, folder, callbacks, first=1)

    def resume(self, folder, *, workers, callbacks, budget, baselines):
        self.asked.append(("resume", folder.experiment(), workers, budget))
        return self._finish(folder.experiment(), folder, callbacks, first=3)

    def _finish(self, experiment, folder, callbacks, first):
        history = [
            Generation(k, 100 * k, 1 / k, 1 / k, 2.0, 3.0, 4.0, 0)
            for k in (first, first + 1)
        ]
        for callback in callbacks:
            callback.on_start(experiment)
        for record in history:
            folder.append(record, record.generation / 10)
            for callback in callbacks:
                callback.on_generation(record, record.generation / 10)
        if not self.interrupted:
            folder.save_result(result_of(experiment))
        result = SimpleNamespace(
            history=history, interrupted=self.interrupted, metrics={}, seconds=0.2
        )
        for callback in callbacks:
            callback.on_stop(result)
        return result


def result_of(experiment):
    return {
        "task": experiment.task.name,
        "preset": experiment.preset,
        "seed": experiment.seed,
        "metrics": {"test_nrmse": 1.5e-7},
        "published": [
            {
                "metric": "test_nrmse",
                "value": 0.166,
                "method": "Evolino, 20 cells",
                "source": "IJCAI 2005, table 2",
                "checked": checked,
            }
            for checked in (False, True)
        ],
        "baselines": {"AR(10)": {"test_nrmse": float("inf")}},
        "stopped": ["generations: 2"],
        "generations": 2,
        "evaluations": 200,
        "seconds": 0.2,
        "version": "0.1.0",
    }


@pytest.fixture
def trainer(monkeypatch):
    """Put an instant trainer and empty pictures in place of the real ones."""
    instant = InstantTrainer()
    for name in ("run_experiment", "resume"):
        home = "run_experiment" if name == "run_experiment" else "resume_run"
        module = types.ModuleType(f"evolino.training.{home}")
        setattr(module, name, getattr(instant, name))
        monkeypatch.setitem(sys.modules, module.__name__, module)
    plots = types.ModuleType("evolino.plots")
    plots.drawn = []

    def draw(kind):
        def picture(folders, out, **options):
            out.write_bytes(b"")
            plots.drawn.append((kind, folders, out, options))

        return picture

    for kind in ("fitness", "free_run", "cells"):
        setattr(plots, kind, draw(kind))
    monkeypatch.setitem(sys.modules, "evolino.plots", plots)
    monkeypatch.setattr(sys.modules["evolino"], "plots", plots, raising=False)
    instant.plots = plots
    return instant
