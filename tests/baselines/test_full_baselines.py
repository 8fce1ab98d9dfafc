"""Which baselines apply to which experiments; what those of a table are."""

from dataclasses import replace

import numpy as np
import pytest

import evolino
from evolino.baselines import measured
from evolino.baselines.evolved_outputs import all_weights, evolved_outputs, parts_of
from evolino.baselines.gradient_lstm import gradient_experiment
from evolino.baselines.measured import Effort, measure_missing, missing
from evolino.baselines.names import GENETIC, GRADIENT, is_trivial, reservoir_name
from evolino.baselines.tuned_reservoir import MOST_UNITS
from evolino.tasks.signals.oscillators import Oscillators
from evolino.training.experiment import Budget, Experiment
from evolino.training.presets import experiment_for
from evolino.training.problem import Problem
from evolino.training.workers import open_workers

EXPERIMENT = Experiment(
    task=Oscillators(sines=2),
    network=evolino.LSTM(cells=6, readout_states=True),
    initialiser=evolino.LinearRegime(),
    search=evolino.ESP(),
    readout=evolino.PseudoInverse(),
    budget=Budget(evaluations=32),
)


def names(experiment, known=()):
    return [method.name(experiment) for method in missing(experiment, known)]


@pytest.mark.parametrize("task", ["mso", "mackey-glass"])
def test_all_apply_to_signals(task):
    experiment = experiment_for(task)
    units = min(experiment.architecture.readout_width, MOST_UNITS)
    assert names(experiment) == [GENETIC, GRADIENT, reservoir_name(units)]


@pytest.mark.parametrize("task", ["pole", "languages", "blues", "frames"])
def test_a_reservoir_is_for_real_outputs_on_series(task):
    assert not any(name.startswith("echo") for name in names(experiment_for(task)))


def test_actions_are_evolved_anyway_and_have_no_gradient():
    assert names(experiment_for("pole")) == []


def test_training_by_gradients_is_not_beside_itself():
    found = names(gradient_experiment(EXPERIMENT, 1.0))
    assert found and GRADIENT not in found and GENETIC not in found


def test_what_is_known_is_not_measured_again_and_errors_are_beside_the_figures(
    monkeypatch,
):
    def broken(experiment, effort):
        raise RuntimeError("no\nroom")

    methods = tuple(
        replace(each, measure=broken if each is measured.METHODS[1] else fixed)
        for each in measured.METHODS
    )
    monkeypatch.setattr(measured, "METHODS", methods)
    found = measure_missing(EXPERIMENT, Effort(8, 1.0), ["AR(4)", GENETIC])
    assert list(found.figures.values()) == [{"test_nrmse": 0.5}]
    assert found.error == f"{GRADIENT}: RuntimeError: no room"


def fixed(experiment, effort):
    return {"test_nrmse": 0.5}


def test_the_quick_ones_come_first_where_none_is_known(monkeypatch):
    monkeypatch.setattr(measured, "METHODS", ())
    found = measure_missing(EXPERIMENT, Effort(8, 1.0))
    assert next(iter(found.figures)).startswith("AR(")
    assert list(found.figures)[-1] == "random search, equal evaluations"


def test_all_weights_are_those_into_the_cells_then_the_output_weights(rng):
    problem = Problem(EXPERIMENT)
    space = all_weights(problem)
    genomes, weights = parts_of(problem, space.draw(rng, 5))
    architecture = EXPERIMENT.architecture
    assert genomes.shape == (5, *architecture.genome_shape)
    assert weights.shape == (5, architecture.readout_width, architecture.outputs)
    (scale,), (output_scale,) = parts_of(problem, space.scale[None])
    np.testing.assert_array_equal(scale, EXPERIMENT.initialiser.scale(architecture))
    assert np.abs(weights).max() <= output_scale[0, 0]


def test_evolved_outputs_repeat_exactly_whatever_the_workers_and_evolve():
    def best(evaluations, workers):
        with open_workers(workers) as pool:
            return evolved_outputs(EXPERIMENT, evaluations, pool)["test_nrmse"]

    assert best(150, 1) == best(150, 2)
    assert best(1, 1) > 0


def test_gradients_get_the_cpu_seconds_of_the_run_and_nothing_of_its_search():
    made = gradient_experiment(replace(EXPERIMENT, ensemble=3, confirm_at=0.1, seed=4), 2.5)
    assert made.budget == Budget(cpu_seconds=2.5) and made.seed == 4
    assert made.bptt is not None and made.ensemble == 1 and made.confirm_at == 0


def test_trivial_methods_are_those_of_a_task():
    trained = [GENETIC, GRADIENT, reservoir_name(40)]
    drawn = ["unevolved, median of 20 draws", "random search, equal evaluations"]
    assert not any(map(is_trivial, [*trained, *drawn]))
    assert all(map(is_trivial, ["AR(10)", "mean of the series"]))
