"""Laws of a gradient's memory: what is kept does not change it, and it stays small."""

import subprocess
import sys

import numpy as np

from evolino.gradient import passes as module
from evolino.gradient.objective import Objective
from evolino.network.backward import free_runs
from evolino.network.lstm import LSTM
from evolino.readout.linear import Ridge
from evolino.tasks.signals.series import SeriesTask

MOST = 200e6  # bytes that a gradient of 100 cells over 20,000 steps may take
MEASURED = """
import resource
from tests.gradient.test_gradient_memory import genome_of, objective_of

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

for cells, steps in ((3, 600), (100, 20_000)):  # the first one loads the kernels
    objective = objective_of(cells, steps)
    genome = genome_of(objective)
    before = peak()
    objective.value_and_gradient(genome)
print(peak() - before)
"""


def objective_of(cells, steps):
    task = SeriesTask(
        np.sin(0.3 * np.arange(steps))[:, None],
        washout=100, train=steps - 250, validation=100, test=50,
    )  # fmt: skip
    split = task.sequences(np.random.default_rng(0))
    network = LSTM(cells=cells, readout_states=True)
    return Objective(network, task, Ridge(1e-9), split.train, split.validation, 1e-9)


def genome_of(objective):
    shape = objective.architecture.genome_shape
    return np.random.default_rng(0).normal(0, 0.1, shape)


def test_free_runs_that_are_run_again_have_the_same_bits(monkeypatch):
    objective = objective_of(5, 400)
    kept = objective.value_and_gradient(genome_of(objective))
    monkeypatch.setattr(free_runs, "KEPT", 0)
    again = objective.value_and_gradient(genome_of(objective))
    assert again[0] == kept[0]
    np.testing.assert_array_equal(again[1], kept[1])


def test_rows_that_go_back_in_parts_have_the_same_gradient(monkeypatch):
    objective = objective_of(5, 400)
    _, whole = objective.value_and_gradient(genome_of(objective))
    monkeypatch.setattr(module, "ROWS", 17)
    _, parts = objective.value_and_gradient(genome_of(objective))
    np.testing.assert_allclose(parts, whole, rtol=1e-7, atol=1e-9 * np.abs(whole).max())


def test_the_memory_of_a_long_series_is_bounded():
    done = subprocess.run(
        [sys.executable, "-c", MEASURED], capture_output=True, text=True, check=True
    )
    assert float(done.stdout) < MOST
