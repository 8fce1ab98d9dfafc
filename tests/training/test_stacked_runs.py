"""Stacked networks train, resume and are saved like one layer; bad options are one line."""

from dataclasses import replace

import numpy as np
import pytest

import evolino
from evolino.search.esp import ESP
from evolino.tasks.signals.oscillators import Oscillators
from evolino.training.experiment import Budget, Experiment
from evolino.training.presets import experiment_for
from evolino.training.resume_run import resume
from evolino.training.run_experiment import run_experiment
from evolino.training.run_folder import RunFolder
from tests.support.recalled_symbol import RecalledSymbol

TWO = Experiment(
    task=Oscillators(sines=1, free_run=40),
    network=evolino.StackedLSTM(cells=2, layers=2),
    initialiser=evolino.Gaussian(deviation=0.4),
    search=ESP(subpopulation=6, combinations=2, mutation=0.05),
    readout=evolino.Ridge(1e-6),
    budget=Budget(generations=4),
    seed=3,
)
BOTH = replace(
    TWO,
    task=RecalledSymbol(),
    network=evolino.StackedLSTM(cells=2, layers=2, bidirectional=True, feedback=False),
)


@pytest.mark.parametrize("experiment", [TWO, BOTH], ids=["two layers", "both directions"])
def test_resume_and_workers_give_the_same_bits(experiment, tmp_path):
    whole = RunFolder.create(tmp_path / "whole", experiment)
    result = run_experiment(experiment, folder=whole, workers=2, baselines=False)
    half = replace(experiment, budget=Budget(generations=2))
    folder = RunFolder.create(tmp_path / "half", half)
    run_experiment(half, folder=folder, workers=1, baselines=False)
    resume(folder, budget={"generations": 4}, baselines=False)
    for name in ("model.npz", "history.jsonl"):
        ours, theirs = (tmp_path / each / name for each in ("half", "whole"))
        assert ours.read_bytes() == theirs.read_bytes()
    loaded = evolino.load(tmp_path / "whole")
    assert loaded.architecture == result.model.architecture
    np.testing.assert_array_equal(loaded.genome, result.model.genome)
    assert result.history[-1].best <= result.history[0].best


def test_options_make_a_stack_of_the_network_of_a_preset():
    made = experiment_for("chorales", cells=7, layers=3)
    plain = experiment_for("chorales", cells=7)
    assert made.network == evolino.StackedLSTM(
        7, 3, feedback=True, output=plain.network.output,
        readout_states=plain.network.readout_states,
        readout_inputs=plain.network.readout_inputs,
        readout_squares=plain.network.readout_squares,
        cell_output=plain.network.cell_output, cell_input=plain.network.cell_input,
        peepholes=plain.network.peepholes, precision=plain.network.precision,
    )  # fmt: skip
    both = experiment_for("adding", bidirectional=True).network
    assert (both.layers, both.bidirectional, both.feedback) == (1, True, False)


def test_a_stack_of_what_has_no_layers_is_refused():
    with pytest.raises(ValueError, match="a stack of layers has no evolved_outputs"):
        experiment_for("pole", layers=2)
    with pytest.raises(ValueError, match="bidirectional needs feedback=False"):
        experiment_for("mso", bidirectional=True)
