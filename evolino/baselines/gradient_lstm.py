"""Gradient LSTM: back-propagation through time by Adam, at the CPU seconds of a run.

All weights descend from one draw, output weights too; nothing is solved. It is the
experiment's network, as `evolino.gradient.bptt` trains it: on the outputs one step ahead of
the rows of train, with four learning rates, and the network of the lowest loss on
validation. Where the network also has the cell states as features, it has the cell outputs
alone here, which descend better.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from evolino.gradient.bptt import BPTT
from evolino.network.initialisers.uniform import Uniform
from evolino.training.backpropagation import check_trainable
from evolino.training.experiment import Budget, Curriculum, Experiment
from evolino.training.problem import Problem
from evolino.training.run_experiment import run_experiment

WIDTH = 0.18  # of the first weights, as in the table mackey-glass-gradient-lstm


def gradient_experiment(experiment: Experiment, cpu_seconds: float) -> Experiment:
    """Return the experiment that trains the same network by gradients, for so long."""
    network: Any = experiment.network
    if getattr(network, "readout_states", False):
        network = replace(network, readout_states=False)
    forget = getattr(network, "forget_gate", False)
    return replace(
        experiment,
        network=network,
        initialiser=Uniform(width=WIDTH, forget_bias=1.0 if forget else 0.0),
        bptt=BPTT(),
        budget=Budget(cpu_seconds=cpu_seconds),
        curriculum=Curriculum(),
        islands=None,
        refine=None,
        ensemble=1,
        confirm_at=0.0,
        fit_weight=0.0,
    )


def is_trainable(experiment: Experiment) -> bool:
    """Return whether the experiment's network can be trained by gradients."""
    try:
        check_trainable(Problem(gradient_experiment(experiment, 1.0)))
    except (ValueError, TypeError):
        return False
    return True


def gradient_lstm(
    experiment: Experiment, cpu_seconds: float, workers: int
) -> dict[str, float]:
    """Return the metrics of the network that gradients gave in so many CPU seconds."""
    made = gradient_experiment(experiment, cpu_seconds)
    return run_experiment(made, workers=workers, baselines=False).metrics
