"""Bouncing digits, ten free frames: filters refined through the readout beside PyTorch's.

`python -m benchmarks.frames --seconds 60` gives both the same processor seconds in one
thread: a drawn convolutional LSTM whose filters descend through its solved readout, and one
of the same size in PyTorch, all weights trained by Adam on the same free frames. What is
lowest on the films of validation is tested. Not a subject of `python -m benchmarks`: it
compares errors, not times.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.paired import one_core
from evolino import LBFGS, ConvLSTM, Frames, Ridge, Spread
from evolino.gradient.films import Films, films_of
from evolino.gradient.pictures_objective import pictures_objectives
from evolino.gradient.refinement import Refinement
from evolino.models.driving import drive
from evolino.models.model import Model
from evolino.readout.linear import Ridge as RidgeReadout
from evolino.task.series import Split
from evolino.vocabulary import Array

BATCH = 10  # films of a gradient in PyTorch
RATE = 3e-3  # of Adam


def main() -> None:
    """Print the squared error of the free frames of test, by method, as JSON."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.frames", description=__doc__
    )
    parser.add_argument("--seconds", type=float, default=60.0, help="of the processor")
    parser.add_argument("--channels", type=int, default=8)
    parser.add_argument("--kernel", type=int, default=3)
    parser.add_argument("--layers", type=int, default=1)
    parser.add_argument("--films", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rate", type=float, default=RATE, help="of Adam")
    given = parser.parse_args()
    task = Frames(train=given.films)
    split = task.sequences(np.random.default_rng(given.seed))
    network = ConvLSTM(given.channels, given.layers, given.kernel).for_pictures(16, 16)
    found: dict[str, Any] = {"films": given.films, "seconds": given.seconds}
    with one_core():
        found["evolino"] = refined(task, network, split, given.seed, given.seconds)
        found["PyTorch"] = trained(network, split, given)
    found |= {name: each["mse"] for name, each in task.baselines(split).items()}
    print(json.dumps(found, indent=1))


def refined(
    task: Frames, network: ConvLSTM, split: Split, seed: int, seconds: float
) -> dict[str, float]:
    """Return what a drawn network comes to, its filters refined."""
    rng = np.random.default_rng(seed)
    genome = Spread(cell_input=0.0, gate_input=0.0, gate_recurrent=0.0).draw(
        network, rng, 1
    )[0]
    readout = Ridge(1e-4)
    ((descended, held_out),) = pictures_objectives(network, readout, split)
    refinement = Refinement(LBFGS(steps=100_000), descended, held_out)
    begin, here = time.process_time(), refinement.begin(genome)
    while time.process_time() - begin < seconds and here.place.ended is None:
        here = refinement.next_round(here, here.place.gradients + 5)
    return {
        "mse": tested(task, network, here.genome, readout, split),
        "mse, unrefined": tested(task, network, genome, readout, split),
        "gradients": here.place.gradients,
        "cpu_seconds": time.process_time() - begin,
    }


def tested(
    task: Frames, network: ConvLSTM, genome: Array, readout: RidgeReadout, split: Split
) -> float:
    """Return the squared error of the free frames of test."""
    driver = network.driver()
    features, targets, _ = drive(driver, driver.pack(genome[None]), split.train)
    model = Model(network, genome, readout.solve(features, targets)[0, 0])
    return task.measure(model, split)["mse"]


def trained(network: ConvLSTM, split: Split, given: Any) -> dict[str, float]:
    """Return what PyTorch's network of the same size comes to, all weights trained."""
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(given.seed)
    channels, kernel, layers = network.channels, network.kernel, network.layers
    filters = torch.nn.ModuleList(
        torch.nn.Conv2d(
            (channels if k else 1) + channels, 4 * channels, kernel, padding="same"
        )
        for k in range(layers)
    )
    peepholes = torch.nn.Parameter(torch.zeros(layers, 3, channels, 1, 1))
    read = torch.nn.Conv2d(channels + 1, 1, network.readout_kernel, padding="same")
    parameters = [*filters.parameters(), peepholes, *read.parameters()]
    optimiser = torch.optim.Adam(parameters, lr=given.rate)

    def run(films: Any) -> Any:
        """Return the free frames after the given ones, of films (N, T, 1, H, W)."""
        rest = torch.zeros(len(films), channels, *films.shape[-2:])
        cells = [(rest, rest) for _ in range(layers)]
        u, outputs = torch.zeros_like(films[:, 0]), []
        for t in range(films.shape[1]):
            below = u
            for k, (h, s) in enumerate(cells):
                i, f, g, o = filters[k](torch.cat([below, h], 1)).chunk(4, 1)
                p = peepholes[k]
                i, f = torch.sigmoid(i + p[0] * s), torch.sigmoid(f + p[1] * s)
                s = f * s + i * torch.tanh(g)
                h = torch.sigmoid(o + p[2] * s) * torch.tanh(s)
                cells[k], below = (h, s), h
            y = read(torch.cat([below, u], 1))
            if t >= 2:
                outputs.append(y)
            u = films[:, t] if t < 10 else y.clamp(0.0, 1.0)
        return torch.stack(outputs, 1)

    return descended(run, optimiser, network, split, given)


def descended(
    run: Callable[[Any], Any], optimiser: Any, network: ConvLSTM, split: Split, given: Any
) -> dict[str, float]:
    """Return the error on test of the weights that are best on validation."""
    import torch

    train, validation, test = (
        tensor_of(films_of(each, network, 10))
        for each in (split.train, split.validation, split.test)
    )
    begin, steps, best, found = time.process_time(), 0, np.inf, np.nan

    def error(films: Any) -> float:
        with torch.no_grad():
            free = run(films)[:, 8:].clamp(0.0, 1.0)
        return float(torch.square(free - films[:, 10:]).mean())

    while time.process_time() - begin < given.seconds:
        films = train[torch.randperm(len(train))[:BATCH]]
        optimiser.zero_grad()
        # All frames count, given and free ones: it learns faster than from free ones alone.
        loss = torch.square(run(films) - films[:, 2:]).mean()
        loss.backward()
        optimiser.step()
        steps += 1
        if steps % 10 == 0 and (now := error(validation)) < best:
            best, found = now, error(test)
    return {
        "mse": found,
        "gradients": steps,
        "cpu_seconds": time.process_time() - begin,
        "rate": given.rate,
    }


def tensor_of(films: Films) -> Any:
    """Return films as a tensor (N, T, 1, H, W)."""
    import torch

    frames = np.moveaxis(films.frames, 2, 0)
    return torch.tensor(frames.reshape(*frames.shape[:3], 16, 16), dtype=torch.float32)


if __name__ == "__main__":
    main()
