"""What the tests of workers run."""

import dataclasses
from pathlib import Path

import evolino
from evolino.registry import find
from evolino.search.esp import ESP
from evolino.tasks.signals.oscillators import Oscillators
from evolino.training.experiment import Budget, Experiment

FAULTY = f"{Path(__file__).parent / 'faulty.py'}:Faulty"


def experiment(**changes):
    made = Experiment(
        task=Oscillators(sines=2),
        network=evolino.LSTM(cells=5),
        initialiser=evolino.LinearRegime(),
        search=ESP(subpopulation=10, combinations=4, mutation=0.05),
        readout=evolino.PseudoInverse(),
        budget=Budget(generations=4),
        seed=4,
    )
    return dataclasses.replace(made, **changes)


def faulty(**fields):
    return experiment(task=find("task", FAULTY)(**fields))


def files(path):
    return {name: (path / name).read_bytes() for name in ("model.npz", "history.jsonl")}
