"""Simulated steps a second: two poles without velocities, a network of two memory cells."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

import evolino
from benchmarks.markdown import spread, table
from benchmarks.paired import Effort, one_core, rate, take_turns
from benchmarks.workloads import BLOCK
from evolino.environments.base import episodes
from evolino.network.lstm_driver import LSTMDriver
from evolino.simd.workspace import Workspace
from evolino.vocabulary import Array

CELLS, STEPS, STARTS = 2, 1000, 64
NETWORKS, EPISODES = "eight networks that hold", "64 episodes of one network"
DRAWN = "a population as it is drawn"
GENOXIDE = "genoxide, Elman network of 2 units, as it is drawn"


def measure(effort: Effort) -> dict[str, Any]:
    """Return millions of steps a second on one core, physics and network together."""
    steps = STEPS // 10 if effort.quick else STEPS
    calls, works = _calls(steps)
    if not effort.quick:
        calls, works = _with_genoxide(calls, works)
    with one_core():
        seconds = take_turns(calls, effort)
    return {
        "cells": CELLS,
        "millions": {
            name: rate(works[name] / 1e6, taken) for name, taken in seconds.items()
        },
    }


def described(part: Mapping[str, Any], parts: Mapping[str, Any]) -> str:
    """Return the table of the page."""
    lines = [["", "million steps a second"]]
    lines += [[name, spread(found)] for name, found in part["millions"].items()]
    text = (
        f"Two poles without velocities and a network of {part['cells']} memory cells: a "
        "step is the network's and two of Runge-Kutta 4."
    )
    return f"{text}\n\n{table(lines, 'lr')}"


def _calls(steps: int) -> tuple[dict[str, Callable[[], object]], dict[str, float]]:
    """Return the calls, and how many steps each simulates."""
    experiment = evolino.LSTM(
        CELLS, inputs=3, feedback=False, readout_inputs=False, readout_constant=False,
        evolved_outputs=True,
    )  # fmt: skip
    driver, task = LSTMDriver(experiment), evolino.Pole()
    holding = _holding(experiment)
    drawn = evolino.Policy().draw(experiment, np.random.default_rng(1), BLOCK)
    start = task.sequences(np.random.default_rng(0)).episodes
    assert start is not None
    one = episodes(task.environment, start.starts, steps)
    many = episodes(task.environment, np.repeat(start.starts, STARTS, axis=0), steps)
    workspace = Workspace()

    def call(genomes: Array, these: Any) -> Callable[[], Any]:
        weights = driver.output_weights(genomes)
        return lambda: driver.play(genomes, weights, task.environment, these, workspace)

    calls = {
        NETWORKS: call(np.repeat(holding, BLOCK, axis=0), one),
        EPISODES: call(holding, many),
        DRAWN: call(drawn, one),
    }
    return dict(calls), {name: float(each().steps.sum()) for name, each in calls.items()}


def _holding(network: evolino.LSTM) -> Array:
    """Return the genome (1, C, G) of a network that holds the poles."""
    result = evolino.train("pole", network=network, seed=0)
    assert isinstance(result.model, evolino.Model)
    return result.model.genome[None]


def _with_genoxide(
    calls: dict[str, Callable[[], object]], works: dict[str, float]
) -> tuple[dict[str, Callable[[], object]], dict[str, float]]:
    """Return both with genoxide's, where it is installed."""
    try:
        import genoxide
        from genoxide.problems.control import Balance, DoublePole
    except ImportError:
        return calls, works
    network = genoxide.nn.Elman(3, CELLS, 1, output_activation="tanh")
    balance = Balance(DoublePole(velocities=False), network, steps=STEPS)
    genomes = np.random.default_rng(1).normal(size=(200, network.parameters))
    held = float(np.sum(balance.evaluate(genomes)))
    calls[GENOXIDE] = lambda: balance.evaluate(genomes)
    return calls, {**works, GENOXIDE: held}
