"""Bouncing digits, ten free frames: PyTorch's convolutional LSTM beside a solved readout.

`python -m benchmarks.frames --seconds 35 --seeds 3`: on the films of the table
frames-best, at equal CPU seconds in one thread, the squared error of the free frames of a
network of the same size in PyTorch, all weights trained by Adam (back-propagation through
time, minibatches, the rate falling by a cosine over the seconds). What is lowest on the
films of validation is tested. Not a subject of `python -m benchmarks`: it compares errors,
not times.
"""

from __future__ import annotations

import argparse
import statistics
import time
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np

from evolino.gradient.films import Films, films_of
from evolino.network.convolutional import ConvLSTM
from evolino.task.series import Split
from evolino.tasks.pictures.frames import Frames
from evolino.training.problem import split_of
from evolino.training.tables import load_table
from evolino.training.train import run

EVERY = 25  # minibatches, after which validation is looked at


@dataclass(frozen=True, slots=True)
class Peer:
    """seconds: of CPU. rate: of Adam. batch: films of a gradient. flips: whether they are
    mirrored and transposed at random."""

    seconds: float
    rate: float
    batch: int
    flips: bool


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.frames", description=__doc__
    )
    parser.add_argument("--table", default="frames-best")
    parser.add_argument("--seconds", type=float, default=35.0, help="of CPU, for PyTorch")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--rate", type=float, default=3e-3, help="of Adam")
    parser.add_argument("--batch", type=int, default=5, help="films of a gradient")
    parser.add_argument("--flips", action="store_true", help="mirror and transpose films")
    parser.add_argument("--only", choices=("torch", "evolino"))
    given = parser.parse_args()
    seeds = range(given.first_seed, given.first_seed + given.seeds)
    if given.only in (None, "torch"):
        peer = Peer(given.seconds, given.rate, given.batch, given.flips)
        found = [by_torch(given.table, seed, peer) for seed in seeds]
        _show(f"PyTorch, {given.seconds:g} CPU s, rate {given.rate:g}", found)
    if given.only in (None, "evolino"):
        _show("evolino", [by_evolino(given.table, seed) for seed in seeds])


def by_evolino(table: str, seed: int) -> tuple[float, str]:
    """Return the error of a table, and what it took."""
    begun = time.process_time()
    result = run(load_table(table).rows[0].experiment(seed))
    return result.metrics["mse"], f"{time.process_time() - begun:.0f} CPU s"


def by_torch(table: str, seed: int, peer: Peer) -> tuple[float, str]:
    """Return the error of PyTorch's network on the films of the same seed, and what it
    took."""
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(seed)
    experiment = load_table(table).rows[0].experiment(seed)
    task, network = experiment.task, experiment.network
    assert isinstance(task, Frames)
    assert isinstance(network, ConvLSTM)
    network = network.for_pictures(*task.picture_size)
    return trained(torch, network, split_of(task, seed), peer)


def trained(torch: Any, network: ConvLSTM, split: Split, peer: Peer) -> tuple[float, str]:
    """Return the error on test of the weights that are best on validation."""
    given = split.test[0].start // network.pixels
    first = split.train[0].start // network.pixels
    films = [
        films_of(x, network, given) for x in (split.train, split.validation, split.test)
    ]
    train, validation, test = (tensor_of(torch, each, network) for each in films)
    model = network_of(torch, network)
    optimiser = torch.optim.Adam(model.parameters(), lr=peer.rate)

    def error(own: Any, films: Any) -> float:
        with torch.no_grad():
            free = own(films, given)[:, given:].clamp(0.0, 1.0)
        return float(torch.square(free - films[:, given:]).mean())

    begun, steps, lowest, best = time.process_time(), 0, np.inf, model
    while (taken := time.process_time() - begun) < peer.seconds:
        share = 0.5 * (1.0 + np.cos(np.pi * taken / peer.seconds))
        optimiser.param_groups[0]["lr"] = peer.rate * share
        some = train[torch.randperm(len(train))[: peer.batch]]
        some = flipped(torch, some) if peer.flips else some
        optimiser.zero_grad()
        # All frames count, given and free ones: it learns faster than from free ones alone.
        torch.square(model(some, given) - some)[:, first:].mean().backward()
        optimiser.step()
        steps += 1
        if steps % EVERY == 0 and (now := error(model, validation)) < lowest:
            lowest, best = now, deepcopy(model)
    return error(best, test), f"{steps} minibatches of {peer.batch}"


def flipped(torch: Any, films: Any) -> Any:
    """Return square films (N, T, 1, H, W), each mirrored and transposed at random."""
    each = []
    for film in films:
        upside, sideways, turned = torch.randint(2, (3,)).tolist()
        axes = [axis for axis, turn in ((2, upside), (3, sideways)) if turn]
        moved = film.flip(axes) if axes else film
        each.append(moved.transpose(2, 3) if turned else moved)
    return torch.stack(each)


def network_of(torch: Any, own: ConvLSTM) -> Any:
    """Return PyTorch's network of the same size: films (N, T, 1, H, W) and how many frames
    are given -> outputs (N, T, 1, H, W)."""

    class Network(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            wide, layers = own.channels, range(own.layers)
            self.filters = torch.nn.ModuleList(
                torch.nn.Conv2d(
                    (wide if k else 1) + wide, 4 * wide, own.kernel, padding="same"
                )
                for k in layers
            )
            self.peepholes = torch.nn.Parameter(torch.zeros(own.layers, 3, wide, 1, 1))
            size = own.readout_kernel
            self.read = torch.nn.Conv2d(wide + 1, 1, size, padding="same")

        def forward(self, films: Any, given: int) -> Any:
            rest = torch.zeros(len(films), own.channels, *films.shape[-2:])
            cells = [(rest, rest) for _ in range(own.layers)]
            u, outputs = torch.zeros_like(films[:, 0]), []
            for t in range(films.shape[1]):
                below = u
                for k, (h, s) in enumerate(cells):
                    i, f, g, o = self.filters[k](torch.cat([below, h], 1)).chunk(4, 1)
                    p = self.peepholes[k]
                    i, f = torch.sigmoid(i + p[0] * s), torch.sigmoid(f + p[1] * s)
                    s = f * s + i * torch.tanh(g)
                    h = torch.sigmoid(o + p[2] * s) * torch.tanh(s)
                    cells[k], below = (h, s), h
                outputs.append(self.read(torch.cat([below, u], 1)))
                u = films[:, t] if t < given else outputs[-1].clamp(0.0, 1.0)
            return torch.stack(outputs, 1)

    return Network()


def tensor_of(torch: Any, films: Films, network: ConvLSTM) -> Any:
    """Return films as a tensor (N, T, 1, H, W)."""
    frames = np.moveaxis(films.frames, 2, 0)
    shape = *frames.shape[:3], network.height, network.width
    return torch.tensor(frames.reshape(shape), dtype=torch.float32)


def _show(what: str, found: list[tuple[float, str]]) -> None:
    each = ", ".join(f"{error:.4f} ({took})" for error, took in found)
    middle = statistics.median(error for error, _ in found)
    print(f"{what}: median {middle:.4f} of {each}", flush=True)


if __name__ == "__main__":
    main()
