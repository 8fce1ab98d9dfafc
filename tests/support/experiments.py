"""Short experiments, and one whose task goes wrong when told to."""

import dataclasses
from pathlib import Path

import evolino
from evolino.registry import find
from evolino.training.experiment import Experiment

FAULTY = f"{Path(__file__).parent / 'faulty.py'}:Faulty"


def experiment(**changes):
    """Six generations of 16 networks of six cells on two sines, with changes."""
    made = Experiment(
        task=evolino.Oscillators(sines=2),
        network=evolino.LSTM(cells=6),
        initialiser=evolino.LinearRegime(),
        search=evolino.ESP(subpopulation=8, combinations=2, mutation=0.05),
        readout=evolino.PseudoInverse(),
        budget=evolino.Budget(generations=6),
        seed=4,
    )
    return dataclasses.replace(made, **changes)


def faulty(**fields):
    """The same with the task of `faulty.py`."""
    return experiment(task=find("task", FAULTY)(**fields))


def files(path):
    """What a run's folder holds that is the same for all workers and interruptions."""
    return {name: (path / name).read_bytes() for name in ("model.npz", "history.jsonl")}


SHORT_MACKEY_GLASS = evolino.MackeyGlass(
    steps=600, washout=300, settling=50, horizon=21, validation_starts=12, test_starts=50
)


def refined_experiment(**options):
    """The best two of 60 delay lines, refined by 230 gradients, with other settings."""
    settings = {"steps": 230, "best": 2, **options}
    return evolino.Experiment(
        SHORT_MACKEY_GLASS,
        evolino.LSTM(cells=4, readout_states=True),
        evolino.DelayLine(length=3),
        evolino.RandomSearch(),
        evolino.Ridge(1e-9),
        evolino.Budget(evaluations=60),
        refine=evolino.LBFGS(**settings),
    )
